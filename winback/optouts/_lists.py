"""Lists of opt-outs as CSV files: in from another tool, out to one."""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Final

from winback.clock import Clock
from winback.errors import UsageError
from winback.landing import CsvReader
from winback.ledger import (
    ChannelGroup,
    Ledger,
    is_hidden,
    is_suppressed,
    suppress_once,
    suppressions_in_force,
)
from winback.optouts._rows import REASONS, BadRowError, OptOut, check_header, opt_outs
from winback.settings import Settings

# Opt-outs a transaction (0.15 s on two busy cores): a reply that comes in meanwhile waits for one.
CHUNK: Final = 100
EXPORT_COLUMNS: Final = ("email", "phone", "reason", "source", "occurred_at")


@dataclass
class ImportReport:
    """What an import did. `undated` opt-outs count from the moment of the import."""

    read: int = 0
    new: int = 0
    known: int = 0
    undated: int = 0
    stopped_messages: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    rejected_file: Path | None = None


@dataclass
class ExportReport:
    """What an export wrote, and what it had to leave out."""

    written: int = 0
    holds: int = 0
    erased: int = 0


def import_list(
    ledger: Ledger,
    settings: Settings,
    clock: Clock,
    file: Path,
    *,
    reason: str = "",
    source: str = "import",
) -> ImportReport:
    """Suppress whom a CSV file names, and cancel at once what is planned to them.

    Safe to repeat, and to kill: what was read is kept. `reason` is for rows without one of
    ours. A row that can't be read is set aside with its file, line and reason. Raises
    UsageError for a wrong file or reason.
    """
    if reason and reason not in REASONS:
        raise UsageError(f"--reason {reason!r} is none of {', '.join(REASONS)}.")
    if not file.is_file():
        raise UsageError(f"{file} is not a file.")
    report = ImportReport()
    aside = settings.rejected_dir / f"suppressions-{clock.now():%Y%m%dT%H%M%S%fZ}.csv"
    read = _read(file, report, aside, settings, clock, reason=reason, source=source)
    while chunk := list(islice(read, CHUNK)):
        _suppress(ledger, clock, chunk, report)
    return report


def _read(
    file: Path,
    report: ImportReport,
    aside: Path,
    settings: Settings,
    clock: Clock,
    *,
    reason: str,
    source: str,
) -> Iterator[OptOut]:
    reader = CsvReader(file)
    check_header(reader.columns)
    for batch in reader.batches():
        bad = [(item.line, item.reason, item.row) for item in batch.rejected]
        for row in batch.rows.to_pylist():
            told = {name: (row[name] or "").strip() for name in reader.columns}
            try:
                yield from opt_outs(
                    told, reason=reason, source=source, zone=settings.shop_timezone, now=clock.now()
                )
            except BadRowError as problem:
                bad.append((row["__line"], str(problem), row["__row"]))
        report.read += len(batch.rows) + len(batch.rejected)
        _set_aside(report, aside, file.name, sorted(bad))


def _set_aside(
    report: ImportReport, path: Path, file: str, bad: Sequence[tuple[int, str, str]]
) -> None:
    if not bad:
        return
    is_new = report.rejected_file is None
    path.parent.mkdir(parents=True, exist_ok=True)
    with _private(path, "w" if is_new else "a") as stream:
        writer = csv.writer(stream, lineterminator="\n")
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
            if item.occurred_at is None and is_suppressed(
                connection, group=item.group, address=item.address, reasons=(item.reason,)
            ):
                report.known += 1
                continue
            is_new, stopped = suppress_once(
                connection,
                group=item.group,
                address=item.address,
                reason=item.reason,
                source=item.source,
                occurred_at=item.occurred_at or now,
                recorded_at=now,
            )
            report.new += is_new
            report.known += not is_new
            report.stopped_messages += stopped


def export_list(ledger: Ledger, file: Path, *, group: ChannelGroup | None = None) -> ExportReport:
    """Write who must not be written to as CSV, for the owner's eyes, in one piece.

    A row an address and reason. Holds are left out, since they wait for a person, and
    erased addresses, since nobody knows them any more. Raises UsageError without a folder.
    """
    if not file.parent.is_dir():
        raise UsageError(f"{file.parent} is no folder to write a list to.")
    report = ExportReport()
    unfinished = file.with_name(f".{file.name}.tmp")
    with ledger.read() as connection, _private(unfinished) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(EXPORT_COLUMNS)
        for row in suppressions_in_force(connection, group=group):
            if row.reason == "hold":
                report.holds += 1
                continue
            if is_hidden(row.address):
                report.erased += 1
                continue
            columns = (row.address, "") if row.channel_group == "email" else ("", row.address)
            writer.writerow((*columns, row.reason, row.source, row.occurred_at.isoformat()))
            report.written += 1
    unfinished.replace(file)
    return report


def _private(path: Path, mode: str = "w") -> IO[str]:
    """Open a file that only its owner can read, whatever it was before."""
    how = os.O_APPEND
    if mode == "w":
        path.unlink(missing_ok=True)
        how = os.O_CREAT | os.O_EXCL
    descriptor = os.open(path, os.O_WRONLY | how, 0o600)
    return os.fdopen(descriptor, mode, newline="", encoding="utf-8")
