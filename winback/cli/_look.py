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
# Stands for every source of the sources file.
_ALL = "all"


def look_at(place: str, settings: Settings, *, format_: str | None, as_json: bool) -> None:
    """Load a folder or sources of the sources file apart, and tell what came of it."""
    from winback.readiness.look import look

    with telling():
        sources = _found(place, settings, format_)
        told = look(sources, settings, WallClock(), format=format_ or "generic")
    if as_json:
        print_json(_facts(place, told))
        return
    for line in _lines(told):
        say(line)
    again = "" if _is_all(place) else f" {place}"
    say(f"Nothing was loaded. Next: winback load{again}{f' --format {format_}' * bool(format_)}")


def _is_all(place: str) -> bool:
    return place == _ALL and not Path(place).exists()


def _found(place: str, settings: Settings, format_: str | None) -> Path | list[Source]:
    """A source by its name, or all of them; else a folder or a file."""
    from winback.landing import API_FORMAT, read_sources

    path = Path(place)
    known = [] if path.exists() else read_sources(settings)
    named = [it for it in known if it.name == place]
    if not named and _is_all(place):
        named = [it for it in known if it.format != API_FORMAT]
        if not named:
            raise UsageError(
                f"{settings.sources_file} names no source to look at. Next: winback doctor "
                "--source DIR"
            )
    if not named:
        return path
    if format_ is not None:
        raise UsageError(f"--format is for a folder; {settings.sources_file.name} has it already")
    if named[0].format == API_FORMAT:
        raise UsageError(
            f"[{place}] is read from the shop itself. Next: winback pull, which lands it"
        )
    return named


def _facts(place: str, told: Look) -> dict[str, object]:
    return {
        "source": place,
        "formats": [it.format for it in told.reports],
        "files": [
            {
                "file": it.file,
                "table": it.name,
                "rows": it.read,
                "set_aside": it.rejected,
                "set_aside_by_reason": dict(it.rejected_by_reason),
            }
            for report in told.reports
            for it in report.sources
        ],
        "columns": [asdict(it) for it in told.files],
        "tables": [asdict(it) for it in told.tables if it.rows],
        "missing": [asdict(it) for it in told.missing],
        "held_customers": told.reports[-1].held_customers,
        "deleted_customers": sum(it.deleted_customers for it in told.reports),
        "notes": [note for it in told.reports for note in it.notes],
        "contact": [asdict(it) for it in told.channels],
    }


def _lines(told: Look) -> Iterator[str]:
    yield "Found"
    for it in (it for report in told.reports for it in report.sources):
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
    if deleted := sum(it.deleted_customers for it in told.reports):
        yield f"{deleted:,} customers are deleted at their source: a load erases them here"
    yield from (f"note: {note}" for report in told.reports for note in report.notes)
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
