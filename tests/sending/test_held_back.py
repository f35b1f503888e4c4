"""Mail that SendGrid holds back: batch ids before transactions, and no more than can be undone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from winback.base.clock import FixedClock
from winback.ledger import count_by_state, tables
from winback.providers import Outcome, Request, open_channel
from winback.sending import _attempts, plan, send_due
from winback.sending._packing import Packing
from winback.sending._unresolved_mail import _UNANSWERED

m = tables.messages.c


def states(ledger):
    with ledger.read() as connection:
        return count_by_state(connection)


def emails(make_row, count):
    return [make_row(n, channel="email") for n in range(count)]


@pytest.fixture
def held(settings):
    """Email is held back: see `settings` for the rest."""
    return settings.model_copy(update={"email_mode": "abortable"})


@pytest.fixture
def send_held(ledger, held, clock):
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
            connection.execute(tables.channel_brakes.delete())

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
    provider.batch_fault = lambda: (401, {}, b'{"errors": [{"message": "no"}]}')
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


def test_no_more_is_held_back_than_can_be_cancelled_at_once(
    send_held, provider, ledger, clock, make_row
):
    for number in range(5):
        provider.fault = lambda _: (500, {}, b"")
        assert send_held([make_row(number, channel="email")]).counts == {"unknown": 1}
    provider.fault = lambda _: None
    late = make_row(9, channel="email", window_closes_at=clock.at + timedelta(hours=5))
    report = send_held([late])
    assert "winback reconcile" in report.stopped["email"]
    assert states(ledger) == {"unknown": 5, "planned": 1}
    # The mail of the five has left or not an hour ago, so they can't be cancelled any more.
    clock.advance(timedelta(minutes=85))
    assert send_held([late]).counts == {"accepted": 1}


def test_the_search_for_requests_without_an_answer_uses_its_index(ledger, clock):
    if ledger.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL plans by the size of a table")
    waiting = _UNANSWERED.where(tables.attempts.c.sg_send_at > clock.at)
    with ledger.read() as connection:
        sql = str(waiting.compile(connection, compile_kwargs={"render_postcompile": True}))
        plan = connection.exec_driver_sql(f"explain query plan {sql}", ("",) * sql.count("?"))
        assert "attempts_unanswered" in str(plan.all())
