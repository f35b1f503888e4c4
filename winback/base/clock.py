"""The one source of time. Nothing else in the project asks the machine for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from winback.base.errors import UsageError


class Clock(Protocol):
    """Anything that knows the current instant."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        ...


class WallClock:
    """The machine's clock: the only clock in live mode."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class FixedClock:
    """A clock that stands at `at` until it is moved: dry runs, the sandbox, replays, tests."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        self.at += by


def parse_as_of(text: str, shop_timezone: str) -> datetime:
    """Read `--as-of`.

    A date alone means the end of that day in the shop's zone; a time without an
    offset is in the shop's zone. Raises UsageError for anything else.
    """
    zone = ZoneInfo(shop_timezone)
    try:
        if len(text) <= len("2026-01-31"):
            last_moment = time(23, 59, 59, 999_999)
            return datetime.combine(date.fromisoformat(text), last_moment, zone).astimezone(UTC)
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(
            f"--as-of {text!r} is not an ISO 8601 date or time. "
            "Try --as-of 2026-03-31 or --as-of 2026-03-31T15:30:00Z."
        ) from None


def clock_at(as_of: str | None, shop_timezone: str) -> Clock:
    """The clock of a command: it stands at `--as-of`, or is the machine's own without one."""
    return WallClock() if as_of is None else FixedClock(parse_as_of(as_of, shop_timezone))


def shop_time(at: datetime, shop_timezone: str) -> str:
    """An instant as a person of the shop reads it, with the zone's name."""
    return f"{at.astimezone(ZoneInfo(shop_timezone)):%a %-d %b %Y %H:%M} {shop_timezone}"
