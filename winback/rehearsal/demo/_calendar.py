"""When people buy: the shop's seasons, weekdays and hours, as a change of time.

Waiting times are drawn in *shop days*: a shop day passes quickly in December and slowly
at night. Mapping them to the clock keeps every order of events and needs no rejection.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np
import numpy.typing as npt

Seconds = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Indexes = npt.NDArray[np.int64]

HOUR = 3_600
DAY = 24 * HOUR
YEAR_DAYS = 365.25

# Gift shops sell about 60 % more in December than in a mean month and least in summer.
MONTHS = np.array([0.92, 0.86, 0.92, 0.95, 1.04, 0.93, 0.85, 0.86, 0.93, 1.0, 1.2, 1.54])
WEEKDAYS = np.array([1.06, 1.0, 0.97, 0.97, 0.95, 0.95, 1.1])  # Monday first
# By UTC hour; most customers live in North America and buy in their evening.
HOURS = np.array(
    [14, 12, 9, 7, 4, 3, 2, 2, 3, 4, 4, 5, 6, 7, 9, 10, 11, 12, 13, 13, 14, 14, 15, 15]
)
MEAN_INTENSITY = float(MONTHS.mean() * WEEKDAYS.mean() * HOURS.mean())
BLACK_FRIDAY_DAYS = range(22, 31)  # of November
BLACK_FRIDAY_BOOST = 1.6


def to_seconds(at: datetime) -> int:
    """Convert an aware moment to whole seconds since 1970."""
    return int(at.timestamp())


class Calendar:
    """Maps clock time (epoch seconds) to shop days and back over a fixed span."""

    def __init__(self, starts_at: int, *, days: int, growth_per_year: float = 0.0) -> None:
        self._knots = starts_at + np.arange(days * 24 + 1, dtype=np.int64) * HOUR
        hours = self._knots[:-1].astype("datetime64[s]")
        years = np.arange(hours.size) / (24 * YEAR_DAYS)
        per_hour = _intensity(hours) * np.exp(growth_per_year * years) / (24 * MEAN_INTENSITY)
        self._shop_days = np.concatenate([[0.0], np.cumsum(per_hour)])

    @property
    def span(self) -> float:
        """Return the length of the whole calendar in shop days."""
        return float(self._shop_days[-1])

    def shop_days(self, at: Seconds) -> Floats:
        shop_days: Floats = np.interp(at, self._knots, self._shop_days)
        return shop_days

    def clock(self, shop_days: Floats) -> Seconds:
        """Return epoch seconds, rounded up so that an event never precedes its cause."""
        seconds: Floats = np.interp(shop_days, self._shop_days, self._knots.astype(np.float64))
        return np.ceil(seconds).astype(np.int64)


def _intensity(hours: npt.NDArray[np.datetime64]) -> Floats:
    days = hours.astype("datetime64[D]")
    months = hours.astype("datetime64[M]").astype(np.int64) % 12
    weekdays = (days.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday
    day_of_month = (days - hours.astype("datetime64[M]").astype("datetime64[D]")).astype(
        np.int64
    ) + 1
    is_black_friday = (months == 10) & np.isin(day_of_month, list(BLACK_FRIDAY_DAYS))
    hour_of_day = hours.astype("datetime64[h]").astype(np.int64) % 24
    boost = np.where(is_black_friday, BLACK_FRIDAY_BOOST, 1.0)
    intensity: Floats = MONTHS[months] * WEEKDAYS[weekdays] * HOURS[hour_of_day] * boost
    return intensity
