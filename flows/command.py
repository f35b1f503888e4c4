"""`winback run`: start the flow in this process and print what it did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import quality
from flows._prefect import quiet_prefect
from winback import reconcile as reconciling
from winback import sending
from winback.base.console import print_rows, say, telling
from winback.base.duck import Rows
from winback.base.settings import Settings
from winback.ledger import sent_twice
from winback.measure import report
from winback.readiness.modes import resolve_run

if TYPE_CHECKING:
    from flows.run import RunReport


def run(settings: Settings, *, mode: str | None, as_of: str | None) -> None:
    """Run the whole flow. A refusal comes before Prefect is even imported."""
    resolved = resolve_run(settings, mode=mode, as_of=as_of)
    say(f"winback run: {resolved.mode}, as of {resolved.as_of.isoformat()} …")
    quiet_prefect()
    # Before Prefect is imported: that and its server take longer than the libraries of the gate.
    with quality.gate(sends=True).beside():
        from flows.run import winback_run

        with telling():
            done = winback_run(resolved.mode, resolved.as_of if as_of is not None else None)
    print_run(done)


def reconcile(settings: Settings, *, mode: str | None, as_of: str | None) -> None:
    """Do what the deployment `reconcile` does, without Prefect, and say what came of it."""
    resolved = resolve_run(settings, mode=mode, as_of=as_of)
    say(f"winback reconcile: {resolved.mode}, as of {resolved.as_of.isoformat()} …")
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
    print_reconciled(done)
    print_unknown(unknown, twice)
    say(f"Done: {done.summary()}")


def print_reconciled(done: reconciling.ReconcileReport) -> None:
    """What could not be read."""
    for what, why in sorted(done.unreadable.items()):
        say(f"{what}: the provider's records can't be read ({why}). Nothing changed for it")


def print_unknown(unknown: Sequence[str], twice: Sequence[str]) -> None:
    """What nobody knows, and what went wrong for good."""
    if unknown:
        say(
            f"{len(unknown)} messages of unknown outcome, not sent again without proof that they "
            f"did not leave: {', '.join(unknown[:5])}{', …' if len(unknown) > 5 else ''}. "
            "Next: winback reconcile; winback reconcile list"
        )
    if twice:
        say(f"{len(twice)} messages went out TWICE: " + ", ".join(twice[:5]))


def sent_rows(done: RunReport) -> Rows:
    """One row a step and state."""
    return [
        {"playbook": playbook, "step": step, "state": state, "messages": count}
        for playbook, step, sent in done.sent
        for state, count in sorted(sent.counts.items())
    ]


def print_run(done: RunReport) -> None:
    """The funnel, the decisions, what was sent, and what came of it."""
    for warning in done.audience.warnings:
        say(f"warning: {warning}")
    print_rows("Audience funnel", report.funnel(done.audience.published))
    print_rows("Decisions", report.decisions(done.audience.published))
    if done.plan is not None:
        say(f"Plan: {done.plan.summary()}")
        for reason, hint in done.plan.hints.items():
            say(f"not written, {reason}: {hint}")
    if done.outcomes is not None:
        print_rows("Sent in this run", sent_rows(done))
        print_rows("Reactivation rates", report.reactivation_rates(done.outcomes.published))
    for _, _, sent in done.sent:
        for channel, reason in sent.stopped.items():
            say(f"{channel} stopped: {reason}")
    if done.reconciled.changed or done.reconciled.waiting:
        say(f"Reconciled before: {done.reconciled.summary()}")
    print_reconciled(done.reconciled)
    print_unknown(done.unknown, done.sent_twice)
    if done.waiting:
        say(f"{done.waiting:,} people wait for a human's reply. Next: winback inbox")
    say(f"Done: {done.summary()}")
