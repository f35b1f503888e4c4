"""Load per hour against what a channel can send, and what would not get out in time."""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from winback.measure.backtest._messages import Batch

HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Window:
    """Messages of one channel that may leave between two instants, and only there."""

    opens_at: datetime
    closes_at: datetime
    messages: float


@dataclass(frozen=True)
class ChannelLoad:
    """One channel's hours. Rates are messages an hour; without a limit, None.

    `hours_needed` is what the busiest day's messages take at the limit; `late` is how many
    messages all days together can't send before their windows close, sending whatever
    closes first; `late_days` names the days of those windows' opening.
    """

    channel: str
    messages: float
    hours: dict[datetime, float]
    limit_per_hour: float | None
    busiest_day: str
    busiest_day_messages: float
    hours_needed: float | None
    late: float
    late_days: tuple[str, ...]

    @property
    def peak_hour(self) -> datetime:
        return max(self.hours, key=lambda hour: self.hours[hour])

    @property
    def peak(self) -> float:
        """The most messages in an hour, each window's spread evenly over it."""
        return self.hours[self.peak_hour]


def channel_loads(
    batches: Sequence[Batch], per_second: dict[str, float | None], zone: str
) -> list[ChannelLoad]:
    """The load of each channel; days are the shop's."""
    windows: dict[str, dict[tuple[datetime, datetime], float]] = defaultdict(
        lambda: defaultdict(float)
    )
    for batch in batches:
        if batch.opens_at is not None and batch.closes_at is not None and batch.messages:
            windows[batch.step.channel][batch.opens_at, batch.closes_at] += batch.messages
    return [
        _channel_load(
            channel,
            [Window(opens_at, closes_at, n) for (opens_at, closes_at), n in sorted(found.items())],
            per_second.get(channel),
            ZoneInfo(zone),
        )
        for channel, found in sorted(windows.items())
    ]


def _channel_load(
    channel: str, windows: Sequence[Window], per_second: float | None, zone: ZoneInfo
) -> ChannelLoad:
    days: dict[str, float] = defaultdict(float)
    for window in windows:
        days[_day(window, zone)] += window.messages
    busiest = max(days, key=lambda day: days[day])
    limit = None if per_second is None else per_second * 3600
    late = [] if per_second is None else unsent(windows, per_second)
    return ChannelLoad(
        channel=channel,
        messages=sum(days.values()),
        hours=spread(windows),
        limit_per_hour=limit,
        busiest_day=busiest,
        busiest_day_messages=days[busiest],
        hours_needed=None if limit is None else days[busiest] / limit,
        late=sum(window.messages for window in late),
        late_days=tuple(sorted({_day(window, zone) for window in late})),
    )


def _day(window: Window, zone: ZoneInfo) -> str:
    return window.opens_at.astimezone(zone).date().isoformat()


def spread(windows: Sequence[Window]) -> dict[datetime, float]:
    """Messages per hour, each window's spread evenly over its minutes."""
    hours: dict[datetime, float] = defaultdict(float)
    for window in windows:
        length = window.closes_at - window.opens_at
        hour = window.opens_at.replace(minute=0, second=0, microsecond=0)
        while hour < window.closes_at:
            inside = min(hour + HOUR, window.closes_at) - max(hour, window.opens_at)
            hours[hour] += window.messages * (inside / length)
            hour += HOUR
    return dict(sorted(hours.items()))


def unsent(windows: Sequence[Window], per_second: float) -> list[Window]:
    """What is left when each window closes, if whatever closes first is sent first.

    No other order sends more in time, so what is left here can't be sent at all.
    """
    instants = sorted({w.opens_at for w in windows} | {w.closes_at for w in windows})
    pending = sorted(windows, key=lambda window: window.opens_at, reverse=True)
    open_now: list[tuple[datetime, datetime, float]] = []
    late: list[Window] = []
    for start, end in itertools.pairwise(instants):
        while pending and pending[-1].opens_at <= start:
            window = pending.pop()
            heapq.heappush(open_now, (window.closes_at, window.opens_at, window.messages))
        capacity = per_second * (end - start).total_seconds()
        while open_now and capacity > 0:
            closes_at, opens_at, messages = heapq.heappop(open_now)
            sent = min(messages, capacity)
            capacity -= sent
            if messages > sent:
                heapq.heappush(open_now, (closes_at, opens_at, messages - sent))
        while open_now and open_now[0][0] <= end:
            closes_at, opens_at, messages = heapq.heappop(open_now)
            # Fractions of a message are rounding, not load.
            if messages > 0.5:
                late.append(Window(opens_at, closes_at, messages))
    return late
