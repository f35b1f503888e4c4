"""Each stage of a run as a flow of its own, so that it can be scheduled, paused and watched.

Every stage that can send has `mode`, and does nothing but look until it is told more
than `dry-run`; deployments tell it to go by the house's. A stage that dies is finished by running
it again.
"""

from __future__ import annotations

from datetime import datetime

from prefect import flow

from flows import _approval, _tasks, _work
from flows._ending import end_flow, ends_in_a_sentence
from flows._entry import open_run
from flows._forms import about, named, with_form
from flows._report import keep_report, keep_report_of_sent
from flows._run_report import RunReport, Sent, told
from winback import sending
from winback.inbound import CollectReport
from winback.ledger import REPLIES
from winback.readiness.modes import RunMode
from winback.reconcile import ReconcileReport
from winback.warehouse import BuildReport, require_recent

_NOTHING_SENT = (
    "a dry run sends nothing; what it would send is planned in `enroll`. Next: winback mode"
)


@flow(name="audience", flow_run_name=named("audience"), description=about("audience"))
@with_form
@ends_in_a_sentence
def audience(mode: RunMode = "dry-run", as_of: datetime | None = None) -> BuildReport:
    """Build the audience: who has lapsed, who may be contacted, and what is due for whom."""
    with open_run(mode, as_of) as stage:
        built = _work.build_audience()
        if built.stands_until is not None:
            return end_flow(told(built, stage.settings.shop_timezone), built, name="Nothing new")
        keep_report(stage, RunReport(built))
    counts = built.manifest.row_counts
    return end_flow(
        f"{counts['customers']:,} customers, {counts['entrants']:,} enter a playbook, "
        f"{counts['send_decisions']:,} steps decided, {len(built.warnings)} warnings",
        built,
    )


@flow(name="enroll", flow_run_name=named("enroll"), description=about("enroll"))
@with_form
@ends_in_a_sentence
def enroll(
    mode: RunMode = "dry-run", as_of: datetime | None = None
) -> tuple[int, sending.PlanReport]:
    """Write the entrants of playbooks to the ledger, and plan the messages that are due."""
    with open_run(mode, as_of) as stage:
        name = "current" if stage.run.sends else "dry-run"
        published = (stage.settings.published_dir / name).resolve()
        require_recent(published, stage.run.as_of)
        enrolled, planned = _work.enroll_and_plan(published)
    line = f"{enrolled:,} customers entered a playbook; {planned.summary()}"
    return end_flow(line, (enrolled, planned))


@flow(
    name="send-step",
    flow_run_name=named("send {playbook} step {step}"),
    description=about("send_step"),
)
@with_form
@ends_in_a_sentence
def send_step(
    playbook: str, step: int, mode: RunMode = "dry-run", as_of: datetime | None = None
) -> Sent:
    """Send the due messages of one step of one playbook."""
    with open_run(mode, as_of) as stage:
        if not stage.run.sends:
            return end_flow(_NOTHING_SENT, [])
        sent = _tasks.send(playbook, step)
        _work.keep_sent([(playbook, step, sent)])
        keep_report_of_sent(stage, [(playbook, step, sent)])
    return end_flow(sent.summary(), [(playbook, step, sent)])


@flow(
    name="send-playbook", flow_run_name=named("send {playbook}"), description=about("send_playbook")
)
@with_form
@ends_in_a_sentence
def send_playbook(playbook: str, mode: RunMode = "dry-run", as_of: datetime | None = None) -> Sent:
    """Send the due messages of one playbook, step by step; a paused step waits."""
    with open_run(mode, as_of) as stage:
        if not stage.run.sends:
            return end_flow(_NOTHING_SENT, [])
        sent = _work.send_playbook(playbook)
        keep_report_of_sent(stage, sent)
        held = _approval.lines(_approval.ask(stage), playbook)
    lines = [*(f"step {step}: {done.summary()}" for _, step, done in sent), *held]
    return end_flow("; ".join(lines) or "nothing was due", sent)


@flow(name="send-due", flow_run_name=named("send"), description=about("send_due"))
@with_form
@ends_in_a_sentence
def send_due(mode: RunMode = "dry-run", as_of: datetime | None = None) -> Sent:
    """Send all messages that are due now, step by step, for every playbook."""
    with open_run(mode, as_of) as stage:
        if not stage.run.sends:
            return end_flow(_NOTHING_SENT, [])
        sent = _work.send_due()
        keep_report_of_sent(stage, sent)
        held = _approval.lines(_approval.ask(stage))
    lines = [*(f"{playbook} {step}: {done.summary()}" for playbook, step, done in sent), *held]
    return end_flow("; ".join(lines) or "nothing was due", sent)


@flow(name="reply", flow_run_name=named("reply"), description=about("reply"))
@with_form
@ends_in_a_sentence
def reply(mode: RunMode = "dry-run", as_of: datetime | None = None) -> Sent:
    """Reply to questions, and confirm who joins a content series; nothing else is sent."""
    with open_run(mode, as_of) as stage:
        if not stage.run.sends:
            return end_flow(_NOTHING_SENT, [])
        sent = _work.send_due(REPLIES)
    lines = (done.summary() for _, _, done in sent)
    return end_flow("; ".join(lines) or "nobody was waiting for a reply", sent)


# Deployments made before the name changed.
answer = reply


@flow(name="collect", flow_run_name=named("collect"), description=about("collect"))
@with_form
@ends_in_a_sentence
def collect(mode: RunMode = "dry-run", as_of: datetime | None = None) -> CollectReport:
    """Read deliveries, clicks, replies and opt-outs that came back."""
    with open_run(mode, as_of) as stage:
        if not stage.run.sends:
            return end_flow("a dry run leaves the ledger as it is", CollectReport())
        collected = _tasks.collect()
        waiting = _work.count_waiting()
    return end_flow(
        f"{collected.events:,} events, {collected.suppressed:,} opt-outs, "
        f"{collected.unmatched:,} of no message of ours, {waiting:,} wait for a human",
        collected,
    )


@flow(name="reconcile", flow_run_name=named("reconcile"), description=about("reconcile"))
@with_form
@ends_in_a_sentence
def reconcile(mode: RunMode = "dry-run", as_of: datetime | None = None) -> ReconcileReport:
    """Settle messages of unknown outcome; ask for deliveries and opt-outs that nobody told."""
    with open_run(mode, as_of) as stage:
        if not stage.run.sends:
            return end_flow(
                "a dry run asks nobody and leaves the ledger as it is", ReconcileReport()
            )
        _tasks.collect()
        done = _work.reconcile()
    return end_flow(done.summary(), done)


@flow(name="measure", flow_run_name=named("measure"), description=about("measure"))
@with_form
@ends_in_a_sentence
def measure(mode: RunMode = "dry-run", as_of: datetime | None = None) -> BuildReport | None:
    """Build the outcomes and report them: who came back, and what the messages caused."""
    with open_run(mode, as_of) as stage:
        if not stage.run.sends:
            return end_flow("a dry run has no outcomes of its own", None)
        built = _work.measure()
        keep_report(stage, RunReport(built, outcomes=built))
    counts = built.manifest.row_counts
    return end_flow(
        f"{counts['reactivations']:,} of {counts['enrollments']:,} who entered came back",
        built,
    )
