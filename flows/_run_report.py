"""What a run came to; it needs no Prefect, so that a run which finds nothing new needs none."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from winback import sending
from winback.reconcile import ReconcileReport
from winback.warehouse import BuildReport

Sent = list[tuple[str, int, sending.SendReport]]


@dataclass
class RunReport:
    """The outcome of one run."""

    audience: BuildReport
    enrolled: int = 0
    plan: sending.PlanReport | None = None
    sent: Sent = field(default_factory=list)
    outcomes: BuildReport | None = None
    # The messages that evidence settled before the audience was built.
    reconciled: ReconcileReport = field(default_factory=ReconcileReport)
    # The messages, of any run, that a provider took twice.
    sent_twice: list[str] = field(default_factory=list)
    # The messages, of this run or an earlier one, of which nobody knows whether they left.
    unknown: list[str] = field(default_factory=list)
    # The steps that wait for a person's yes, a sentence each.
    held: list[str] = field(default_factory=list)
    # People who wait for a human's reply.
    waiting: int = 0

    def summary(self) -> str:
        accepted = sum(report.counts.get("accepted", 0) for _, _, report in self.sent)
        line = f"{self.enrolled:,} customers entered a playbook, {accepted:,} messages sent"
        line += f", {len(self.unknown):,} of unknown outcome" if self.unknown else ""
        if self.held:
            line += ", 1 step waits" if len(self.held) == 1 else f", {len(self.held):,} steps wait"
            line += " for approval"
        return line + (f", {self.waiting:,} wait for a human" if self.waiting else "")


def told(audience: BuildReport, shop_timezone: str) -> str:
    """One line where nothing was built: since when nothing is new, and until when time alone
    changes nothing. Else nothing."""
    if audience.stands_until is None:
        return ""
    zone = ZoneInfo(shop_timezone)
    since = datetime.fromisoformat(audience.manifest.as_of)
    return (
        f"Nothing new since {since.astimezone(zone):%H:%M}: nothing was built. Time alone changes "
        f"nothing before {audience.stands_until.astimezone(zone):%H:%M} ({shop_timezone})."
    )
