"""Lists of opt-outs in from another tool."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Final

from winback.base.cells import CellWriter
from winback.base.clock import Clock
from winback.base.errors import UsageError
from winback.base.phones import has_plan
from winback.base.private import open_private
from winback.base.settings import Settings
from winback.landing import Limits
from winback.ledger import Ledger, is_hashed, is_suppressed, stop_hashed, suppress_once
from winback.people.optouts._line import Line
from winback.people.optouts._reading import read_lines
from winback.people.optouts._rows import Columns, OptOut, Row, header_above, read_bare
from winback.people.optouts._told import Defaults
from winback.people.optouts._words import REASONS

# Opt-outs a transaction (0.15 s on two busy cores): a reply that comes in meanwhile waits for one.
CHUNK: Final = 100
# Titles may stand above the header.
_HEADER_WITHIN: Final = 10


@dataclass
class ImportReport:
    """The outcome of an import. `undated` opt-outs count from the moment of the import, and who is
    `left_out` may be written to by the list's own words."""

    read: int = 0
    new: int = 0
    known: int = 0
    undated: int = 0
    stopped_messages: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    rejected_file: Path | None = None


def import_list(
    ledger: Ledger,
    settings: Settings,
    clock: Clock,
    file: Path,
    *,
    reason: str = "",
    source: str = "import",
    country: str = "",
) -> ImportReport:
    """Suppress the addresses in a file, and cancel the messages planned to them at once.

    Safe to repeat, and to kill: what was read is kept. `reason` is for rows without one that we
    know, `country` for numbers without a calling code. An address that can't be read is set
    aside with its file, line and reason. Raises UsageError for a wrong file or option.
    """
    if reason and reason not in REASONS:
        raise UsageError(f"--reason {reason!r} is none of {', '.join(REASONS)}.")
    if not file.is_file():
        raise UsageError(f"{file} is not a file.")
    now = clock.now()
    named = "--country" if country else "WINBACK_SHOP_COUNTRY"
    country = (country or settings.shop_country).upper()
    if country and not has_plan(country):
        raise UsageError(f"{named} {country!r} is no country of two letters, such as GB.")
    defaults = Defaults(reason, source, country, settings.shop_timezone, now)
    report = ImportReport()
    aside = settings.rejected_dir / f"suppressions-{now:%Y%m%dT%H%M%S%fZ}.csv"
    rows = _rows(file, defaults, Limits.of(settings))
    is_any_hashed = False
    while chunk := list(islice(rows, CHUNK)):
        opt_outs = [item for _, row in chunk for item in row.opt_outs]
        is_any_hashed |= any(is_hashed(item.address) for item in opt_outs)
        _suppress(ledger, clock, opt_outs, report)
        report.read += len(chunk)
        report.left_out.update(row.left_out for _, row in chunk if row.left_out)
        bad = [(line.number, why, line.text) for line, row in chunk for why in row.problems]
        _set_aside(report, aside, file.name, bad)
    if is_any_hashed:
        with ledger.write() as connection:
            report.stopped_messages += stop_hashed(connection, at=clock.now())
    return report


def _rows(file: Path, defaults: Defaults, limits: Limits) -> Iterator[tuple[Line, Row]]:
    """Each row under the header, or each line of a bare list of addresses."""
    lines = read_lines(file, limits)
    above: list[Line] = []
    for line in islice(lines, _HEADER_WITHIN):
        columns = Columns(line.cells or ())
        if columns.name_addresses:
            yield from ((row, columns.read(row, defaults)) for row in lines)
            return
        if guessed := read_bare(line, defaults).opt_outs and header_above(above, line):
            above.pop()
            yield from ((row, read_bare(row, defaults)) for row in above)
            yield from ((row, guessed.read(row, defaults)) for row in chain([line], lines))
            return
        above.append(line)
        if read_bare(line, defaults).opt_outs:
            yield from ((row, read_bare(row, defaults)) for row in chain(above, lines))
            return
    if not above:
        raise UsageError(f"{file.name} is empty.")
    raise UsageError(
        f"{file.name} has none of the columns email, phone, address, sha256, or of their usual "
        "other names: its first line must name them, or be an address itself."
    )


def _set_aside(
    report: ImportReport, path: Path, file: str, bad: Sequence[tuple[int, str, str]]
) -> None:
    if not bad:
        return
    is_new = report.rejected_file is None
    path.parent.mkdir(parents=True, exist_ok=True)
    with open_private(path, "w" if is_new else "a") as stream:
        writer = CellWriter(stream)
        if is_new:
            writer.writerow(("file", "line", "reason", "row"))
        writer.writerows((file, *row) for row in bad)
    report.rejected_file = path
    report.rejected.update(reason for _, reason, _ in bad)


def _suppress(ledger: Ledger, clock: Clock, chunk: Sequence[OptOut], report: ImportReport) -> None:
    now = clock.now()
    with ledger.write() as connection:
        for item in chunk:
            report.undated += item.occurred_at is None
            is_new = False
            for group in item.groups:
                if item.occurred_at is None and is_suppressed(
                    connection, group=group, address=item.address, reasons=(item.reason,)
                ):
                    continue
                is_news, stopped = suppress_once(
                    connection,
                    group=group,
                    address=item.address,
                    reason=item.reason,
                    source=item.source,
                    occurred_at=item.occurred_at or now,
                    recorded_at=now,
                )
                is_new |= is_news
                report.stopped_messages += stopped
            report.new += is_new
            report.known += not is_new
