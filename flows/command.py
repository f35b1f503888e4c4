"""`winback run`: start the flow in this process and print what it did."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from flows import _told
from flows._prefect import quiet_prefect
from flows._run_report import told
from flows._server import start_beside
from flows._told import newest, sent_of, sent_rows, troubles
from winback import reconcile as reconciling
from winback import sending
from winback.base.console import print_json, print_rows, say, telling
from winback.base.private import keep_private
from winback.base.settings import Settings
from winback.landing import require_loaded
from winback.ledger import sent_twice
from winback.measure import report
from winback.measure.last_screen import read_outlook, tell_outlook
from winback.readiness.modes import Run, resolve_run

if TYPE_CHECKING:
    from datetime import datetime

    from flows._run_report import RunReport


def run(
    settings: Settings,
    *,
    mode: str | None,
    as_of: str | None,
    as_json: bool = False,
    tables: bool = False,
) -> None:
    """Run the whole flow. A refusal comes before Prefect is even imported."""
    resolved = resolve_run(settings, mode=mode, as_of=as_of)
    keep_private(settings.home)
    if not settings.landing_url:  # where there is one, the build takes it first
        require_loaded(settings)
    at = resolved.as_of if as_of is not None else None
    done = _look(resolved, at) or _run(resolved, at)
    if as_json:
        print_json(run_facts(done, resolved))
    else:
        print_run(done, resolved, tables=tables)


def _look(resolved: Run, as_of: datetime | None) -> RunReport | None:
    """What a run that finds nothing new comes to: Prefect need not start for it."""
    from flows import _quiet
    from flows._context import open_stage

    if not resolved.sends or isinstance(_quiet.standing(resolved), str):
        return None
    with open_stage(resolved.mode, as_of) as stage:
        return _quiet.look(stage)


def _run(resolved: Run, as_of: datetime | None) -> RunReport:
    import quality

    quiet_prefect()
    # Before Prefect is imported: both get ready on the other core meanwhile.
    wait_for_server = start_beside(resolved.settings)
    with quality.gate(sends=True).beside():
        from flows.run import winback_run

        wait_for_server()
        with telling():
            return winback_run(resolved.mode, as_of)


def reconcile(
    settings: Settings, *, mode: str | None, as_of: str | None, as_json: bool = False
) -> None:
    """Do what the deployment `reconcile` does, without Prefect, and say what came of it."""
    resolved = resolve_run(settings, mode=mode, as_of=as_of)
    at = {"mode": resolved.mode, "as_of": resolved.as_of}
    if not resolved.sends and as_json:
        print_json(at | asdict(reconciling.ReconcileReport()) | {"unknown": []})
        return
    if not resolved.sends:
        say(
            "A dry run asks nobody and changes nothing. Next: --mode sandbox or --mode live; "
            "winback reconcile list"
        )
        return
    from flows import _reconcile
    from flows._context import open_stage

    with open_stage(resolved.mode, resolved.as_of if as_of is not None else None) as stage:
        _reconcile.collect(stage)
        done = _reconcile.reconcile(stage)
        unknown = sending.unknown_messages(stage.ledger)
        with stage.ledger.read() as connection:
            twice = sent_twice(connection)
    if as_json:
        print_json(at | asdict(done) | {"sent_twice": list(twice), "unknown": unknown})
        return
    for line in (*_told.unreadable(done), *_told.unknown(unknown, twice)):
        say(line)
    say(f"Done: {done.summary(settings.shop_timezone)}")


def print_run(done: RunReport, resolved: Run, *, tables: bool) -> None:
    """What a run came to, in sentences; the tables only where they are asked for."""
    published = done.audience.published
    if tables:
        print_rows("Audience funnel", report.funnel(published))
        print_rows("Decisions", report.decisions(published))
        if done.outcomes is not None:
            print_rows("Reactivation rates", report.reactivation_rates(done.outcomes.published))
    for warning in done.audience.warnings:
        say(f"warning: {warning}")
    if line := told(done.audience, resolved.settings.shop_timezone):
        say(line)
    outlook = read_outlook(newest(done))
    for line in tell_outlook(outlook, sent_of(done, resolved)):
        say(line)
    # Last, where a person looks first.
    for line in troubles(done, resolved):
        say(line)


def run_facts(done: RunReport, resolved: Run) -> dict[str, Any]:
    """What `--json` prints of a run; the command's help names the keys."""
    published = done.audience.published
    return {
        "mode": resolved.mode,
        "as_of": resolved.as_of,
        "published": newest(done),
        "warnings": done.audience.warnings,
        "outlook": read_outlook(newest(done)).as_dict(),
        "funnel": report.funnel(published),
        "decisions": report.decisions(published),
        "enrolled": done.enrolled,
        "planned": done.plan.planned if done.plan else 0,
        "cost_cents": done.plan.cost_cents if done.plan else 0,
        "channel_costs": done.plan.channel_costs if done.plan else {},
        "currency": resolved.settings.currency,
        "unpriced": done.plan.unpriced if done.plan else 0,
        "not_written": done.plan.blocked if done.plan else {},
        "sent": sent_rows(done),
        "stopped": {name: why for _, _, it in done.sent for name, why in it.stopped.items()},
        "waiting_for_approval": done.held,
        "unknown": done.unknown,
        "sent_twice": done.sent_twice,
        "waiting_for_a_human": done.waiting,
        "reactivation_rates": (
            report.reactivation_rates(done.outcomes.published) if done.outcomes else []
        ),
    }
