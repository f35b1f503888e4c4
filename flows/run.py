"""The whole run, as one story: `winback run` is a run of this flow and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from prefect import flow

import quality
from flows import _work
from flows._context import open_stage
from flows._ending import cancel_flow, end_flow
from flows._tasks import collect, withdraw_unresolved
from winback import sending
from winback.base.settings import Mode
from winback.ledger import sent_twice
from winback.reconcile import ReconcileReport
from winback.warehouse import BuildReport


@dataclass
class RunReport:
    """The outcome of one run."""

    audience: BuildReport
    enrolled: int = 0
    plan: sending.PlanReport | None = None
    sent: _work.Sent = field(default_factory=list)
    outcomes: BuildReport | None = None
    # The messages that evidence settled before the audience was built.
    reconciled: ReconcileReport = field(default_factory=ReconcileReport)
    # The messages, of any run, that a provider took twice.
    sent_twice: list[str] = field(default_factory=list)
    # The messages, of this run or an earlier one, of which nobody knows whether they left.
    unknown: list[str] = field(default_factory=list)
    # People who wait for a human's reply.
    waiting: int = 0

    def summary(self) -> str:
        accepted = sum(report.counts.get("accepted", 0) for _, _, report in self.sent)
        line = f"{self.enrolled:,} customers entered a playbook, {accepted:,} messages sent"
        line += f", {len(self.unknown):,} of unknown outcome" if self.unknown else ""
        return line + (f", {self.waiting:,} wait for a human" if self.waiting else "")


@flow(name="winback-run")
def winback_run(
    mode: Mode = "dry-run", as_of: datetime | None = None, measure: bool = True
) -> RunReport:
    """Collect, settle what is unknown, build the audience, enroll, send each step that is due,
    collect, measure.

    A dry run ends after planning: it shows the funnel, the decisions, the renders and
    their cost. Without `measure` the outcomes wait for the next run's build.
    """
    try:
        return _run(mode, as_of, measure=measure)
    except SystemExit:
        # Ctrl-C: the command line tells of it; in the UI the run is no failure.
        return cancel_flow("interrupted; the next run goes on from there", RunReport)


def _run(mode: Mode, as_of: datetime | None, *, measure: bool) -> RunReport:
    with quality.gate(sends=True).beside(), open_stage(mode, as_of) as stage:
        settled = ReconcileReport()
        if stage.run.sends:
            collect()
            settled = _work.reconcile()
        report = RunReport(_work.build_audience(), reconciled=settled)
        report.enrolled, report.plan = _work.enroll_and_plan(report.audience.published)
        if stage.run.sends:
            report.sent = _work.send_due()
            withdraw_unresolved()
            collect()
            report.waiting = _work.count_waiting()
            report.unknown = sending.unknown_messages(stage.ledger)
            with stage.ledger.read() as connection:
                report.sent_twice = list(sent_twice(connection))
            if measure:
                report.outcomes = _work.measure()
    return end_flow(report.summary(), report)
