"""Each stage of a run as a flow of its own, so that it can be scheduled, paused and watched.

Every stage that can send has `mode`, and does nothing but look until it is told more
than `dry-run`. A stage that dies is finished by running it again.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from prefect import flow

from flows import _tasks
from flows._artifacts import keep_table
from flows._context import current_stage, open_stage
from flows._ending import ended
from winback import sending
from winback.base.content_series import content_series
from winback.base.settings import Mode
from winback.conversations import inbox
from winback.inbound import CollectReport
from winback.ledger import REPLIES
from winback.measure import report
from winback.reconcile import ReconcileReport, open_messages
from winback.warehouse import BuildReport, require_recent

Sent = list[tuple[str, int, sending.SendReport]]

_NOTHING_SENT = "a dry run sends nothing; what it would send is planned in `enroll`"


def built_audience() -> BuildReport:
    """Build who has lapsed, who may be contacted, and what is due for whom."""
    built = _tasks.build_audience()
    keep_table("audience-funnel", report.funnel(built.published), "From lapsed to chosen")
    keep_table("decisions", report.decisions(built.published), "What was decided, and why")
    return built


def enrolled_and_planned(published: Path) -> tuple[int, sending.PlanReport]:
    """Enroll who entered, then plan; a dry run only renders."""
    if not current_stage().run.sends:
        return 0, _tasks.plan(published)
    enrolled = _tasks.enroll(published)
    _tasks.sweep()
    return enrolled, _tasks.plan(published)


def sent_due(playbook_id: str | None = None) -> Sent:
    """Answer who asks or joins, then send each step that is due, or one playbook's; a channel
    that stopped stays stopped."""
    stage = current_stage()
    _tasks.sweep()
    if any(series.is_enabled for series in content_series()):
        _tasks.acknowledge_joins()
    if stage.settings.responder:
        _tasks.reply()
    sent: Sent = []
    stopped: set[str] = set()
    for playbook, step, channel in sending.steps_due(stage.ledger, stage.run.clock):
        if channel not in stopped and playbook_id in {None, playbook}:
            done = _tasks.send(playbook, step)
            sent.append((playbook, step, done))
            stopped |= set(done.stopped)
    _keep_sent(sent)
    return sent


def reconciled() -> ReconcileReport:
    """Settle what is unknown by evidence, and show by id what still is and what went out twice."""
    done = _tasks.reconcile()
    stage = current_stage()
    rows = [
        {"message_id": it.message_id, "channel": it.channel, "state": it.state, "reason": it.reason}
        for it in open_messages(stage.ledger)
    ]
    keep_table("unknown-messages", rows, "May have been sent: `winback reconcile`")
    return done


def measured() -> BuildReport:
    """Build the outcomes and keep them as artifacts."""
    built = _tasks.measure()
    rates = report.reactivation_rates(built.published)
    caused = report.experiment_results(built.published)
    keep_table("reactivation-rates", rates, "Who came back, by arm, variant and window")
    keep_table("experiment-results", caused, "What the messages caused")
    return built


def who_waits() -> int:
    """How many people wait for a human's answer; counts alone are kept, for all to see."""
    stage = current_stage()
    queue = inbox.queue(stage.ledger, stage.run.clock)
    keep_table("human-queue", queue, "Who waits for an answer: `winback inbox`")
    return sum(row["people"] for row in queue)


def _keep_sent(sent: Sent) -> None:
    rows = [{"playbook": playbook, "step": step, **done.counts} for playbook, step, done in sent]
    keep_table("send-report", rows, "What was sent, by step and state")


@flow(name="audience")
def audience(mode: Mode = "dry-run", as_of: datetime | None = None) -> BuildReport:
    """Build who has lapsed, who may be contacted, and what is due for whom."""
    with open_stage(mode, as_of):
        built = built_audience()
    counts = built.manifest.row_counts
    return ended(
        f"{counts['customers']:,} customers, {counts['entrants']:,} enter, "
        f"{counts['send_decisions']:,} decisions, {len(built.warnings)} warnings",
        built,
    )


@flow(name="enroll")
def enroll(mode: Mode = "dry-run", as_of: datetime | None = None) -> tuple[int, sending.PlanReport]:
    """Write who entered a playbook to the ledger, and plan the messages that are due."""
    with open_stage(mode, as_of) as stage:
        name = "current" if stage.run.sends else "dry-run"
        published = (stage.settings.published_dir / name).resolve()
        require_recent(published, stage.run.as_of)
        enrolled, planned = enrolled_and_planned(published)
    return ended(f"{enrolled:,} enrolled; {planned.summary()}", (enrolled, planned))


@flow(name="send-step", flow_run_name="send {playbook} step {step}")
def send_step(
    playbook: str, step: int, mode: Mode = "dry-run", as_of: datetime | None = None
) -> Sent:
    """Send what is due of one step of one playbook."""
    with open_stage(mode, as_of) as stage:
        if not stage.run.sends:
            return ended(_NOTHING_SENT, [])
        sent = _tasks.send(playbook, step)
        _keep_sent([(playbook, step, sent)])
    return ended(sent.summary(), [(playbook, step, sent)])


@flow(name="send-due")
def send_due(mode: Mode = "dry-run", as_of: datetime | None = None) -> Sent:
    """Send what is due now, step by step, whatever the playbook."""
    with open_stage(mode, as_of) as stage:
        if not stage.run.sends:
            return ended(_NOTHING_SENT, [])
        sent = sent_due()
    lines = (f"{playbook} {step}: {done.summary()}" for playbook, step, done in sent)
    return ended("; ".join(lines) or "nothing was due", sent)


@flow(name="answer")
def answer(mode: Mode = "dry-run", as_of: datetime | None = None) -> Sent:
    """Answer who asks, and confirm who joins a content series; nothing else is sent."""
    with open_stage(mode, as_of) as stage:
        if not stage.run.sends:
            return ended(_NOTHING_SENT, [])
        sent = sent_due(REPLIES)
    lines = (done.summary() for _, _, done in sent)
    return ended("; ".join(lines) or "nobody was to be answered", sent)


@flow(name="collect")
def collect(mode: Mode = "dry-run", as_of: datetime | None = None) -> CollectReport:
    """Read what came back: deliveries, clicks, replies, opt-outs."""
    with open_stage(mode, as_of) as stage:
        if not stage.run.sends:
            return ended("a dry run leaves the ledger as it is", CollectReport())
        collected = _tasks.collect()
        waiting = who_waits()
    return ended(
        f"{collected.events:,} events, {collected.suppressed:,} opt-outs, "
        f"{collected.unmatched:,} of no message of ours, {waiting:,} wait for a human",
        collected,
    )


@flow(name="reconcile")
def reconcile(mode: Mode = "dry-run", as_of: datetime | None = None) -> ReconcileReport:
    """Settle messages of unknown outcome; ask for deliveries and opt-outs that nobody told."""
    with open_stage(mode, as_of) as stage:
        if not stage.run.sends:
            return ended("a dry run asks nobody and leaves the ledger as it is", ReconcileReport())
        _tasks.collect()
        done = reconciled()
    return ended(done.summary(), done)


@flow(name="measure")
def measure(mode: Mode = "dry-run", as_of: datetime | None = None) -> BuildReport | None:
    """Build the outcomes and report them: who came back, and what the messages caused."""
    with open_stage(mode, as_of) as stage:
        if not stage.run.sends:
            return ended("a dry run has no outcomes of its own", None)
        built = measured()
    counts = built.manifest.row_counts
    return ended(
        f"{counts['reactivations']:,} of {counts['enrollments']:,} enrolled came back", built
    )
