"""What a run of sending came to, in numbers and opaque ids only."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from winback.sending._sweep import SweepReport


@dataclass
class SendReport:
    """One call of `send_due`."""

    # Messages by the state they ended in: accepted, rejected, unknown, suppressed, expired.
    counts: Counter[str] = field(default_factory=Counter)
    # Requests made, by what they came to.
    attempts: Counter[str] = field(default_factory=Counter)
    # What SQL allowed and the guard did not, by rule.
    refused_by_guard: Counter[str] = field(default_factory=Counter)
    # May have been sent; never sent again by themselves. Callbacks settle them.
    unknown_ids: list[str] = field(default_factory=list)
    # Channels that stopped early, and why: one line for the operator each.
    stopped: dict[str, str] = field(default_factory=dict)
    # Due, not sent, and in nobody's hands when the run ended.
    left_waiting: int = 0
    swept: SweepReport = field(default_factory=SweepReport)

    def summary(self) -> str:
        """One line with the numbers that matter."""
        parts = [f"{count} {state}" for state, count in sorted(self.counts.items()) if count]
        refused = self.refused_by_guard.total()
        parts += [f"{refused} refused by the guard"] if refused else []
        parts += [f"{self.left_waiting} left waiting"] if self.left_waiting else []
        return ", ".join(parts) or "nothing was due"
