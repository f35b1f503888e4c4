"""Several workers on one ledger: they share a plan, and nobody's end loses or repeats anything."""

from __future__ import annotations

import itertools
import os
import signal
import threading
import time
from collections import Counter
from datetime import timedelta

import pytest
from outbox_rows import NOW, outbox_row
from sqlalchemy import func, select, text, update

from winback.ledger import (
    LedgerUnavailable,
    Proof,
    count_by_state,
    open_ledger,
    prove_accepted,
    sent_twice,
    suppress,
    tables,
)
from winback.providers import Outcome
from winback.sending import _attempts, _due, _owner, send_due, sweep
from winback.sending._due import Part
from winback.sending.brakes import _stops

m, h = tables.messages.c, tables.claim_holders.c
pytestmark = [pytest.mark.long, pytest.mark.both_databases]


def shares(ledger):
    """How many messages each worker is known to have sent, by its claim token."""
    with ledger.read() as connection:
        accepted = select(m.claim_token, func.count()).where(m.state == "accepted")
        return dict(connection.execute(accepted.group_by(m.claim_token)).all())


def states(ledger):
    with ledger.read() as connection:
        return count_by_state(connection)


@pytest.mark.only_postgresql
def test_three_workers_share_a_plan_and_one_that_is_killed_loses_and_repeats_nothing(
    ledger, provider, plan_all, start_one, finish
):
    rows = [outbox_row(n) for n in range(400)]
    plan_all(rows)
    provider.fault = lambda _ids: time.sleep(0.02)
    workers = [start_one("none") for _ in range(3)]
    # A busy machine may start one of them late.
    for _ in range(2_000):
        if len(shares(ledger)) == len(workers):
            break
        time.sleep(0.005)
    os.kill(workers[0].pid, signal.SIGKILL)
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [-signal.SIGKILL, 0, 0]
    assert len(shares(ledger)) == len(workers), "each of them sent something"
    finish()
    assert set(provider.accepted.values()) == {1}
    ended = states(ledger)
    assert set(ended) <= {"accepted", "unknown"}
    assert sum(ended.values()) == len(rows)
    assert ended["accepted"] <= len(provider.accepted)
    assert ended.get("unknown", 0) <= 8, "no more than were under way in the one that was killed"


def test_two_workers_with_messages_for_the_same_people_keep_the_cap(
    settings, clock, provider, plan_all
):
    people = range(30)
    again = {n: {"message_id": f"again{n}", "enrollment_id": f"again{n}"} for n in people}
    rows = [outbox_row(n) for n in people]
    rows += [outbox_row(n, step=3, **again[n]) for n in people]
    plan_all(rows)

    def work(step):
        with open_ledger(settings) as mine:
            send_due(mine, settings, clock, step=step, sleep=lambda _: None)

    workers = [threading.Thread(target=work, args=(step,)) for step in (1, 3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    per_person = Counter(body["To"] for body in provider.bodies)
    assert per_person == {f"+1555{n:07d}": 1 for n in people}


@pytest.fixture
def held_elsewhere(ledger, plan_all):
    """Messages in the hands of a run on another machine, whose processes nobody here can see."""
    token = "other/boot/pid|1|1|aa"
    plan_all([outbox_row(n) for n in (1, 2)])
    with ledger.write() as connection:
        first, second = connection.scalars(select(m.message_id).order_by(m.address))
        for key, state in ((first, "claimed"), (second, "sending")):
            change = update(tables.messages).where(m.message_id == key)
            connection.execute(change.values(state=state, claim_token=token))
    return token


def test_a_run_on_another_machine_keeps_its_claims_while_it_says_that_it_lives(
    ledger, clock, held_elsewhere
):
    _owner.renew(ledger, held_elsewhere)
    assert (sweep(ledger, clock).released, states(ledger)) == (0, {"claimed": 1, "sending": 1})


def test_a_run_on_another_machine_that_falls_silent_loses_them_though_the_clock_stands_still(
    ledger, clock, held_elsewhere
):
    _owner.renew(ledger, held_elsewhere)
    with ledger.write() as connection:
        silent = update(tables.claim_holders).values(alive_until=h.alive_until)
        assert connection.execute(silent).rowcount == 1
        long_ago = connection.scalar(select(h.alive_until)) - 2 * _owner.LEASE
        connection.execute(update(tables.claim_holders).values(alive_until=long_ago))
    report = sweep(ledger, clock)
    assert (report.released, len(report.unknown_ids)) == (1, 1)
    assert states(ledger) == {"planned": 1, "unknown": 1}, "what may have left is never planned"
    with ledger.read() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.claim_holders)) == 0


