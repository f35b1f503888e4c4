"""How long what is kept, by the settings; what has no limit is kept for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from winback.base.settings import Settings

What = Literal["addresses", "words", "callbacks", "decisions", "reports"]

HOLDS: Final[dict[What, str]] = {
    "addresses": "addresses of messages that have ended, and of threads nobody waits in",
    "words": "words of messages and replies, and where links lead",
    "callbacks": "raw callbacks of the providers, and rows that could not be read",
    "decisions": "each run's decisions",
    "reports": "reports, and exports of persons",
}


@dataclass(frozen=True)
class Limit:
    """What is kept for how many days; None: for good."""

    what: What
    days: int | None

    @property
    def setting(self) -> str:
        return f"WINBACK_KEEP_{self.what.upper()}_DAYS"

    def before(self, now: datetime) -> datetime | None:
        """What is older than this goes."""
        return None if self.days is None else now - timedelta(days=self.days)

    def __str__(self) -> str:
        return f"{self.what} {'for good' if self.days is None else f'{self.days:,} days'}"


def limits(settings: Settings) -> dict[What, Limit]:
    """The limit of each kind. A raw callback holds addresses and words: it stays no longer than
    either."""
    days: dict[What, int | None] = {
        "addresses": settings.keep_addresses_days,
        "words": settings.keep_words_days,
        "callbacks": settings.keep_callbacks_days,
        "decisions": settings.keep_decisions_days,
        "reports": settings.keep_reports_days,
    }
    shortest = (days["addresses"], days["words"], days["callbacks"])
    days["callbacks"] = min((it for it in shortest if it is not None), default=None)
    return {what: Limit(what, number) for what, number in days.items()}
