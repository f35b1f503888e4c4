"""Mail that waits for its send_at: when it leaves, what holds it, and what survives."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
import requests
from contract_parts import Caller
from sandbox_parts import NOW, mail

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.rehearsal import sandbox
from winback.rehearsal.sandbox import RunningSandbox

SENDS = "/v3/user/scheduled_sends"
IN_25_MINUTES = int(NOW.timestamp()) + 25 * 60


def schedule(call: Caller, *names: str, send_at: int = IN_25_MINUTES) -> str:
    batch_id: str = call("POST", "/v3/mail/batch").json()["batch_id"]
    body = mail(*names, batch_id=batch_id, send_at=send_at)
    assert call("POST", "/v3/mail/send", json=body).status_code == 202
    return batch_id


def hold(call: Caller, batch_id: str, status: str = "cancel") -> int:
    return call("POST", SENDS, json={"batch_id": batch_id, "status": status}).status_code


def told(control: Any, listener: Any) -> list[tuple[str, str]]:
    assert control("flush")["status"] == 200
    return [(event["wb_message"], event["event"]) for event in listener.events()]


def test_mail_leaves_when_the_clock_reaches_its_send_at_and_not_before(
    call: Caller, control: Any, listener: Any, clock: FixedClock
) -> None:
    schedule(call, "m1")
    clock.advance(timedelta(minutes=24, seconds=59))
    assert told(control, listener) == []
    clock.advance(timedelta(seconds=1))
    assert told(control, listener) == [("m1", "processed"), ("m1", "delivered")]
    assert {event["timestamp"] for event in listener.events()} == {IN_25_MINUTES}


def test_a_personalizations_own_send_at_beats_the_messages(
    call: Caller, control: Any, listener: Any
) -> None:
    body = mail("now", "later", send_at=1)
    body["personalizations"][1]["send_at"] = IN_25_MINUTES
    call("POST", "/v3/mail/send", json=body)
    assert {name for name, _ in told(control, listener)} == {"now"}
    control("clock", now="2026-03-03T00:00:00Z")
    assert {name for name, _ in told(control, listener)} == {"now", "later"}


def test_cancelled_mail_is_discarded_at_its_send_at_and_only_the_logs_know(
    call: Caller, control: Any, listener: Any, clock: FixedClock
) -> None:
    assert hold(call, schedule(call, "m1")) == 201
    assert call("POST", "/v3/logs", json={}).json()["messages"] == []
    clock.advance(timedelta(hours=1))
    assert told(control, listener) == []
    (log,) = call("POST", "/v3/logs", json={"query": "status IN ('dropped')"}).json()["messages"]
    assert log["to_email"] == "m1@example.com"


def test_a_cancellation_also_stops_mail_that_comes_in_after_it(
    call: Caller, control: Any, listener: Any, clock: FixedClock
) -> None:
    batch_id = call("POST", "/v3/mail/batch").json()["batch_id"]
    assert hold(call, batch_id) == 201
    late = mail("late", batch_id=batch_id, send_at=IN_25_MINUTES)
    assert call("POST", "/v3/mail/send", json=late).status_code == 202
    clock.advance(timedelta(hours=1))
    assert told(control, listener) == []


@pytest.mark.parametrize(("minutes", "leaves"), [(15, False), (16, True)])
def test_a_cancellation_within_ten_minutes_of_send_at_is_taken_and_comes_too_late(
    *, call: Caller, control: Any, listener: Any, clock: FixedClock, minutes: int, leaves: bool
) -> None:
    batch_id = schedule(call, "m1")
    clock.advance(timedelta(minutes=minutes))
    assert hold(call, batch_id) == 201
    clock.advance(timedelta(hours=1))
    assert bool(told(control, listener)) == leaves


def test_deleting_a_cancellation_before_send_at_lets_the_mail_go(
    call: Caller, control: Any, listener: Any, clock: FixedClock
) -> None:
    batch_id = schedule(call, "m1")
    hold(call, batch_id)
    assert call("DELETE", f"{SENDS}/{batch_id}").status_code == 204
    clock.advance(timedelta(hours=1))
    assert ("m1", "delivered") in told(control, listener)


def test_deleting_it_afterwards_brings_nothing_back(
    call: Caller, control: Any, listener: Any, clock: FixedClock
) -> None:
    batch_id = schedule(call, "m1")
    hold(call, batch_id)
    clock.advance(timedelta(hours=1))
    assert call("DELETE", f"{SENDS}/{batch_id}").status_code == 204
    assert told(control, listener) == []


@pytest.mark.parametrize(("days", "leaves"), [(2, True), (4, False)])
def test_paused_mail_waits_beyond_send_at_and_expires_after_72_hours(
    *, call: Caller, control: Any, listener: Any, clock: FixedClock, days: int, leaves: bool
) -> None:
    batch_id = schedule(call, "m1")
    hold(call, batch_id, "pause")
    clock.advance(timedelta(days=days))
    assert told(control, listener) == []
    call("DELETE", f"{SENDS}/{batch_id}")
    assert bool(told(control, listener)) == leaves
    at = {event["timestamp"] for event in listener.events()}
    assert at <= {int(clock.at.timestamp())}


def test_at_most_ten_batches_are_held_at_a_time(call: Caller) -> None:
    batches = [call("POST", "/v3/mail/batch").json()["batch_id"] for _ in range(11)]
    assert [hold(call, batch_id) for batch_id in batches] == [201] * 10 + [400]
    call("DELETE", f"{SENDS}/{batches[0]}")
    assert hold(call, batches[10]) == 201


def test_who_opts_out_while_mail_waits_gets_none(
    call: Caller, control: Any, listener: Any, clock: FixedClock
) -> None:
    call("POST", "/v3/mail/send", json=mail("m1"))
    schedule(call, "m1")
    acts = [{"event": "unsubscribe", "provider_id": first(control, call)}]
    assert control("events", events=acts)["status"] == 200
    clock.advance(timedelta(hours=1))
    assert told(control, listener)[-1] == ("m1", "dropped")


def first(control: Any, call: Caller) -> str:
    found: str = call("POST", "/v3/logs", json={}).json()["messages"][0]["sg_message_id"]
    return found


def test_nobody_opens_mail_that_still_waits(call: Caller, control: Any) -> None:
    schedule(call, "m1")
    assert control("events", events=[{"event": "open", "message_id": "m1"}])["status"] == 400


def test_scheduled_mail_and_its_cancellation_survive_a_restart(
    settings: Settings, clock: FixedClock, listener: Any
) -> None:
    def call(box: RunningSandbox) -> Caller:
        return Caller(box)

    with sandbox.start(settings, clock, webhooks_url=listener.url) as box:
        first = call(box)
        schedule(first, "leaves")
        hold(first, schedule(first, "cancelled"))
        first.close()
        assert box.settle(5)
    assert listener.posts == []
    with sandbox.start(settings, FixedClock(NOW + timedelta(days=1)), webhooks_url=listener.url):
        pass
    with sandbox.start(settings, clock, webhooks_url=listener.url) as box:
        requests.post(f"{box.base_url}/_sandbox/flush", timeout=10).raise_for_status()
    assert {event["wb_message"] for event in listener.events()} == {"leaves"}


def test_mail_leaves_by_itself_as_the_clock_runs(
    call: Caller, listener: Any, clock: FixedClock
) -> None:
    schedule(call, "m1")
    clock.advance(timedelta(minutes=25))
    assert any(listener.posts or time.sleep(0.02) for _ in range(500))
