"""A batch that is refused for a few goes to all the others, in few requests."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from winback.channels import Outcome, Request, open_channel
from winback.clock import FixedClock
from winback.ledger import count_by_state, tables
from winback.sending import _attempts
from winback.sending._packing import Packing
from winback.sending._splitting import ROUNDS, Splitting

m = tables.messages.c


def states(ledger):
    with ledger.read() as connection:
        return count_by_state(connection)


def refusal(*fields, status=400):
    errors = [{"message": "no", "field": field} for field in fields]
    return status, {}, json.dumps({"errors": errors}).encode()


def emails(make_row, count, **changes):
    return [make_row(n, channel="email", **changes) for n in range(count)]


def sizes(provider):
    return [len(body["personalizations"]) for body in provider.bodies]


@pytest.mark.parametrize("fields", [(None,), ("personalizations.250.to.0.email",)])
def test_who_is_refused_for_no_given_reason_is_found_in_halves(send, provider, make_row, fields):
    rows = emails(make_row, 250)
    bad = rows[77]["message_id"]
    provider.fault = lambda ids: refusal(*fields) if bad in ids else None
    report = send(rows)
    assert report.counts == {"accepted": 249, "rejected": 1}
    assert bad not in provider.accepted
    assert set(provider.accepted.values()) == {1}
    # The whole, then both halves of what was refused, eight times.
    assert len(provider.bodies) == 17
    assert report.stopped == {}


def test_a_batch_refused_for_one_after_another_goes_in_halves_in_the_end(
    send, provider, ledger, make_row
):
    rows = emails(make_row, 120)
    bad = {row["message_id"] for row in rows[::6]}

    def name_the_first(ids):
        named = [pos for pos, key in enumerate(ids) if key in bad][:1]
        return refusal(f"personalizations[{named[0]}].to") if named else None

    provider.fault = name_the_first
    report = send(rows)
    assert report.counts == {"accepted": 100, "rejected": 20}
    assert provider.accepted == Counter(r["message_id"] for r in rows if r["message_id"] not in bad)
    assert sizes(provider)[:ROUNDS] == [120, 119, 118, 117, 116]
    assert sorted(sizes(provider)[ROUNDS : ROUNDS + 2]) == [57, 58]


def test_refusals_without_a_reason_stop_the_channel_before_they_cost_anybody_a_message(
    send, provider, ledger, make_row
):
    provider.fault = lambda _: refusal(None)
    report = send(emails(make_row, 250))
    assert "without saying why" in report.stopped["email"]
    assert len(provider.bodies) <= 10 + 4
    assert states(ledger) == {"planned": 250}


def test_a_body_too_large_is_halved_by_its_bytes():
    weights = {"a": 1, "b": 1, "c": 1, "d": 1, "e": 5, "f": 1, "g": 1}
    rows = {
        key: SimpleNamespace(message_id=key, payload_json="x" * weights[key]) for key in weights
    }
    splitting = Splitting(100)
    splitting.learn(Request("r", tuple("abcde"), {}, ""), Outcome("refused", "too_large"), rows)
    first, others = splitting.first([rows[key] for key in "abcdefg"])
    assert "".join(row.message_id for row in first) == "abcd"
    first, others = splitting.first(others)
    assert "".join(row.message_id for row in first) == "e"
    # What was never refused weighs no more than what is hoped to fit.
    rows["g"].payload_json = "xxxx"
    first, others = splitting.first(others)
    assert "".join(row.message_id for row in first) == "f"
    assert "".join(row.message_id for row in others) == "g"


def test_one_message_that_is_too_large_by_itself_is_rejected(send, provider, make_row):
    rows = emails(make_row, 5)
    large = rows[2]["message_id"]
    provider.fault = lambda ids: (413, {}, b"<html>") if large in ids else None
    assert send(rows).counts == {"accepted": 4, "rejected": 1}


def test_a_step_whose_content_is_refused_stops_alone_and_nobody_is_rejected(
    send, provider, ledger, make_row
):
    broken = emails(make_row, 10)
    other = [make_row(n, channel="email", step=4) for n in range(20, 30)]
    steps = {row["message_id"]: row["step"] for row in broken + other}
    provider.fault = lambda ids: refusal("content.1.value") if steps[ids[0]] == 2 else None
    report = send(broken + other, playbook_id="sms_email", step=2)
    assert "check this step's template" in report.stopped["email, step 2 of sms_email"]
    assert len(provider.bodies) == 1
    assert send(broken + other, playbook_id="sms_email", step=4).counts == {"accepted": 10}
    assert states(ledger) == {"planned": 10, "accepted": 10}
    provider.fault = lambda _: None
    assert send(broken + other, playbook_id="sms_email", step=2).counts == {"accepted": 10}


def test_a_sender_that_is_refused_leaves_the_others_theirs(  # noqa: PLR0917
    send, provider, ledger, settings, clock, make_row
):
    from winback.sending import plan, send_due

    rows = emails(make_row, 300)
    old = settings.model_copy(update={"from_email": "old@example.com"})
    plan(ledger, rows[:280], old, clock)
    plan(ledger, rows, settings, clock)

    def refuse_the_old(_):
        body = provider.bodies[-1]
        return refusal("from.email") if body["from"]["email"] == "old@example.com" else None

    provider.fault = refuse_the_old
    report = send_due(ledger, settings, clock, sleep=lambda _: None)
    assert report.counts == {"accepted": 20}
    assert report.left_waiting == 280
    assert "check the sender" in report.stopped["email, sender old@example.com"]
    assert "email" not in report.stopped
    assert len(provider.bodies) <= 4


@pytest.fixture
def held(settings):
    """Email is held back: see `settings` for the rest."""
    return settings.model_copy(update={"email_mode": "abortable"})


@pytest.fixture
def send_held(ledger, held, clock):
    from winback.sending import plan, send_due

    def run(rows, **options):
        plan(ledger, rows, held, clock)
        return send_due(ledger, held, clock, sleep=lambda _: None, **options)

    return run


def attempts(ledger):
    with ledger.read() as connection:
        return connection.execute(select(tables.attempts)).all()


def test_the_batch_and_its_moment_are_in_the_ledger_before_the_mail_is_posted(
    send_held, provider, ledger, clock, make_row
):
    seen = []
    provider.fault = lambda _: seen.extend(attempts(ledger))
    assert send_held(emails(make_row, 3)).counts == {"accepted": 3}
    (before,), (body,) = seen, provider.bodies
    assert before.sg_batch_id == body["batch_id"] == "B1"
    assert before.sg_send_at == clock.at + timedelta(minutes=25)
    assert body["send_at"] == before.sg_send_at.timestamp()


def test_no_transaction_is_open_while_a_batch_is_asked_for(send_held, provider, ledger, make_row):
    def write():
        with ledger.write() as connection:
            connection.execute(tables.channel_gates.delete())

    provider.batch_fault = write
    ledger.engine.dispose()
    assert send_held(emails(make_row, 3)).counts == {"accepted": 3}
    assert provider.batches == 1


def test_whom_the_guard_refuses_is_in_no_request_and_the_others_go_in_a_new_one(
    send_held, provider, ledger, clock, make_row
):
    rows = emails(make_row, 10)
    rows[3]["local_closes_minute"] = 960
    assert send_held(rows).counts == {"accepted": 9}
    (body,) = provider.bodies
    assert (body["batch_id"], len(body["personalizations"])) == ("B2", 9)
    assert [attempt.sg_batch_id for attempt in attempts(ledger)] == ["B2"]


def test_a_refused_batch_id_stops_the_channel_and_no_attempt_is_recorded(
    send_held, provider, ledger, make_row
):
    provider.batch_fault = lambda: refusal(None, status=401)
    report = send_held(emails(make_row, 3))
    assert "check the credentials" in report.stopped["email"]
    assert states(ledger) == {"planned": 3}
    assert not attempts(ledger)
    assert not provider.bodies
    provider.batch_fault = lambda: None
    assert send_held(emails(make_row, 3)).counts == {"accepted": 3}


@pytest.mark.parametrize(
    "trouble", [(429, {"Retry-After": "7"}, b"{}"), (500, {}, b"{}")], ids=["429", "500"]
)
def test_a_batch_id_that_is_not_given_now_is_asked_for_later(
    send_held, provider, ledger, make_row, trouble
):
    troubles = iter([trouble])
    provider.batch_fault = lambda: next(troubles, None)
    assert send_held(emails(make_row, 3)).counts == {"accepted": 3}
    assert provider.batches == 2
    with ledger.read() as connection:
        assert set(connection.scalars(select(m.attempt_no))) == {1}


def test_a_request_that_waited_too_long_is_prepared_anew(held, provider, clock, ledger, make_row):
    from winback.sending import plan

    plan(ledger, emails(make_row, 2), held.model_copy(update={"email_batch_size": 1}), clock)
    with ledger.read() as connection:
        rows = connection.execute(select(tables.messages)).all()
    channel = open_channel("email", held.model_copy(update={"email_batch_size": 1}))
    packing = Packing(channel)
    packing.take(rows)
    requests = packing.next(2, now=clock.at)
    for request in requests:
        packing.put_back(request, without=())
    packing._ready = requests  # as if no call could start meanwhile
    packing._claimed = []
    (first, second) = packing.next(2, now=clock.at + timedelta(minutes=5, seconds=1))
    channel.close()
    assert {first.batch_id, second.batch_id} == {"B3", "B4"}
    assert first.send_at == clock.at + timedelta(minutes=30, seconds=1)


class Unused:
    def send(self, request):
        raise AssertionError("must not be called")


def test_a_call_whose_time_is_over_is_not_made(clock):
    request = Request("a1", ("m1",), {}, "")
    late = FixedClock(clock.at + _attempts.DEADLINE)
    outcome = _attempts.call(Unused(), request, late, clock.at)
    assert outcome == Outcome("not_sent", "too_late")