def test_a_run_says_that_it_lives_until_it_ends(ledger, monkeypatch):
    monkeypatch.setattr(_owner, "BEAT", timedelta(milliseconds=20))

    def alive_until():
        with ledger.read() as connection:
            return connection.scalar(select(h.alive_until))

    with _owner.claiming(ledger):
        before, deadline = alive_until(), time.monotonic() + 10
        while alive_until() == before:
            assert time.monotonic() < deadline, "no sign of life"
    assert alive_until() is None


def end_the_session(connection, ledger):
    mine = connection.scalar(text("select pg_backend_pid()"))
    with ledger.read() as other:
        other.execute(text(f"select pg_terminate_backend({mine})"))


@pytest.mark.only_postgresql
@pytest.mark.parametrize("moment", ["begin", "finish"])
def test_a_ledger_that_restarts_in_the_middle_of_a_run_costs_nothing(
    moment, ledger, send, provider, monkeypatch
):
    """Its sessions end while an intent, or an answer, is being written."""
    original, lost = getattr(_attempts, moment), []

    def lose(connection, *arguments, **options):
        result = original(connection, *arguments, **options)
        if len(lost) < 2:
            lost.append(moment)
            end_the_session(connection, ledger)
        return result

    monkeypatch.setattr(_attempts, moment, lose)
    report = send([outbox_row(n) for n in range(40)])
    assert len(lost) == 2
    assert report.counts == {"accepted": 40}
    assert len(provider.accepted) == 40
    assert set(provider.accepted.values()) == {1}


def test_a_ledger_that_stays_away_ends_the_run_in_one_line_and_the_next_one_goes_on(
    ledger, provider, send, finish, monkeypatch
):
    def be_away(*_, **__):
        raise LedgerUnavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(_attempts, "finish", be_away)
        with pytest.raises(LedgerUnavailable):
            send([outbox_row(n) for n in range(20)])
    under_way = len(provider.accepted)
    report = finish()
    assert set(provider.accepted.values()) == {1}
    assert states(ledger) == {"accepted": 20 - under_way, "unknown": under_way}
    assert len(report.unknown_ids) == under_way


def test_an_opt_out_that_comes_with_an_answer_takes_the_one_writers_turn(
    ledger, send, provider, monkeypatch
):
    """It must not slip between another worker's last look and its intent."""
    taken = []
    original = type(ledger).write
    monkeypatch.setattr(type(ledger), "write", lambda self: taken.append(1) or original(self))
    send([outbox_row(1)])
    accepted = len(taken)
    taken.clear()
    provider.fault = lambda _: (400, {}, b'{"code": 21610, "message": "stopped", "status": 400}')
    send([outbox_row(2)])
    assert len(taken) == accepted + 1


def test_an_opt_out_that_comes_while_a_worker_looks_waits_for_its_intent(ledger, send, monkeypatch):
    begin, done, writers = _attempts.begin, threading.Event(), []

    def opt_out():
        with ledger.write() as connection:
            suppress(connection, group="phone", address="+15550000001", reason="stop",
                     source="test", occurred_at=NOW, recorded_at=NOW)  # fmt: skip
            done.set()

    def look(*arguments, **options):
        if not writers:
            writers.append(threading.Thread(target=opt_out))
            writers[0].start()
            assert not done.wait(0.3), "nothing may change between a look and its intent"
        return begin(*arguments, **options)

    monkeypatch.setattr(_attempts, "begin", look)
    assert send([outbox_row(2)]).counts == {"accepted": 1}
    writers[0].join(30)
    assert send([outbox_row(1)]).counts == {"suppressed": 1}
    assert states(ledger) == {"accepted": 1, "suppressed": 1}


