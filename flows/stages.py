"""Each stage of a run as a flow of its own, so that it can be scheduled, paused and watched.

Every stage that can send has `mode`, and does nothing but look until it is told more
than `dry-run`. A stage that dies is finished by running it again.

A stage ends in a state whose message holds its numbers; who calls it gets that state's
data, which Prefect can't type.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prefect import flow
from prefect.states import Completed

from flows import _tasks
from flows._artifacts import keep_table
from flows._context import open_stage
from winback import report, sending
from winback.settings import Mode

_NOTHING_SENT = "a dry run sends nothing; what it would send is planned in `enroll`"


@flow(name="audience")
def audience(mode: Mode = "dry-run", as_of: datetime | None = None) -> Any:
    """Build who has lapsed, who may be contacted, and what is due for whom."""
    with open_stage(mode, as_of):
        built = _tasks.build_audience()
        keep_table("audience-funnel", report.funnel(built.published), "From lapsed to chosen")
        keep_table("decisions", report.decisions(built.published), "What was decided, and why")
    counts = built.manifest.row_counts
    return Completed(
        message=f"{counts['customers']:,} customers, {counts['entrants']:,} entered, "
        f"{counts['send_decisions']:,} decisions, {len(built.warnings)} warnings",
        data=built,
    )


@flow(name="enroll")
def enroll(mode: Mode = "dry-run", as_of: datetime | None = None) -> Any:
    """Write who entered a playbook to the ledger, and plan the messages that are due."""
    with open_stage(mode, as_of) as stage:
        name = "current" if stage.run.sends else "dry-run"
        published = (stage.settings.published_dir / name).resolve()
        enrolled = _tasks.enroll(published) if stage.run.sends else 0
        planned = _tasks.plan(published)
    return Completed(
        message=f"{enrolled:,} enrolled, {planned.summary()}",
        data=(enrolled, planned),
    )


@flow(name="send-step", flow_run_name="send {playbook} step {step}")
def send_step(
    playbook: str, step: int, mode: Mode = "dry-run", as_of: datetime | None = None
) -> Any:
    """Send what is due of one step of one playbook."""
    with open_stage(mode, as_of) as stage:
        if not stage.run.sends:
            return Completed(message=_NOTHING_SENT)
        sent = _tasks.send(playbook, step)
    keep_table("send-report", [{"playbook": playbook, "step": step, **sent.counts}], "Sent")
    return Completed(message=sent.summary(), data=sent)


@flow(name="send-due")
def send_due(mode: Mode = "dry-run", as_of: datetime | None = None) -> Any:
    """Send what is due now, step by step, whatever the playbook."""
    with open_stage(mode, as_of) as stage:
        if not stage.run.sends:
            return Completed(message=_NOTHING_SENT, data=[])
        due = sending.due_steps(stage.ledger, stage.run.clock)
        reports = [(playbook, step, _tasks.send(playbook, step)) for playbook, step in due]
    rows = [{"playbook": playbook, "step": step, **sent.counts} for playbook, step, sent in reports]
    keep_table("send-report", rows, "What was sent, by step and state")
    return Completed(
        message="; ".join(
            f"{playbook} {step}: {sent.summary()}" for playbook, step, sent in reports
        )
        or "nothing was due",
        data=reports,
    )


@flow(name="collect")
def collect(mode: Mode = "dry-run", as_of: datetime | None = None) -> Any:
    """Read what came back: deliveries, clicks, replies, opt-outs."""
    with open_stage(mode, as_of) as stage:
        if not stage.run.sends:
            return Completed(message="a dry run leaves the ledger as it is")
        collected = _tasks.collect()
    return Completed(message=collected.summary(), data=collected)


@flow(name="measure")
def measure(mode: Mode = "dry-run", as_of: datetime | None = None) -> Any:
    """Build the outcomes and report them: who came back, and what the messages caused."""
    with open_stage(mode, as_of) as stage:
        if not stage.run.sends:
            return Completed(message="a dry run has no outcomes of its own")
        built = _tasks.measure()
    rates = report.reactivation_rates(built.published)
    keep_table("reactivation-rates", rates, "Who came back, by arm, variant and window")
    keep_table("experiment-results", report.experiment_results(built.published), "What was caused")
    return Completed(
        message=f"{built.manifest.row_counts['reactivations']:,} came back "
        f"of {built.manifest.row_counts['enrollments']:,} enrolled",
        data=built,
    )
