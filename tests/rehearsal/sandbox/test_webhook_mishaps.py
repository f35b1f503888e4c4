"""Webhooks that come twice, in another order, late, or never."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox_parts import mail

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.rehearsal import sandbox
from winback.rehearsal.sandbox._mishaps import Mishaps
from winback.rehearsal.sandbox._records import Webhook

NAMES = [f"m{number}" for number in range(20)]


def told(control: Any, listener: Any) -> list[str]:
    assert control("flush")["status"] == 200
    return [event["wb_message"] for event in listener.events()]


@pytest.fixture
def send(mail_client: Any, control: Any) -> Any:
    def post(**webhooks: float) -> None:
        control("behavior", deliver=False)
        control("faults", seed=3, webhooks=webhooks, seconds=1)
        mail_client.mail.send.post(request_body=mail(*NAMES))

    return post


def test_events_can_come_several_times_some_under_a_new_id(
    send: Any, control: Any, listener: Any
) -> None:
    send(duplicate=1)
    names = told(control, listener)
    assert set(names) == set(NAMES)
    assert len(names) >= 2 * len(NAMES)
    ids = {event["sg_event_id"] for event in listener.events()}
    assert len(NAMES) < len(ids) < len(names)


def test_events_can_come_in_another_order(send: Any, control: Any, listener: Any) -> None:
    send(reordered=0.5)
    names = told(control, listener)
    assert sorted(names) == sorted(NAMES)
    assert names != NAMES


def test_events_can_get_lost(send: Any, control: Any, listener: Any) -> None:
    send(lost=0.5)
    names = told(control, listener)
    assert 0 < len(names) < len(NAMES)
    assert control("flush")["lost"] == len(NAMES) - len(names)


def test_events_can_be_late_and_are_waited_for(send: Any, control: Any, listener: Any) -> None:
    send(late=1)
    assert listener.posts == []
    assert sorted(told(control, listener)) == sorted(NAMES)


def test_late_events_outlive_the_sandbox(
    settings: Settings, clock: FixedClock, listener: Any
) -> None:
    with sandbox.start(settings, clock, webhooks_url=listener.url) as box:
        state = box._state
        state.outbox.mishaps = Mishaps(rates={"late": 1}, seconds=60)
        state.outbox.add([Webhook("sendgrid_events", {"wb_message": "m1"})])
    with sandbox.start(settings, clock, webhooks_url=listener.url) as box:
        assert box.settle(5)
    assert [event["wb_message"] for event in listener.events()] == ["m1"]


def test_mishaps_can_be_one_providers_alone() -> None:
    mishaps = Mishaps(rates={"lost": 1}, provider="twilio")
    assert mishaps.fate(Webhook("sendgrid_events", {})).delays == (0.0,)
    assert mishaps.fate(Webhook("twilio_status", {})).delays == ()


def test_the_same_seed_gives_the_same_fates() -> None:
    def fates(seed: int) -> list[tuple[float, ...]]:
        mishaps = Mishaps(seed, {"duplicate": 0.3, "late": 0.1, "lost": 0.1, "reordered": 0.1})
        return [mishaps.fate(Webhook("twilio_status", {})).delays for _ in range(200)]

    assert fates(1) == fates(1)
    assert fates(1) != fates(2)