@pytest.mark.only_postgresql
def test_a_worker_claims_while_another_looks(ledger, send, plan_all, monkeypatch):
    begin, claimed = _attempts.begin, []

    def look(*arguments, **options):
        if not claimed:
            with ledger.write_own() as connection:
                here = update(tables.messages).where(m.address == "+15550000002")
                claimed.append(connection.execute(here.values(state="claimed")).rowcount)
        return begin(*arguments, **options)

    plan_all([outbox_row(2, not_before=NOW + timedelta(hours=1))])
    monkeypatch.setattr(_attempts, "begin", look)
    assert send([outbox_row(1)]).counts == {"accepted": 1}
    assert claimed == [1]


def test_callbacks_that_overtake_some_of_the_answers_change_nothing(ledger, send, provider):
    """Answers are written down together: those of the others must not look like second ones."""
    together = threading.Barrier(8, timeout=30)

    def overtake(ids):
        if ids[0] in overtaken:
            with ledger.write() as connection:
                proof = Proof("callback", ids[0], None, accepted_at=NOW, seen_at=NOW)
                prove_accepted(connection, proof, at=NOW)
        together.wait()

    provider.fault = overtake
    rows = [outbox_row(number) for number in range(8)]
    overtaken = {row["message_id"] for row in rows[:3]}
    assert send(rows).counts == {"accepted": 8}
    with ledger.read() as connection:
        assert sent_twice(connection) == []
        told = connection.execute(select(m.message_id).where(m.matched_by == "callback"))
        assert set(told.scalars()) == overtaken
        a = tables.attempts.c
        assert set(connection.scalars(select(a.outcome))) == {"accepted"}


def test_a_message_that_others_let_go_waits_for_the_answer_to_the_call_under_way(
    ledger, send, monkeypatch
):
    """The call of a run takes for ever; reconciling finds that its text did not arrive."""
    numbers, begun, may_end = itertools.count(), [], threading.Event()
    claim, call = _due.claim, _attempts.call

    def slowly(channel, request, *rest):
        begun.append(request.message_ids)
        if next(numbers) == 0:
            may_end.wait(30)
            return Outcome("deferred", "rate_limit", 429, retry_after=0.0)
        return call(channel, request, *rest)

    def claim_again(*args, **options):
        found = claim(*args, **options)
        if begun and not found and not may_end.is_set():
            with ledger.write() as connection:
                again = update(tables.messages).where(m.state == "sending")
                connection.execute(again.values(state="planned", claim_token=None))
            found = claim(*args, **options)
            may_end.set()
        return found

    monkeypatch.setattr(_attempts, "call", slowly)
    monkeypatch.setattr("winback.sending._run.claim", claim_again)
    send([outbox_row(1), outbox_row(2)])
    assert len(begun) == 2, "no second call beside the first"
    assert states(ledger) == {"accepted": 1, "planned": 1}


def test_a_ledger_that_goes_away_as_a_step_is_stopped_costs_nothing(
    ledger, clock, plan_all, finish, monkeypatch
):
    """Another worker stops the step of messages in hand; the transaction that sees it fails."""
    plan_all([outbox_row(n) for n in (1, 2)])
    claim, begin, lost = _due.claim, _attempts.begin, []

    def claim_then_stop(*args, **options):
        rows = claim(*args, **options)
        for part in {Part(playbook_id=row.playbook_id, step=row.step) for row in rows}:
            with ledger.write() as connection:
                _stops.stop(connection, "sms", "content", "no", now=clock.at, part=part)
        return rows

    def lose(*args, **options):
        if not lost:
            lost.append(args)
            raise LedgerUnavailable("gone")
        return begin(*args, **options)

    monkeypatch.setattr("winback.sending._run.claim", claim_then_stop)
    monkeypatch.setattr(_attempts, "begin", lose)
    finish()
    assert lost
    assert states(ledger) == {"planned": 2}
