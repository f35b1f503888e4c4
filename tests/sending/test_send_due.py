"""What reaches the provider, what does not, and what the ledger says of it."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest
from sqlalchemy import select

from winback.ledger import (
    LedgerFenced,
    close,
    count_by_state,
    hide_address,
    is_suppressed,
    keep_reply,
    open_ledger,
    suppress,
    tables,
    waiting,
)
from winback.sending import Caps, plan, send_due

pytestmark = pytest.mark.both_databases

m = tables.messages.c


def states(ledger):
    with ledger.read() as connection:
        return count_by_state(connection)


def reasons(ledger):
    with ledger.read() as connection:
        return set(connection.scalars(select(m.state_reason)))


def test_each_due_message_reaches_its_provider_once_and_a_second_run_sends_nothing(
    send, provider, ledger, make_row
):
    rows = [make_row(n) for n in range(30)]
    rows += [make_row(n, channel="email") for n in range(100, 700)]
    progress = []
    report = send(rows, on_progress=lambda done, total: progress.append((done, total)))
    assert report.counts == {"accepted": 630}
    assert progress[-1] == (630, 630)
    again = send(rows)
    assert again.counts == {}
    assert again.summary() == "nothing was due"
    assert len(provider.accepted) == 630
    assert set(provider.accepted.values()) == {1}
    assert states(ledger) == {"accepted": 630}
    assert max(len(b.get("personalizations", [])) for b in provider.bodies) == 250


def test_the_intent_is_in_the_ledger_before_the_provider_sees_the_request(
    send, provider, ledger, make_row
):
    seen = []

    def look(ids):
        seen.append(states(ledger))
        with ledger.read() as connection:
            attempts = connection.execute(select(tables.attempts)).all()
        assert [a.outcome for a in attempts] == [None]

    provider.fault = look
    send([make_row(1)])
    assert seen == [{"sending": 1}]


def test_only_the_asked_playbook_and_step_are_sent(send, provider, make_row):
    rows = [make_row(1), make_row(2, step=3), make_row(3, playbook_id="sms_four_step")]
    report = send(rows, playbook_id="sms_email", step=1)
    assert report.counts == {"accepted": 1}
    assert set(provider.accepted) == {rows[0]["message_id"]}


@pytest.mark.rule("florida_15_days", "suppression")
def test_a_stop_that_arrives_after_planning_wins(send, provider, ledger, clock, make_row):
    row = make_row(1, not_before=clock.at + timedelta(minutes=1))
    assert send([row]).counts == {}
    with ledger.write() as connection:
        stopped = suppress(
            connection, group="phone", address=row["address"], reason="stop", source="twilio",
            occurred_at=clock.at, recorded_at=clock.at,
        )  # fmt: skip
    assert stopped == 1
    assert send([make_row(1)]).counts == {}
    assert not provider.accepted
    assert states(ledger) == {"suppressed": 1}


def test_the_guard_knows_an_erased_address_that_a_plan_brings_back(
    send, provider, ledger, clock, make_row
):
    rows = [make_row(1), make_row(2, channel="email"), make_row(3)]
    with ledger.write() as connection:
        for group, row in (("phone", rows[0]), ("email", rows[1])):
            hide_address(connection, group=group, address=row["address"], erased_at=clock.at)
    assert send(rows).refused_by_guard == {"suppression": 2}
    assert set(provider.accepted) == {rows[2]["message_id"]}


def test_the_guard_refuses_who_was_stopped_before_the_plan(send, provider, ledger, clock, make_row):
    row = make_row(1)
    with ledger.write() as connection:
        suppress(
            connection, group="phone", address=row["address"], reason="stop", source="twilio",
            occurred_at=clock.at, recorded_at=clock.at,
        )  # fmt: skip
    report = send([row])
    assert report.refused_by_guard == {"suppression": 1}
    assert states(ledger) == {"suppressed": 1}
    assert not provider.accepted


@pytest.mark.rule("cap_24h")
@pytest.mark.parametrize(
    "other",
    [
        {"number": 2, "address": "+15550000001"},
        {"number": 1, "channel": "email", "enrollment_id": "e1b"},
    ],
    ids=["same address, other customer", "same customer, other channel"],
)
def test_one_person_gets_one_message_a_day_over_all_customers_and_channels(
    send, ledger, make_row, other
):
    report = send([make_row(1), make_row(**other)])
    assert report.counts == {"accepted": 1}
    assert report.refused_by_guard == {"cap_24h": 1}
    assert states(ledger) == {"accepted": 1, "planned": 1}
    assert reasons(ledger) == {"accepted", "guard:cap_24h"}


@pytest.mark.rule("cap_7d")
def test_the_weekly_cap_counts_a_rolling_week(send, clock, make_row):
    accepted = []
    for day in range(8):
        row = make_row(
            1, message_id=f"{day:032x}", enrollment_id=f"e{day}",
            not_before=clock.at, window_closes_at=clock.at + timedelta(minutes=30),
            expires_at=clock.at + timedelta(days=1),
        )  # fmt: skip
        accepted.append(send([row]).counts["accepted"])
        clock.advance(timedelta(days=1))
    assert accepted == [1, 1, 1, 0, 0, 0, 0, 1]
    assert Caps() == Caps(per_24h=1, per_7d=3)


@pytest.mark.rule("window")
@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"zones": "America/New_York,Asia/Tokyo"}, "window"),
        ({"zones": None}, "zone"),
        ({"local_closes_minute": 960}, "window"),
    ],
)
def test_the_guard_refuses_texts_outside_the_window_of_any_zone(
    send, ledger, make_row, change, rule
):
    report = send([make_row(1, **change)])
    assert report.refused_by_guard == {rule: 1}
    assert not report.attempts
    assert states(ledger) == {"planned": 1}


@pytest.mark.rule("consent")
@pytest.mark.parametrize("left", [timedelta(seconds=1), timedelta(0)])
def test_a_message_ends_with_the_consent_that_let_it_be_planned(  # noqa: PLR0917
    send, provider, ledger, clock, make_row, left
):
    report = send([make_row(1, consent_expires_at=clock.at + left)])
    if left:
        assert report.counts == {"accepted": 1}
    else:
        assert report.refused_by_guard == {"consent": 1}
        assert (states(ledger), reasons(ledger)) == ({"suppressed": 1}, {"guard:consent"})
        assert not provider.accepted


@pytest.mark.rule("cap_state")
def test_the_law_of_a_state_caps_below_the_shop(send, make_row):
    def rows(first):
        return [
            make_row(n, customer_id="c", enrollment_id=f"e{n}", max_per_24h=2)
            for n in range(first, first + 2)
        ]

    caps = Caps(per_24h=5, per_7d=5)
    assert send(rows(1), caps=caps).counts == {"accepted": 2}
    report = send(rows(3), caps=caps)
    assert (report.counts, report.refused_by_guard) == ({}, {"cap_state": 2})


def test_the_guard_goes_by_the_caps_that_the_shop_has_set(send, make_row, monkeypatch):
    from winback.sending.guard import _guard

    edited = {"cap_per_24h": 2, "cap_per_7d": 2, "fewer_per_7d": 1}
    monkeypatch.setattr(_guard, "project_vars", lambda: edited)
    rows = [make_row(n, customer_id="c", enrollment_id=f"e{n}") for n in range(3)]
    report = send(rows)
    assert (report.counts, report.refused_by_guard) == ({"accepted": 2}, {"cap_24h": 1})


def test_a_message_past_its_range_expires_and_one_outside_its_window_waits(
    send, provider, ledger, clock, make_row
):
    rows = [
        make_row(1, expires_at=clock.at),
        make_row(2, not_before=clock.at + timedelta(seconds=1)),
        make_row(3, window_closes_at=clock.at),
    ]
    report = send(rows)
    assert report.swept.expired == 1
    assert states(ledger) == {"expired": 1, "planned": 2}
    assert not provider.accepted


def test_nothing_is_sent_while_the_stop_file_exists(send, provider, settings, make_row):
    stop = settings.home / "STOP"
    stop.touch()
    report = send([make_row(1)])
    assert str(stop) in report.stopped["sms"]
    assert report.left_waiting == 1
    stop.unlink()
    assert send([make_row(1)]).counts == {"accepted": 1}
    assert len(provider.accepted) == 1


@pytest.mark.only_sqlite
def test_a_copied_ledger_refuses_to_send_until_it_is_adopted(ledger, settings, clock, tmp_path):
    shutil.copytree(settings.home, tmp_path / "copy")
    copy = settings.model_copy(update={"home": tmp_path / "copy"})
    with open_ledger(copy) as copied, pytest.raises(LedgerFenced, match="WINBACK_ADOPT_LEDGER"):
        send_due(copied, copy, clock)
    adopting = copy.model_copy(update={"adopt_ledger": ledger.instance_id})
    with open_ledger(adopting) as copied:
        assert send_due(copied, adopting, clock).counts == {}


def test_an_answer_of_500_makes_a_message_unknown_and_it_is_never_sent_again(
    send, provider, ledger, make_row
):
    provider.fault = lambda _: (500, {}, b"{}")
    report = send([make_row(1)])
    assert report.unknown_ids == [make_row(1)["message_id"]]
    provider.fault = lambda _: None
    assert send([make_row(1)]).counts == {}
    assert not provider.accepted
    assert states(ledger) == {"unknown": 1}


def test_wrong_credentials_stop_the_channel_with_one_line_and_cost_nobody_their_message(
    send, provider, ledger, make_row
):
    provider.fault = lambda _: (401, {}, b'{"code": 20003, "message": "no", "status": 401}')
    rows = [make_row(n) for n in range(40)]
    report = send(rows)
    assert "check the credentials" in report.stopped["sms"]
    assert len(provider.bodies) <= 16
    assert states(ledger) == {"planned": 40}
    provider.fault = lambda _: None
    assert send(rows).counts == {"accepted": 40}
    assert set(provider.accepted.values()) == {1}


def test_too_many_requests_are_waited_for_and_sent_once(
    ledger, settings, clock, provider, make_row
):
    answers = iter([(429, {"Retry-After": "7"}, b"{}")] * 5)
    provider.fault = lambda _: next(answers, None)
    plan(ledger, [make_row(n) for n in range(20)], settings, clock)
    waits = []
    report = send_due(ledger, settings, clock, sleep=waits.append)
    assert report.attempts == {"deferred": 5, "accepted": 20}
    assert max(waits) == pytest.approx(7, abs=0.5)
    assert set(provider.accepted.values()) == {1}
    with ledger.read() as connection:
        assert set(connection.scalars(select(m.attempt_no))) == {1}


def test_an_unreachable_provider_stops_the_channel_and_loses_nothing(
    ledger, settings, clock, provider, make_row
):
    dead = settings.model_copy(update={"twilio_base_url": "http://127.0.0.1:1"})
    plan(ledger, [make_row(n) for n in range(30)], dead, clock)
    report = send_due(ledger, dead, clock, sleep=lambda _: None)
    assert "can't be reached" in report.stopped["sms"]
    assert states(ledger) == {"planned": 30}
    clock.advance(timedelta(minutes=2))
    assert send_due(ledger, settings, clock, sleep=lambda _: None).counts == {"accepted": 30}


def test_a_batch_refused_for_one_person_is_sent_to_all_the_others(send, provider, ledger, make_row):
    bad = make_row(7, channel="email")["message_id"]

    def refuse(ids):
        if bad not in ids:
            return None
        field = f"personalizations.{ids.index(bad)}.to.0.email"
        error = f'{{"errors": [{{"message": "no", "field": "{field}"}}]}}'
        return 400, {}, error.encode()

    provider.fault = refuse
    report = send([make_row(n, channel="email") for n in range(20)])
    assert report.counts == {"accepted": 19, "rejected": 1}
    assert bad not in provider.accepted
    assert set(provider.accepted.values()) == {1}


def test_a_body_too_large_is_halved_until_it_fits(send, provider, make_row):
    provider.fault = lambda ids: (413, {}, b"<html>") if len(ids) > 30 else None
    report = send([make_row(n, channel="email") for n in range(100)])
    assert report.counts == {"accepted": 100}
    assert set(provider.accepted.values()) == {1}


def test_a_refusal_because_of_an_opt_out_suppresses_the_address(send, provider, ledger, make_row):
    row = make_row(1)
    provider.fault = lambda _: (400, {}, b'{"code": 21610, "message": "x", "status": 400}')
    assert send([row]).counts == {"rejected": 1}
    with ledger.read() as connection:
        assert is_suppressed(connection, group="phone", address=row["address"])


def test_a_callback_that_beats_the_answer_is_not_overwritten(
    send, provider, ledger, clock, make_row
):
    from winback.ledger import transition

    def bind(ids):
        row = {"message_id": ids[0], "provider_id": "SMcallback", "accepted_at": clock.at}
        with ledger.write() as connection:
            assert transition(
                connection, [row], "accepted", from_states=("sending", "unknown"), at=clock.at
            )
        return 500, {}, b""

    provider.fault = bind
    send([make_row(1)])
    with ledger.read() as connection:
        row = connection.execute(select(m.state, m.provider_id)).one()
    assert tuple(row) == ("accepted", "SMcallback")


def answers(ledger, message_id, at, *, kind="clicked", is_machine=0):
    event = {
        "dedupe_key": f"{message_id}{at}", "semantic_key": "", "raw_ref": "", "provider": "p",
        "message_id": message_id, "kind": kind, "occurred_at": at, "received_at": at,
        "is_machine": is_machine,
    }  # fmt: skip
    with ledger.write() as connection:
        connection.execute(tables.provider_events.insert(), event)


def writes(ledger, clock, *, customer_id=None, address="+15559999999", intent="positive", ago):
    with ledger.write() as connection:
        keep_reply(
            connection, reply_id="r", group="phone", address=address, customer_id=customer_id,
            message_id=None, text="x", intent=intent, received_at=clock.at - ago,
            gap=timedelta(days=7),
        )  # fmt: skip


DAY = timedelta(hours=24)
SECOND = timedelta(seconds=1)


@pytest.mark.rule("conversation")
@pytest.mark.parametrize(
    "case",
    [
        ({"customer_id": "c1", "ago": DAY - SECOND}, 1),
        ({"customer_id": "c1", "ago": DAY}, 0),
        ({"address": "+15550000001", "ago": DAY - SECOND}, 1),
        ({"address": "+15550000001", "ago": DAY}, 0),
        ({"customer_id": "c1", "intent": "question", "ago": 90 * DAY}, 1),
        ({"customer_id": "c2", "intent": "question", "ago": SECOND}, 0),
    ],
)
def test_who_replied_lately_or_waits_for_a_human_is_not_written_to_and_the_message_waits(
    send, ledger, clock, make_row, case
):
    talk, refused = case
    writes(ledger, clock, **talk)
    report = send([make_row(1)])
    assert report.refused_by_guard == ({"conversation": 1} if refused else {})
    assert states(ledger) == ({"planned": 1} if refused else {"accepted": 1})
    assert reasons(ledger) == {"guard:conversation" if refused else "accepted"}


def test_a_message_that_waited_for_an_answer_goes_once_it_is_planned_anew(
    send, ledger, clock, make_row
):
    writes(ledger, clock, customer_id="c1", intent="question", ago=2 * DAY)
    assert send([make_row(1)]).refused_by_guard == {"conversation": 1}
    with ledger.write() as connection:
        (conversation,) = waiting(connection)
        close(connection, conversation.conversation_id, at=clock.at)
    assert send([]).counts == {}
    assert send([make_row(1)]).counts == {"accepted": 1}


@pytest.mark.rule("conversation")
@pytest.mark.parametrize("case", [(DAY - SECOND, 0, 1), (DAY, 0, 0), (SECOND, 1, 0)])
def test_a_persons_click_pauses_for_a_day(send, ledger, clock, make_row, case):
    ago, is_machine, refused = case
    first = make_row(1, not_before=clock.at - timedelta(hours=1))
    send([first])
    answers(ledger, first["message_id"], clock.at + 2 * DAY - ago, is_machine=is_machine)
    clock.advance(2 * DAY)
    later = make_row(
        1, channel="email", not_before=clock.at, window_closes_at=clock.at + DAY,
        expires_at=clock.at + DAY,
    )  # fmt: skip
    assert send([later]).refused_by_guard == ({"conversation": 1} if refused else {})
