"""How fast: the rate of a sender, the calls at once, and what a provider asks for."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from winback.ledger import count_by_state, tables
from winback.providers import Outcome, Request
from winback.sending import plan, send_due
from winback.sending.brakes import _stops
from winback.sending.pace._bucket import Bucket, portion
from winback.sending.pace._concurrency import SUCCESSES_FOR_ONE_MORE, Concurrency
from winback.sending.pace._pacing import LONGEST_WAIT, Pace

pytestmark = pytest.mark.long

rates = st.floats(min_value=0.05, max_value=500)
# When somebody asks, after whoever asked before, and for which part of a portion.
asks = st.lists(
    st.tuples(st.floats(min_value=-5, max_value=60), st.floats(min_value=0.01, max_value=1)),
    min_size=1,
    max_size=60,
)


def start_times(per_second, asked):
    """When each portion may start and how large it is; the clock may go back a little."""
    bucket, now, starts = Bucket(per_second, portion(per_second), 0.0), 0.0, []
    for gap, part in asked:
        now = max(0.0, now + gap)
        count = max(1, int(part * portion(per_second)))
        bucket, wait = bucket.take(count, now=now)
        assert wait >= 0
        starts.append((now, now + wait, count))
    return starts


@given(rates, asks)
def test_over_no_span_of_time_more_goes_than_the_rate_and_a_second_s_worth(per_second, asked):
    starts = sorted((start, count) for _, start, count in start_times(per_second, asked))
    for first in range(len(starts)):
        sent = 0
        for start, count in starts[first:]:
            sent += count
            allowed = per_second * (start - starts[first][0]) + portion(per_second)
            assert sent <= allowed * (1 + 1e-9) + 1e-6


@given(rates, asks)
def test_nobody_waits_longer_than_for_what_was_promised_before(per_second, asked):
    busy_until = 0.0
    for now, start, count in start_times(per_second, asked):
        # As if one after the other were served at the rate, from the moment of asking on.
        busy_until = max(busy_until, now) + count / per_second
        assert start <= busy_until * (1 + 1e-9) + 1e-6


@given(
    st.integers(min_value=1, max_value=64),
    st.lists(st.sampled_from(["ok", "limited", "late"]), max_size=400),
)
def test_calls_at_once_halve_once_for_an_overload_and_grow_by_one_in_fifty(most, story):
    concurrency, well = Concurrency(most), 0
    for what in story:
        before, round_ = concurrency.limit, concurrency.round
        if what == "ok":
            concurrency.note_success()
            well += 1
            grows = well % SUCCESSES_FOR_ONE_MORE == 0
            assert concurrency.limit == min(most, before + grows)
        elif what == "limited":
            assert concurrency.note_trouble(round_, halve=True)
            assert concurrency.limit == max(1, before // 2)
            well = 0
        else:
            assert not concurrency.note_trouble(round_ - 1, halve=True)
            assert concurrency.limit == before
        assert 1 <= concurrency.limit <= most


@pytest.mark.parametrize(("kind", "first"), [("deferred", 0.5), ("not_sent", 1.0)])
def test_a_back_off_doubles_with_each_round_up_to_a_minute_and_no_two_are_alike(
    ledger, kind, first
):
    class Channel:
        name, batch_size, concurrency, per_second = "sms", 1, 2, None

    pace, waits = Pace(ledger, Channel), []
    for number in range(40):
        request = Request(f"a{number}", (f"m{number}",), {}, "")
        pace.begin([request])
        waits.append(pace.learn(Outcome(kind, "x"), request))
    for number, seconds in enumerate(waits):
        assert 0 <= seconds <= min(LONGEST_WAIT, first * 2**number)
    assert max(waits) > 20
    assert len(set(waits)) == len(waits)
    assert pace.concurrency == (1 if kind == "deferred" else 2)


@pytest.fixture
def still_clock(monkeypatch):
    """The ledger's own clock stands: no token comes back while a test runs."""
    for dialect in _stops._CLOCKS:
        monkeypatch.setitem(_stops._CLOCKS, dialect, "1000.0")


