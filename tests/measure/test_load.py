"""Load per hour: spread over windows, held to a limit, with entries that wait their turn."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from winback.base.duck import connect
from winback.measure.backtest._load import Window, channel_loads, spread, unsent
from winback.measure.backtest._messages import Batch, Step, batches
from winback.measure.backtest._takers import Playbook, Takers, Way, let_in
from winback.warehouse import Replay

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FIRST = date(2026, 3, 1)


def test_a_window_is_spread_evenly_over_its_minutes() -> None:
    half_past = NOON + HOUR / 2
    hours = spread([Window(half_past, half_past + 2 * HOUR, 80), Window(NOON, NOON + HOUR, 5)])
    assert hours == {NOON: 25, NOON + HOUR: 40, NOON + 2 * HOUR: 20}


def test_what_closes_first_is_sent_first_and_the_rest_is_late() -> None:
    short, long = Window(NOON, NOON + HOUR, 3600), Window(NOON, NOON + 2 * HOUR, 3600)
    assert unsent([long, short], per_second=1) == []
    assert unsent([long, short], per_second=0.75) == [
        Window(NOON, NOON + HOUR, 900),
        Window(NOON, NOON + 2 * HOUR, 900),
    ]
    # Capacity before a window opens is of no use to it.
    later = Window(NOON + HOUR, NOON + 2 * HOUR, 3600)
    assert unsent([short, later], per_second=0.5) == [
        Window(NOON, NOON + HOUR, 1800),
        Window(NOON + HOUR, NOON + 2 * HOUR, 1800),
    ]


def batch(channel: str, messages: float, *, opens_at: datetime | None = NOON) -> Batch:
    step = Step("p", 1, channel, 0, 2.0)
    closes_at = None if opens_at is None else opens_at + 3 * HOUR
    return Batch(FIRST, step, "US", messages, opens_at, closes_at, 1.1)


def test_each_channel_is_held_to_its_own_limit() -> None:
    email, sms = channel_loads(
        [batch("sms", 9000), batch("email", 30), batch("sms", 600, opens_at=None)],
        {"sms": 0.5, "email": None},
        "America/New_York",
    )
    assert (email.peak, email.limit_per_hour, email.hours_needed, email.late) == (10, None, None, 0)
    assert (sms.peak, sms.limit_per_hour, sms.hours_needed) == (3000, 1800, 5)
    assert (sms.late, sms.late_days, sms.busiest_day) == (3600, ("2026-03-02",), "2026-03-02")


def test_a_batch_costs_its_segments() -> None:
    assert batch("sms", 10).segments == 20
    assert batch("sms", 10).cost_cents == pytest.approx(22)


def takers(day: date, people: float, playbook: str = "limited") -> Takers:
    opens_at = datetime(day.year, day.month, day.day, 15, tzinfo=UTC)
    return Takers(day, "entry", playbook, "US", (Way("sms", opens_at, opens_at + HOUR),), people)


def test_a_daily_limit_makes_entries_wait_for_a_later_window() -> None:
    days = [FIRST + timedelta(days=number) for number in range(4)]
    playbooks = [Playbook("free", 0.1, None, None), Playbook("limited", 0.1, 10, None)]
    came = [takers(days[0], 25), takers(days[2], 1), takers(days[0], 99, "free")]

    entered = let_in(came, playbooks, days)

    by_day = {day: sum(t.people for t in entered if t.day == day) for day in days}
    assert by_day == pytest.approx({days[0]: 99 + 10, days[1]: 10, days[2]: 6, days[3]: 0})
    waited = [way.opens_at for t in entered if t.day == days[1] for way in t.ways]
    assert waited == [datetime(2026, 3, 2, 15, tzinfo=UTC)]


def test_a_preset_that_opens_no_playbook_to_a_segment_sends_nothing() -> None:
    # Its replay never builds what says the prices.
    with connect() as connection:
        assert batches(Replay(connection, []), [], [], []) == []
