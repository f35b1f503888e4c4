"""The work of each stage, as a flow of its own or as a part of the whole run; `stages` has the
flows."""

from __future__ import annotations

from pathlib import Path

from prefect import get_run_logger

from flows import _approval, _tasks
from flows._artifacts import keep_table
from flows._context import current_stage
from flows._ended import note_ends
from flows._happenings import tell_sent, tell_verdicts
from flows._paused import paused_steps
from flows._run_report import Sent, told
from winback import sending
from winback.base.content_series import content_series
from winback.conversations import inbox
from winback.ledger import REPLIES
from winback.measure import report, shop_report
from winback.reconcile import ReconcileReport, open_messages
from winback.sending import Part
from winback.warehouse import BuildReport, has_rows


def build_audience() -> BuildReport:
    """Build who has lapsed, who may be contacted, and what is due for whom.

    Where a step learns and moves, the audience is built again: its people are dealt by the move.
    """
    built = _tasks.build_audience()
    if current_stage().run.sends and has_rows(built.published, "bandit_evidence"):
        moves = _tasks.move_bandits(built.published)
        for line in moves:
            get_run_logger().info(line)
        if moves:
            keep_table("bandit-moves", [{"move": line} for line in moves], "What was learned")
            built = _tasks.build_audience()
    note_ends(current_stage(), "audience")
    if built.stands_until is not None:
        get_run_logger().info(told(built, current_stage().settings.shop_timezone))
        return built
    keep_table("audience-funnel", report.funnel(built.published), "From lapsed to chosen")
    keep_table("decisions", report.decisions(built.published), "What was decided, and why")
    return built


def enroll_and_plan(published: Path) -> tuple[int, sending.PlanReport]:
    """Enroll the entrants, then plan; a dry run only renders."""
    if not current_stage().run.sends:
        return 0, _tasks.plan(published)
    enrolled = _tasks.enroll(published)
    _tasks.sweep()
    planned = _tasks.plan(published)
    # Long before a window opens, so that somebody has the time to look.
    _approval.ask(current_stage())
    note_ends(current_stage(), "enroll")
    return enrolled, planned


def send_due(playbook_id: str | None = None) -> Sent:
    """Reply to people who ask or join, then send each step that is due, or one playbook's; a
    channel that stopped stays stopped."""
    stage = current_stage()
    _tasks.sweep()
    if any(series.is_enabled for series in content_series()):
        _tasks.acknowledge_joins()
    if stage.settings.responder:
        _tasks.reply()
    sent = _send_steps(playbook_id)
    note_ends(stage, "reply")
    if playbook_id is None:
        note_ends(stage, "send")
    return sent


def send_playbook(playbook_id: str) -> Sent:
    """Send each step of one playbook that is due, and reply to nobody."""
    _tasks.sweep()
    return _send_steps(playbook_id)


def _send_steps(playbook_id: str | None) -> Sent:
    stage = current_stage()
    paused = paused_steps()
    # Who wrote to us waits for nobody's yes.
    held = {} if playbook_id == REPLIES else {it.part: it for it in _approval.ask(stage)}
    sent: Sent = []
    stopped: set[str] = set()
    for playbook, step, channel in sending.steps_due(stage.ledger, stage.run.clock):
        if channel in stopped or playbook_id not in {None, playbook}:
            continue
        if {(playbook, None), (playbook, step)} & paused:
            get_run_logger().info(f"{playbook} step {step} waits: its deployment is paused")
            continue
        if (waits := held.get(Part(playbook, step))) is not None:
            get_run_logger().info(str(waits))
            continue
        done = _tasks.send(playbook, step)
        sent.append((playbook, step, done))
        stopped |= set(done.stopped)
    keep_sent(sent)
    return sent


def reconcile() -> ReconcileReport:
    """Settle unknown messages by evidence, and show by id those that stay unknown or went out
    twice."""
    done = _tasks.reconcile()
    stage = current_stage()
    rows = [
        {"message_id": it.message_id, "channel": it.channel, "state": it.state, "reason": it.reason}
        for it in open_messages(stage.ledger)
    ]
    keep_table("unknown-messages", rows, "May have been sent: `winback reconcile`")
    return done


def measure() -> BuildReport:
    """Build the outcomes and keep them as artifacts; fit predictions that are due."""
    built = _tasks.measure()
    _tasks.fit_predictions(built.published)
    note_ends(current_stage(), "measure")
    rates = report.reactivation_rates(built.published)
    caused = report.experiment_results(built.published)
    tell_verdicts(current_stage().settings, shop_report.read_effects(built.published))
    keep_table("reactivation-rates", rates, "Who came back, by arm, variant and window")
    keep_table("experiment-results", caused, "What the messages caused")
    return built


def count_waiting() -> int:
    """Count the people who wait for a human's reply; counts alone are kept, for all to see."""
    stage = current_stage()
    queue = inbox.queue(stage.ledger, stage.run.clock)
    keep_table("human-queue", queue, "Who waits for a reply: `winback inbox`")
    return sum(row["people"] for row in queue)


def keep_sent(sent: Sent) -> None:
    """Show what was sent, by step and state, and tell of it."""
    rows = [{"playbook": playbook, "step": step, **done.counts} for playbook, step, done in sent]
    keep_table("send-report", rows, "What was sent, by step and state")
    tell_sent(current_stage(), sent)