@pytest.mark.both_databases
@pytest.mark.usefixtures("still_clock")
def test_the_rate_of_a_sender_is_kept_by_all_workers_together(
    ledger, settings, clock, provider, make_row
):
    """Ten a second and sixty texts: whichever of two workers sends the last, it waits five."""
    paced = settings.model_copy(update={"sms_per_second": 10.0})
    plan(ledger, [make_row(number) for number in range(60)], paced, clock)
    waits: list[float] = []
    workers = [
        threading.Thread(
            target=send_due, args=(ledger, paced, clock), kwargs={"sleep": waits.append}
        )
        for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(provider.accepted.values()) == 60
    with ledger.read() as connection:
        row = connection.execute(
            select(tables.channel_brakes).where(
                tables.channel_brakes.c.sender == settings.twilio_messaging_service_sid
            )
        ).one()
    assert row.tokens == 10 - 60
    assert max(waits) == pytest.approx(5.0)


def test_no_answer_waits_for_long_to_be_written_down(ledger, settings, clock, provider, make_row):
    """Others call a message unknown whose answer stays unwritten for two minutes."""
    first = []

    def fault(ids):
        if not first:
            first.append(ids)
            return 429, {"Retry-After": "30"}, b"{}"
        return time.sleep(0.3)

    provider.fault = fault
    one_by_one = settings.model_copy(update={"email_batch_size": 1})
    plan(ledger, [make_row(number, channel="email") for number in range(6)], one_by_one, clock)
    unwritten = []

    def sleep(_):
        with ledger.read() as connection:
            unwritten.append(count_by_state(connection).get("sending", 0))

    send_due(ledger, one_by_one, clock, sleep=sleep)
    assert unwritten
    assert unwritten[0] == 0


@pytest.mark.usefixtures("still_clock")
def test_a_rate_below_a_batch_makes_small_batches(ledger, settings, clock, provider, make_row):
    paced = settings.model_copy(update={"email_per_second": 4.0})
    plan(ledger, [make_row(n, channel="email") for n in range(10)], paced, clock)
    waits: list[float] = []
    send_due(ledger, paced, clock, sleep=waits.append)
    assert [len(body["personalizations"]) for body in provider.bodies] == [4, 4, 2]
    assert waits == pytest.approx([1.0, 1.5])


@pytest.mark.both_databases
def test_what_one_worker_is_asked_to_wait_all_wait_once(
    ledger, settings, clock, provider, make_row
):
    plan(ledger, [make_row(number) for number in range(20)], settings, clock)
    with ledger.write() as connection:  # as a worker beside this one does
        _stops.pause(connection, "sms", seconds=30, now=clock.at)
        _stops.slow_down(connection, "sms", concurrency=2)
    most, waits = [], []

    def look(_ids):
        with ledger.read() as connection:
            state = tables.messages.c.state
            query = select(func.count()).where(state == "sending")
            most.append(connection.scalar(query))

    provider.fault = look
    assert send_due(ledger, settings, clock, sleep=waits.append).counts == {"accepted": 20}
    assert waits == [30]
    assert max(most) == 2
    with ledger.read() as connection:
        standing = _stops.standing(connection, "sms", now=clock.at)
    assert (standing.paused_until, standing.concurrency) == (None, 2)


def test_a_run_halves_its_calls_at_once_and_says_so_to_the_others(
    ledger, settings, clock, provider, make_row
):
    answers = iter([(429, {"Retry-After": "30"}, b"{}")] * 8)
    provider.fault = lambda _: next(answers, None)
    plan(ledger, [make_row(number) for number in range(40)], settings, clock)
    waits: list[float] = []
    report = send_due(ledger, settings, clock, sleep=waits.append)
    assert report.counts == {"accepted": 40}
    assert 20 < max(waits) <= 30
    with ledger.read() as connection:
        standing = _stops.standing(connection, "sms", now=clock.at)
    # All eight met the one overload; forty successes are not fifty.
    assert standing.concurrency == 4
    assert standing.paused_until is None


def test_a_pause_too_long_to_sit_out_stops_the_run_and_the_next_one_until_it_is_over(
    ledger, settings, clock, provider, make_row
):
    answers = iter([(429, {"Retry-After": "600"}, b"{}")])
    provider.fault = lambda _: next(answers, None)
    plan(ledger, [make_row(number) for number in range(30)], settings, clock)
    report = send_due(ledger, settings, clock, sleep=lambda _: None)
    assert "asks for a pause of 600 s" in report.stopped["sms"]
    calls = len(provider.bodies)
    assert calls <= 16
    again = send_due(ledger, settings, clock, sleep=lambda _: None)
    assert "asks for a pause of" in again.stopped["sms"]
    assert len(provider.bodies) == calls
    clock.advance(timedelta(seconds=600))
    done = send_due(ledger, settings, clock, sleep=lambda _: None)
    assert done.counts == {"accepted": 30 - calls + 1}
