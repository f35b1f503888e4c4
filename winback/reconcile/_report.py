"""What a run of reconciling came to, in numbers and opaque ids only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from winback.base.clock import shop_time


@dataclass
class ReconcileReport:
    """One call of `reconcile`."""

    # Messages of unknown outcome, by what became of them.
    accepted: int = 0
    planned_again: int = 0
    expired: int = 0
    unknown_final: int = 0
    waiting: int = 0
    # The earliest moment at which something can be found out about one that waits.
    next_look_at: datetime | None = None
    # Taken by the provider more than once.
    sent_twice: list[str] = field(default_factory=list)
    # Texts whose callbacks are missing: asked for, and of those what was news.
    polled: int = 0
    news: int = 0
    # Messages of which we learned what was charged.
    priced: int = 0
    # Addresses that the provider's own lists suppress and ours did not yet.
    suppressed: int = 0
    # The records that could not be read, and why: nothing changed because of them.
    unreadable: dict[str, str] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        """Whether anything was found out."""
        settled = self.accepted + self.planned_again + self.expired + self.unknown_final
        return bool(settled or self.sent_twice or self.news or self.suppressed or self.priced)

    def wait(self, until: datetime) -> None:
        """Count one that waits."""
        self.waiting += 1
        if self.next_look_at is None or until < self.next_look_at:
            self.next_look_at = until

    def summary(self, shop_timezone: str = "UTC") -> str:
        """One line with the numbers that matter."""
        parts = [
            (self.accepted, "proved to be sent"),
            (self.planned_again, "proved not to be sent, and planned again"),
            (self.expired, "proved not to be sent, too late to send them"),
            (self.unknown_final, "that nobody will ever know about"),
        ]
        line = [f"{count:,} {what}" for count, what in parts if count]
        if self.waiting and self.next_look_at:
            until = shop_time(self.next_look_at, shop_timezone)
            line.append(f"{self.waiting:,} wait until {until}")
        line += [f"news of {self.news:,} of {self.polled:,} texts"] if self.polled else []
        line += [f"what {self.priced:,} messages cost"] if self.priced else []
        if self.suppressed:
            line.append(f"{self.suppressed:,} addresses opted out or bad by the providers' lists")
        line += [f"{len(self.sent_twice):,} SENT TWICE"] if self.sent_twice else []
        # Not "no outcome was unknown", where nobody could be asked.
        line += [f"{what} could not be asked ({why})" for what, why in self.unreadable.items()]
        return ", ".join(line) or "no outcome was unknown"
