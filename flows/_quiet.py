"""A tick that finds nothing new: what is published stands, and all that follows from it is done.

It needs no Prefect: `winback run` looks before it starts one.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from flows import _reconcile
from flows._ended import note_ends
from flows._run_report import RunReport
from winback import sending
from winback.conversations import inbox, series
from winback.ledger import planned_from, sent_twice
from winback.readiness.modes import sandbox_settings
from winback.warehouse import BuildReport, why_build

if TYPE_CHECKING:
    from flows._context import Stage
    from winback.readiness.modes import Run


def standing(run: Run) -> BuildReport | str:
    """What was published for runs of this mode, if it stands; else why to build."""
    settings = run.settings if run.mode == "live" else sandbox_settings(run.settings)
    return why_build(settings, run.as_of, name="current" if run.sends else "dry-run")


def gates_ready(stage: Stage) -> AbstractContextManager[None]:
    """The gates' libraries, gotten ready beside a run that may build."""
    import quality

    return nullcontext() if still_stands(stage) else quality.gate(sends=True).beside()


def look(stage: Stage) -> RunReport | None:
    """Collect and reconcile, as a run does; what the run came to, if it would do nothing more."""
    _reconcile.collect(stage)
    settled = _reconcile.reconcile(stage)
    found = standing(stage.run)
    if isinstance(found, str) or not is_done(stage, found) or stage.settings.responder:
        return None
    joins = series.acknowledge_joins(stage.ledger, stage.settings, stage.run.clock)
    with stage.ledger.read() as connection:
        is_wrong = bool(sent_twice(connection))
    if is_wrong or joins.blocked or sending.unknown_messages(stage.ledger):
        return None
    held = sending.read_held(stage.ledger, stage.settings)
    if not all(it.request for it in held):
        return None
    parts = {it.part for it in held}
    due = sending.steps_due(stage.ledger, stage.run.clock)
    if any(sending.Part(playbook, step) not in parts for playbook, step, _ in due):
        return None
    note_ends(stage, "audience", "enroll", "reply", "send", "measure")
    waiting = sum(row["people"] for row in inbox.queue(stage.ledger, stage.run.clock))
    lines = [str(it) for it in held]
    return RunReport(found, outcomes=found, reconciled=settled, held=lines, waiting=waiting)


def is_done(stage: Stage, report: BuildReport) -> bool:
    """Whether nothing was built for this report, and what it decided is enrolled and planned."""
    if report.stands_until is None or not stage.run.sends:
        return False
    with stage.ledger.read() as connection:
        return planned_from(connection) == report.manifest.decided_by


def still_stands(stage: Stage) -> bool:
    """Whether nothing has changed that a build would read, not by what this run did either."""
    return not isinstance(standing(stage.run), str)
