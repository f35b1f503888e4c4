"""What stops a channel or a step, how little it costs, and who lets it go again."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from winback.ledger import count_by_state, insert_new, tables
from winback.sending import active_stops, plan, release_stops, stop_all
from winback.sending._due import Part
from winback.sending.brakes import _stops

pytestmark = pytest.mark.long

m = tables.messages.c
CALLS_AT_ONCE = 8  # of the channel of texts


def states(ledger):
    with ledger.read() as connection:
        return count_by_state(connection)


def stops(ledger, clock):
    with ledger.read() as connection:
        return active_stops(connection, now=clock.at)


def twilio_error(status, code):
    return status, {}, json.dumps({"code": code, "message": "no", "status": status}).encode()


@pytest.fixture
def plan_many(ledger, settings, clock, make_row):
    """So many texts, each to another person: one is written, the others are its copies."""

    def write(count):
        plan(ledger, [make_row(0)], settings, clock)
        with ledger.write() as connection:
            (first,) = connection.execute(select(tables.messages)).mappings()
            names = ("message_id", "enrollment_id", "customer_id")
            insert_new(
                connection,
                tables.messages,
                [
                    {**first, **{name: f"{name}{n}" for name in names}, "address": f"+1555{n:07d}"}
                    for n in range(1, count)
                ],
            )

    return write


@pytest.mark.parametrize(
    ("error", "burnt"),
    [
        (twilio_error(401, 20003), 0),
        (twilio_error(400, 21703), 0),
        (twilio_error(400, 21606), CALLS_AT_ONCE),
        (twilio_error(400, 21408), CALLS_AT_ONCE + 10),
    ],
    ids=["wrong key", "service without a sender", "wrong sender", "every region forbidden"],
)
def test_a_configuration_error_never_burns_the_list(  # noqa: PLR0917
    plan_many, finish, provider, ledger, error, burnt
):
    plan_many(10_000)
    provider.fault = lambda _: error
    report = finish()
    assert "twilio responded 4" in report.stopped["sms"]
    rejected = states(ledger).get("rejected", 0)
    assert rejected <= burnt
    assert states(ledger)["planned"] == 10_000 - rejected
    # The next run knocks with one call.
    calls = len(provider.bodies)
    assert calls <= CALLS_AT_ONCE + 10
    assert finish().stopped
    assert len(provider.bodies) == calls + 1


def test_one_number_without_a_route_stops_nobody_else(send, provider, make_row):
    bad = make_row(3)["message_id"]
    provider.fault = lambda ids: twilio_error(400, 21612) if bad in ids else None
    report = send([make_row(number) for number in range(20)])
    assert report.counts == {"accepted": 19, "rejected": 1}
    assert not report.stopped


def test_after_a_breaker_one_message_goes_first_and_then_all(send, provider, clock, make_row):
    rows = [make_row(number, channel="email") for number in range(40)]
    answer = b'{"errors": [{"message": "no", "field": null}]}'
    provider.fault = lambda _: (401, {}, answer)
    assert "check the credentials" in send(rows).stopped["email"]
    provider.fault = lambda _: None
    provider.bodies.clear()
    assert send(rows).counts == {"accepted": 40}
    assert [len(body["personalizations"]) for body in provider.bodies] == [1, 39]


@pytest.mark.both_databases
def test_a_step_whose_content_is_refused_stops_alone(  # noqa: PLR0917
    send, finish, provider, ledger, clock, make_row
):
    good = [make_row(number) for number in range(30)]
    bad = [make_row(number, step=3) for number in range(100, 200)]
    refused = {row["message_id"] for row in bad}
    provider.fault = lambda ids: twilio_error(400, 21620) if refused & set(ids) else None
    report = send(bad + good)
    assert list(report.stopped) == ["sms, step 3 of sms_email"]
    assert "check this step's template" in report.stopped["sms, step 3 of sms_email"]
    after = states(ledger)
    assert after["accepted"] == 30
    assert after["rejected"] <= CALLS_AT_ONCE
    assert after["planned"] == 100 - after["rejected"]
    assert [(stop.kind, stop.part) for stop in stops(ledger, clock)] == [
        ("content", "step 3 of sms_email")
    ]
    provider.fault = lambda _: None
    assert finish().counts == {"accepted": after["planned"]}


@pytest.mark.both_databases
def test_the_kill_switch_in_the_ledger_holds_for_every_channel_until_it_is_taken_back(
    send, provider, ledger, clock, make_row
):
    with ledger.write() as connection:
        stop_all(connection, reason="a wrong price", now=clock.at)
    rows = [make_row(1), make_row(2, channel="email")]
    report = send(rows)
    assert set(report.stopped) == {"sms", "email"}
    for line in report.stopped.values():
        assert line == (
            "stopped by an operator at 2026-03-10 20:00 UTC (a wrong price). Next: winback go"
        )
    clock.advance(timedelta(hours=1))
    assert send(rows).stopped
    assert not provider.bodies
    with ledger.write() as connection:
        assert [stop.kind for stop in release_stops(connection, channel=None)] == ["operator"]
    assert send(rows).counts == {"accepted": 2}


def test_the_kill_switch_is_read_before_each_call(plan_many, finish, provider, ledger, clock):
    plan_many(200)

    def pull(_ids):
        if len(provider.bodies) == 20:
            with ledger.write() as connection:
                stop_all(connection, reason="", now=clock.at)

    provider.fault = pull
    assert "stopped by an operator" in finish().stopped["sms"]
    # What was under way is at the provider; nothing begins after that.
    assert 20 <= len(provider.bodies) < 20 + CALLS_AT_ONCE
    assert states(ledger) == {
        "accepted": len(provider.bodies),
        "planned": 200 - len(provider.bodies),
    }


def test_a_step_that_another_worker_stopped_is_left_alone_from_the_next_call_on(
    send, provider, ledger, clock, make_row
):
    rows = [make_row(n) for n in range(40)] + [make_row(n, step=3) for n in range(100, 140)]
    steps = {row["message_id"]: row["step"] for row in rows}
    sent: list[int] = []

    def stop_midway(ids):
        sent.append(steps[ids[0]])
        if len(sent) == 10:
            part = Part(playbook_id="sms_email", step=1)
            with ledger.write() as connection:
                _stops.stop(connection, "sms", "content", "no", now=clock.at, part=part)

    provider.fault = stop_midway
    report = send(rows)
    assert report.stopped == {"sms, step 1 of sms_email": "no"}
    assert sent.count(3) == 40
    after_the_stop = sent[10 + CALLS_AT_ONCE :]
    assert 1 not in after_the_stop
    assert states(ledger) == {"accepted": len(sent), "planned": 80 - len(sent)}


def comes_back(ledger, clock, counts, *, channel, ago=timedelta(minutes=5)):
    """Events of messages of their own: how many of each kind and error code."""
    rows, events = [], []
    with ledger.write() as connection:
        (first,) = connection.execute(select(tables.messages).limit(1)).mappings()
        for (kind, code), count in counts.items():
            for number in range(count):
                key = f"{kind}{code}{number}{ago}"
                changes = {"message_id": key, "enrollment_id": key, "channel": channel}
                changes |= {"customer_id": key, "address": key, "state": "accepted"}
                rows.append({**first, **changes, "accepted_at": clock.at - timedelta(days=9)})
                events += [
                    {
                        "dedupe_key": key + again, "semantic_key": key, "raw_ref": "",
                        "provider": "p", "message_id": key, "kind": kind, "error_code": code,
                        "occurred_at": clock.at - ago, "received_at": clock.at,
                    }
                    for again in ("", "again")
                ]  # fmt: skip
        insert_new(connection, tables.messages, rows)
        insert_new(connection, tables.provider_events, events)


@pytest.mark.parametrize(
    "case",
    [
        ({("complained", None): 1, ("delivered", None): 1}, False),
        ({("complained", None): 2, ("delivered", None): 600}, True),
        ({("complained", None): 2, ("delivered", None): 700}, False),
    ],
    ids=["one is nobody", "at the rate", "below it"],
)
def test_reports_of_spam_stop_email_by_the_rate_of_sql(  # noqa: PLR0917
    finish, ledger, settings, clock, make_row, case
):
    counts, stops = case
    plan(ledger, [make_row(1, channel="email")], settings, clock)
    comes_back(ledger, clock, counts, channel="email")
    report = finish()
    assert set(report.stopped) == ({"email"} if stops else set())
    if stops:
        assert "2 of 600 email messages" in report.stopped["email"]
        assert "winback go email" in report.stopped["email"]


@pytest.mark.parametrize(
    "case",
    [
        ({("undelivered", "30034"): 4, ("delivered", None): 1}, False),
        ({("undelivered", "30034"): 5, ("delivered", None): 94}, True),
        ({("undelivered", "30034"): 5, ("delivered", None): 95}, False),
        ({("undelivered", "30003"): 9}, False),
        ({("failed", "30007"): 5}, True),
    ],
    ids=["too few", "above the rate", "at the rate", "a handset that is off", "all filtered"],
)
def test_texts_that_carriers_filter_stop_the_channel(  # noqa: PLR0917
    finish, ledger, settings, clock, make_row, case
):
    counts, stops = case
    plan(ledger, [make_row(1)], settings, clock)
    comes_back(ledger, clock, counts, channel="sms")
    report = finish()
    assert ("sms" in report.stopped) is stops
    if stops:
        assert "carriers filtered 5 of the last" in report.stopped["sms"]


@pytest.mark.both_databases
def test_a_rate_holds_until_it_falls_or_an_operator_has_seen_it(
    finish, ledger, settings, clock, make_row
):
    later = {"not_before": clock.at, "window_closes_at": clock.at + timedelta(days=2)}
    everywhere = {"local_opens_minute": 0, "local_closes_minute": 1440, "zones": "UTC"}
    rows = [make_row(n, **later, **everywhere) for n in (1, 2)]
    plan(ledger, rows[:1], settings, clock)
    comes_back(ledger, clock, {("failed", "30007"): 5}, channel="sms")
    assert finish().stopped
    assert [stop.kind for stop in stops(ledger, clock)] == ["undelivered"]
    # Another run does not try anew, neither while the stop holds nor after it.
    assert finish().stopped
    clock.advance(timedelta(minutes=16))
    assert finish().stopped
    with ledger.write() as connection:
        (closed,) = release_stops(connection, channel="sms")
    assert (closed.channel, closed.kind) == ("sms", "undelivered")
    assert finish().counts == {"accepted": 1}
    # What comes back after that counts; a day later it does not.
    comes_back(ledger, clock, {("failed", "30007"): 5}, channel="sms", ago=timedelta(seconds=-1))
    clock.advance(timedelta(seconds=2))
    plan(ledger, rows[1:], settings, clock)
    assert finish().stopped
    clock.advance(timedelta(hours=24))
    assert finish().counts == {"accepted": 1}
