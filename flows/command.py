"""`winback run`: start the flow in this process and print what it did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows._prefect import quiet_prefect
from winback import report
from winback.console import print_rows, say, telling
from winback.modes import resolve_run
from winback.settings import Settings

if TYPE_CHECKING:
    from flows.run import RunReport


def run(settings: Settings, *, mode: str | None, as_of: str | None) -> None:
    """Run the whole flow. A refusal comes before Prefect is even imported."""
    resolved = resolve_run(settings, mode=mode, as_of=as_of)
    say(f"winback run: {resolved.mode}, as of {resolved.as_of.isoformat()} …")
    quiet_prefect()
    from flows.run import winback_run

    with telling():
        done = winback_run(resolved.mode, resolved.as_of if as_of is not None else None)
    print_run(done)


def sent_rows(done: RunReport) -> report.Rows:
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
    if done.unknown:
        say(
            f"{len(done.unknown)} messages of unknown outcome, never resent by themselves: "
            + ", ".join(done.unknown[:5])
        )
    if done.waiting:
        say(f"{done.waiting:,} people wait for a human's answer. Next: winback inbox")
    say(f"Done: {done.summary()}")
