"""The machine's clock jumps while a run sends: nothing goes twice or outside its hours."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import timedelta

import pytest
from outbox_rows import NOW, outbox_row

from winback.ledger import count_by_state, open_ledger
from winback.sending import _owner, send_due, sweep
from winback.sending.pace._bucket import Bucket

MESSAGES = 40
BEFORE = 10
# Those that were looked at a last time before the jump.
UNDER_WAY = 8
pytestmark = [pytest.mark.long, pytest.mark.both_databases]


@pytest.mark.parametrize(
    ("jump", "is_lawful"),
    [
        (timedelta(hours=5), False),  # 21:00
        (timedelta(days=1), False),  # the day's window is over
        (timedelta(hours=-1), True),  # 15:00
        (timedelta(hours=-3), False),  # 13:00
    ],
    ids=str,
)
def test_after_a_jump_each_message_is_judged_by_the_new_time_and_goes_once(
    *, jump, is_lawful, ledger, clock, provider, plan_all, finish
):
    plan_all([outbox_row(n) for n in range(MESSAGES)])
    called = Counter()

    def fault(_ids):
        called["all"] += 1
        if called["all"] == BEFORE:
            clock.advance(jump)

    provider.fault = fault
    finish()
    at_first = len(provider.accepted)
    assert at_first == MESSAGES if is_lawful else at_first <= BEFORE + UNDER_WAY
    clock.at = NOW + timedelta(minutes=5)
    finish()
    assert set(provider.accepted.values()) == {1}
    with ledger.read() as connection:
        ended = count_by_state(connection)
    assert set(ended) <= {"accepted", "expired", "planned"}, "some wait for their next window"
    assert sum(ended.values()) == MESSAGES
    assert ended["accepted"] == len(provider.accepted)


def test_a_run_that_lives_sends_nothing_twice_if_the_clock_says_that_its_lease_is_over(
    *, ledger, settings, clock, provider, plan_all, finish, monkeypatch
):
    plan_all([outbox_row(n) for n in range(MESSAGES)])
    real_now, ahead = _owner._real_now, []
    monkeypatch.setattr(_owner, "_real_now", lambda it: real_now(it) + sum(ahead, timedelta()))
    called, may_go_on = [], threading.Event()

    def fault(ids):
        called.append(ids)
        if len(called) == BEFORE:
            ahead.append(timedelta(days=1))
        if len(called) >= BEFORE:
            may_go_on.wait(30)

    def run_beside():
        deadline = time.monotonic() + 30
        while not ahead and time.monotonic() < deadline:
            time.sleep(0.01)
        with open_ledger(settings) as mine:
            sweep(mine, clock)
            may_go_on.set()
            send_due(mine, settings, clock, sleep=lambda _: None)

    provider.fault = fault
    beside = threading.Thread(target=run_beside)
    beside.start()
    finish()
    beside.join(60)
    assert not beside.is_alive()
    finish()
    assert set(provider.accepted.values()) == {1}
    assert len(provider.accepted) == MESSAGES


@pytest.mark.parametrize("back", [3_600, 86_400])
def test_nobody_waits_for_the_time_that_the_clock_was_ahead(back):
    full = Bucket(10, 10, at=1_000_000)
    ahead, _ = full.take(10, now=1_000_000)
    after, seconds = ahead.take(10, now=1_000_000 - back)
    assert seconds == pytest.approx(1)
    _, seconds = after.take(10, now=1_000_001 - back)
    assert seconds == pytest.approx(1), "and the rate holds"


def test_a_clock_that_went_back_a_little_refills_nothing():
    empty = Bucket(10, 0, at=1_000)
    again, seconds = empty.take(1, now=999.5)
    assert (again.at, again.tokens, seconds) == (1_000, -1, pytest.approx(0.6))
