"""The whole run, as one story: `winback run` is a run of this flow and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from prefect import flow
from prefect.states import Completed, State

from flows import _tasks, stages
from flows._artifacts import keep_table
from flows._context import Stage, open_stage
from winback import sending
from winback.report import Rows
from winback.settings import Mode
from winback.warehouse import BuildReport


@dataclass
class RunReport:
    """What one run did; `unknown` names the messages whose sending is not known for sure."""

    audience: BuildReport
    enrolled: int = 0
    plan: sending.PlanReport | None = None
    sent: Rows = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    outcomes: BuildReport | None = None

    def summary(self) -> str:
        accepted = sum(row.get("accepted", 0) for row in self.sent)
        line = f"{self.enrolled:,} enrolled, {accepted:,} messages accepted"
        return line + (f", {len(self.unknown):,} unknown" if self.unknown else "")


@flow(name="winback-run")
def winback_run(
    mode: Mode = "dry-run", as_of: datetime | None = None, measure: bool = True
) -> State[Any]:
    """Collect, build the audience, enroll, send each step that is due, collect, measure.

    A dry run ends after planning: it shows the funnel, the decisions, the renders and
    their cost. Without `measure` the outcomes wait for the next run's build.
    """
    with open_stage(mode, as_of) as stage:
        if stage.run.sends:
            stages.collect(mode, as_of)
        report = RunReport(stages.audience(mode, as_of))
        report.enrolled, report.plan = stages.enroll(mode, as_of)
        if stage.run.sends:
            _send_due_steps(stage, report)
            stages.collect(mode, as_of)
            if measure:
                report.outcomes = stages.measure(mode, as_of)
    return Completed(message=report.summary(), data=report)


def _send_due_steps(stage: Stage, report: RunReport) -> None:
    for playbook, step in sending.due_steps(stage.ledger, stage.run.clock):
        sent = _tasks.send(playbook, step)
        report.sent.append({"playbook": playbook, "step": step, **sent.counts})
        report.unknown.extend(sent.unknown)
    keep_table("send-report", report.sent, "What was sent in this run, by step and state")
