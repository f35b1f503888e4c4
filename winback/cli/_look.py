"""`winback doctor --source`: a look at a source before anything is landed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from winback.base.clock import WallClock
from winback.base.console import print_json, say, telling
from winback.base.errors import UsageError

if TYPE_CHECKING:
    from winback.base.settings import Settings
    from winback.landing import FileColumns, Source
    from winback.readiness.look import Channel, Look, TableLook

# A source may ignore hundreds of columns; --json has them all.
_SHOWN = 12


def look_at(place: str, settings: Settings, *, format_: str | None, as_json: bool) -> None:
    """Load a folder or a source of the sources file apart, and tell what came of it."""
    from winback.readiness.look import look

    with telling():
        source = _found(place, settings, format_)
        told = look(source, settings, WallClock(), format=format_ or "generic")
    if as_json:
        print_json(_facts(place, told))
        return
    for line in _lines(told):
        say(line)
    say(f"Nothing was loaded. Next: winback load {place}{f' --format {format_}' * bool(format_)}")


def _found(place: str, settings: Settings, format_: str | None) -> Path | Source:
    """A source by its name, else a folder or a file."""
    from winback.landing import API_FORMAT, read_sources

    path = Path(place)
    named = [] if path.exists() else [it for it in read_sources(settings) if it.name == place]
    if not named:
        return path
    if format_ is not None:
        raise UsageError(f"--format is for a folder; {settings.sources_file.name} has it already")
    if named[0].format == API_FORMAT:
        raise UsageError(
            f"[{place}] is read from the shop itself. Next: winback pull, which lands it"
        )
    return named[0]


def _facts(place: str, told: Look) -> dict[str, object]:
    report = told.report
    return {
        "source": place,
        "format": report.format,
        "files": [
            {
                "file": it.file,
                "table": it.name,
                "rows": it.read,
                "set_aside": it.rejected,
                "set_aside_by_reason": dict(it.rejected_by_reason),
            }
            for it in report.sources
        ],
        "columns": [asdict(it) for it in told.files],
        "tables": [asdict(it) for it in told.tables if it.rows],
        "missing": [asdict(it) for it in told.missing],
        "held_customers": report.held_customers,
        "deleted_customers": report.deleted_customers,
        "notes": report.notes,
        "contact": [asdict(it) for it in told.channels],
    }


def _lines(told: Look) -> Iterator[str]:
    yield "Found"
    for it in told.report.sources:
        yield f"  {it.file} ({it.name}): {it.read:,} rows, {it.rejected:,} of them set aside"
        for reason, count in it.rejected_by_reason.items():
            yield f"    {count:>10,}  {reason}"
    for file in told.files:
        yield from _mapping(file)
    for table in told.tables:
        if table.rows:
            yield from _samples(table)
    if told.missing:
        yield "Missing, and what that costs"
        for lack in told.missing:
            yield f"  {lack.what}: {lack.costs}"
    if told.report.deleted_customers:
        yield (
            f"{told.report.deleted_customers:,} customers are deleted at their source: a load "
            "erases them here"
        )
    yield from (f"note: {note}" for note in told.report.notes)
    for channel in told.channels:
        yield from tell_channel(channel)


def _mapping(file: FileColumns) -> Iterator[str]:
    yield f"{file.file} ({file.kind})"
    read = [f"{own} → {ours}" if own != ours else own for own, ours in file.columns.items() if ours]
    ignored = [own for own, ours in file.columns.items() if not ours]
    yield f"  read: {', '.join(read)}"
    if ignored:
        rest = f" and {len(ignored) - _SHOWN:,} more" if len(ignored) > _SHOWN else ""
        yield f"  ignored: {', '.join(ignored[:_SHOWN])}{rest}"


def _samples(table: TableLook) -> Iterator[str]:
    yield f"{table.table}: {table.rows:,} rows, such as"
    for row in table.samples:
        yield f"  {', '.join(f'{name}: {value}' for name, value in row.items())}"


def tell_channel(channel: Channel) -> Iterator[str]:
    """How many customers could be contacted on it, and why the others not."""
    yield (
        f"{channel.channel}: {channel.contactable:,} of {channel.customers:,} customers could be "
        "contacted now"
    )
    for it in channel.others:
        yield f"    {it.customers:>10,}  {it.rule}: {it.why}"
