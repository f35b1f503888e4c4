"""A run's outcome in sentences, for the terminal and for Prefect's UI; it needs no Prefect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from winback.base.clock import WallClock
from winback.base.duck import Rows
from winback.codes import leaked_codes, stopped_offers
from winback.measure.last_screen import Sent
from winback.measure.prices import tell_prices
from winback.readiness.watch import watch
from winback.reconcile import ReconcileReport

if TYPE_CHECKING:
    from flows._run_report import RunReport
    from winback.readiness.modes import Run


def newest(done: RunReport) -> Path:
    """The set that knows what was sent, where the run measured."""
    return (done.outcomes or done.audience).published


def sent_rows(done: RunReport) -> Rows:
    """One row a step and state."""
    return [
        {"playbook": playbook, "step": step, "state": state, "messages": count}
        for playbook, step, sent in done.sent
        for state, count in sorted(sent.counts.items())
    ]


def sent_of(done: RunReport, resolved: Run) -> Sent:
    """What the run did, and the pages that show more."""
    settings = resolved.settings
    read = settings.preview_dir / "dry-run.html"
    worth = settings.report_page
    checks = settings.reports_dir / "data_docs" / "decisions" / "index.html"
    return Sent(
        mode=resolved.mode,
        as_of=resolved.as_of,
        shop_timezone=settings.shop_timezone,
        steps=sent_rows(done),
        planned=done.plan.planned if done.plan else 0,
        cost=f"{done.plan.cost_cents / 100 if done.plan else 0:.2f} {settings.currency}".rstrip(),
        pages={
            **({"What they would read": read} if resolved.mode == "dry-run" else {}),
            **({"What the messages were worth": worth} if done.outcomes and worth.exists() else {}),
            "Tables": newest(done),
            **({"Checks of the data": checks} if checks.exists() else {}),
        },
    )


def troubles(done: RunReport, resolved: Run) -> Iterator[str]:
    """What went wrong or waits for somebody."""
    if done.plan is not None:
        for reason, hint in done.plan.hints.items():
            yield f"not written, {reason}: {hint}"
        yield from done.plan.scarce
    if leaked := leaked_codes(newest(done)):
        yield leaked
    yield from stopped_offers(newest(done))
    yield from tell_prices(newest(done), as_of=resolved.as_of)
    for _, _, sent in done.sent:
        for channel, reason in sent.stopped.items():
            yield f"{channel} stopped: {reason}"
    yield from done.held
    if done.reconciled.changed or done.reconciled.waiting:
        zone = resolved.settings.shop_timezone
        yield f"Messages whose outcome was unknown: {done.reconciled.summary(zone)}"
    yield from unreadable(done.reconciled)
    yield from unknown(done.unknown, done.sent_twice)
    if resolved.sends:
        yield from watch(resolved.settings, now=WallClock().now()).silences.values()
    if done.waiting:
        yield f"{_people(done.waiting)} for a human's reply. Next: winback inbox"


def unreadable(done: ReconcileReport) -> Iterator[str]:
    """What could not be read."""
    for what, why in sorted(done.unreadable.items()):
        yield f"{what}: the provider's records can't be read ({why}). Nothing changed for it"


def unknown(messages: Sequence[str], twice: Sequence[str]) -> Iterator[str]:
    """What nobody knows, and what went wrong for good."""
    if messages:
        yield (
            f"{len(messages)} messages of unknown outcome, not sent again without proof that they "
            f"did not leave: {', '.join(messages[:5])}{', …' if len(messages) > 5 else ''}. "
            "Next: winback reconcile; winback reconcile list"
        )
    if twice:
        yield f"{len(twice)} messages went out TWICE: " + ", ".join(twice[:5])


def _people(count: int) -> str:
    return "1 person waits" if count == 1 else f"{count:,} people wait"
