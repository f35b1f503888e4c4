"""The story of a look: a home apart, the load, the build, and what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from winback.base.clock import Clock
from winback.base.console import tell_stage
from winback.base.settings import Settings
from winback.landing import FileColumns, LoadReport, Source, load
from winback.ledger import copy_changes, has_ledger, open_ledger
from winback.people.erasure import erase_deleted
from winback.readiness.look._apart import home_apart
from winback.readiness.look._contact import Channel, Invoke, build_models, count_contactable
from winback.readiness.look._tables import Missing, TableLook, look_at_tables, missing


@dataclass(frozen=True)
class Look:
    """What would come of sources, each with its load. No address, name or number stands in it."""

    reports: tuple[LoadReport, ...]
    files: tuple[FileColumns, ...]
    tables: tuple[TableLook, ...]
    missing: tuple[Missing, ...]
    channels: tuple[Channel, ...]


def look(
    sources: Path | Sequence[Source],
    settings: Settings,
    clock: Clock,
    *,
    format: str = "generic",  # noqa: A002  # the word of the command line
    date_formats: Sequence[str] = (),
    invoke: Invoke = build_models,
) -> Look:
    """Look at a folder, or at sources of the sources file; nothing under the home changes.

    What is landed already counts, as it does for a load, and so does a source for those that
    follow. Raises what a load and a build raise.
    """
    files: list[FileColumns] = []
    reports: list[LoadReport] = []
    with home_apart(settings) as apart:
        tell_stage("Reading")
        for source in [sources] if isinstance(sources, Path) else sources:
            report = load(
                source, apart, clock, format=format, date_formats=date_formats, saw=files.append
            )
            reports.append(report)
            erase_deleted(apart, clock)
        if has_ledger(apart):
            # The load keeps refusals of people who are no customers there.
            with open_ledger(apart) as ledger:
                copy_changes(ledger, apart.ledger_landing_dir, "suppressions")
        tables = look_at_tables(apart)
        tell_stage("Deciding who could be contacted")
        channels = count_contactable(apart, clock.now(), invoke)
    return Look(tuple(reports), tuple(files), tables, tuple(missing(tables)), channels)
