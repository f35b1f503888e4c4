"""The whole run, as one story: `winback run` is a run of this flow and nothing else."""

from __future__ import annotations

from datetime import datetime

from prefect import flow

from flows import _approval, _quiet, _work
from flows._ended import note_ends
from flows._ending import end_flow, ends_in_a_sentence
from flows._entry import open_run
from flows._forms import about, named, with_form
from flows._report import keep_report
from flows._run_report import RunReport, told
from flows._tasks import collect, withdraw_unresolved
from winback import sending
from winback.ledger import sent_twice
from winback.readiness.modes import RunMode
from winback.reconcile import ReconcileReport


@flow(name="winback-run", flow_run_name=named("run"), description=about("winback_run"))
@with_form
@ends_in_a_sentence
def winback_run(
    mode: RunMode = "dry-run", as_of: datetime | None = None, measure: bool = True
) -> RunReport:
    """Collect, settle what is unknown, build the audience, enroll, send each step that is due,
    collect, measure.

    A dry run ends after planning: it shows the funnel, the decisions, the renders and
    their cost. Without `measure` the outcomes wait for the next run's build.
    """
    return _run(mode, as_of, measure=measure)


def _run(mode: RunMode, as_of: datetime | None, *, measure: bool) -> RunReport:
    with open_run(mode, as_of) as stage, _quiet.gates_ready(stage):
        settled = ReconcileReport()
        if stage.run.sends:
            collect()
            settled = _work.reconcile()
        report = RunReport(_work.build_audience(), reconciled=settled)
        is_quiet = _quiet.is_done(stage, report.audience)
        if is_quiet:
            note_ends(stage, "enroll")
        else:
            report.enrolled, report.plan = _work.enroll_and_plan(report.audience.published)
        if stage.run.sends:
            report.sent = _work.send_due()
            report.held = _approval.lines(_approval.ask(stage))
            withdraw_unresolved()
            collect()
            report.waiting = _work.count_waiting()
            report.unknown = sending.unknown_messages(stage.ledger)
            with stage.ledger.read() as connection:
                report.sent_twice = list(sent_twice(connection))
            is_quiet = is_quiet and not report.sent and _quiet.still_stands(stage)
            if measure:
                report.outcomes = report.audience if is_quiet else _work.measure()
                note_ends(stage, "measure")
        if is_quiet:
            line = told(report.audience, stage.settings.shop_timezone)
            return end_flow(line, report, name="Nothing new")
        keep_report(stage, report)
    line = report.summary()
    if report.plan is not None and not stage.run.sends:
        line = f"a dry run, which sent nothing: {report.plan.summary()}"
    return end_flow(line, report)
