"""The story of a retention: collect, forget by kind, make the files forget, note that it ran."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime

from winback.base.clock import Clock
from winback.base.running import alone
from winback.base.settings import Settings
from winback.inbound import collect
from winback.landing import landing_lock
from winback.ledger import (
    Ledger,
    export_ledger,
    has_ledger,
    note_callbacks_from,
    note_stage_end,
    open_ledger,
    stage_ends,
)
from winback.people.retention import _files, _ledger
from winback.people.retention._limits import Limit, What, limits
from winback.warehouse import warehouse_lock

STAGE = "retention"


@dataclass(frozen=True)
class RetentionReport:
    """Rows and files by place that were forgotten, or in a dry run would be."""

    limits: Mapping[What, Limit]
    forgotten: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_set(self) -> bool:
        return any(limit.days is not None for limit in self.limits.values())


def retain(settings: Settings, clock: Clock, *, dry_run: bool = False) -> RetentionReport:
    """Forget what is older than the settings keep. Rows stay, so that nothing is sent twice.

    Safe to kill and to repeat: what one that died has left the next one finds. A dry run
    changes nothing. Raises WinbackError while a run, a build or a load is under way.
    """
    kept = limits(settings)
    if not RetentionReport(kept).is_set:
        return RetentionReport(kept)
    with ExitStack() as stack:
        stack.enter_context(alone(settings))
        stack.enter_context(warehouse_lock(settings))
        stack.enter_context(landing_lock(settings))
        ledger = stack.enter_context(open_ledger(settings))
        if not dry_run:
            # What nobody has read yet may hold an opt-out, and is about to go.
            collect(ledger, settings, clock)
        found = dict(_forget(ledger, settings, kept, clock.now(), write=not dry_run))
        if not dry_run:
            export_ledger(ledger, settings.ledger_landing_dir)
            if any(found.values()):
                ledger.compact()
            with ledger.write() as connection:
                note_stage_end(connection, STAGE, at=clock.now())
    return RetentionReport(kept, {place: count for place, count in found.items() if count})


def last_retention(settings: Settings) -> datetime | None:
    """When it last ran to its end; None: it never did."""
    if not has_ledger(settings):
        return None
    with open_ledger(settings) as ledger, ledger.read() as connection:
        return stage_ends(connection).get(STAGE)


def _forget(
    ledger: Ledger, settings: Settings, kept: Mapping[What, Limit], now: datetime, *, write: bool
) -> Iterator[tuple[str, int]]:
    before = {what: limit.before(now) for what, limit in kept.items()}
    if at := before["words"]:
        yield from _ledger.forget_words(ledger, at, write=write)
    if at := before["addresses"]:
        yield from _ledger.forget_addresses(ledger, at, write=write)
    # A card has both.
    if at := max((it for it in (before["words"], before["addresses"]) if it), default=None):
        yield "print files", _files.forget_letters(settings, at, write=write)
    if at := before["callbacks"]:
        if write:
            # First: a replay has to know that the log is no longer whole before it is.
            with ledger.write() as connection:
                note_callbacks_from(connection, at)
        yield from _ledger.forget_details(ledger, at, write=write)
        yield "raw callbacks", _files.forget_callbacks(settings, at, write=write)
        yield "rejected rows", _files.forget_rejected(settings, at, write=write)
    if at := before["decisions"]:
        yield "decision files", _files.forget_decisions(settings, at, write=write)
    if at := before["reports"]:
        yield "reports and exports", _files.forget_reports(settings, at, write=write)
