"""Ctrl-C and SIGTERM while calls are under way: their answers are kept, and none begins after."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest
from sqlalchemy import func, select

from winback.base.ending import ending_later
from winback.ledger import tables
from winback.sending import plan, send_due

pytestmark = pytest.mark.long

CALLS_AT_ONCE = 8  # of the channel of texts


class EndedError(Exception):
    """What the process's own handler does, in place of ending it."""


@pytest.fixture(autouse=True)
def _ends():
    """SIGINT and SIGTERM raise, as they do in the command line."""

    def end(number, _frame):
        raise EndedError(number)

    earlier = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in earlier.items():
        assert signal.getsignal(number) is end, "who was there before hears signals again"
        signal.signal(number, handler)


def states(ledger):
    m = tables.messages.c
    with ledger.read() as connection:
        found = connection.execute(select(m.state, func.count()).group_by(m.state)).all()
    return dict(map(tuple, found))


@pytest.mark.both_databases
def test_the_calls_under_way_end_and_are_written_down_before_the_run_ends(
    ledger, settings, clock, provider, make_row
):
    answered, under_way = threading.Event(), threading.Semaphore(0)

    def slowly(_ids):
        under_way.release()
        answered.wait(30)

    def interrupt():
        for _ in range(CALLS_AT_ONCE):
            assert under_way.acquire(timeout=20)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.3)
        answered.set()

    provider.fault = slowly
    plan(ledger, [make_row(i) for i in range(90)], settings, clock)
    hand = threading.Thread(target=interrupt)
    hand.start()
    with pytest.raises(EndedError):
        send_due(ledger, settings, clock)
    hand.join()
    assert states(ledger) == {"accepted": CALLS_AT_ONCE, "planned": 90 - CALLS_AT_ONCE}
    assert len(provider.accepted) == CALLS_AT_ONCE
    provider.fault = lambda _: None
    assert send_due(ledger, settings, clock).counts == {"accepted": 90 - CALLS_AT_ONCE}
    assert set(provider.accepted.values()) == {1}, "no message is sent twice"


@pytest.mark.only_sqlite
def test_a_wait_for_the_pace_ends_at_once(ledger, settings, clock, provider, make_row):
    slow = settings.model_copy(update={"sms_per_second": 0.05})
    plan(ledger, [make_row(i) for i in range(90)], settings, clock)
    provider.fault = lambda _: threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    begun = time.monotonic()
    with pytest.raises(EndedError):
        send_due(ledger, slow, clock)
    assert time.monotonic() - begun < 10, "twenty seconds between two texts are not waited for"
    assert states(ledger).keys() == {"accepted", "planned"}


def test_a_second_signal_is_not_put_off():
    def end_twice():
        with ending_later() as ending:
            signal.raise_signal(signal.SIGINT)
            assert ending.is_asked
            signal.raise_signal(signal.SIGINT)
            pytest.fail("the second signal acts at once")

    with pytest.raises(EndedError):
        end_twice()


def test_without_a_signal_nothing_happens():
    with ending_later() as ending:
        ending.sleep(0.01)
    assert not ending.is_asked
