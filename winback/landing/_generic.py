"""The generic format: one file a table, under the names of the input format."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from winback.landing._batch import LINE, ROW, Reader
from winback.landing._column_names import column_notes
from winback.landing._files import not_read, open_table, table_files
from winback.landing._formats import Parsed
from winback.landing._merge import reject_repeats
from winback.landing._rules import SPECS
from winback.landing._says_no import consent_note, refusal_columns, refusal_notes, with_refusals
from winback.landing._sql import parquet
from winback.landing._stage import Staged, Work, stage
from winback.landing.schema import INPUT_TABLES, Table


def files(source: Path) -> list[Path]:
    return list(table_files(source).values())


def parse(work: Work, source: Path) -> Parsed:
    """Stage every table. All headers are read first: a wrong one costs no time."""
    found = table_files(source)
    readers = {
        name: open_table(path, INPUT_TABLES[name], work.limits) for name, path in found.items()
    }
    parsed = Parsed()
    for name, reader in readers.items():
        staged = stage_file(work, INPUT_TABLES[name], found[name], reader)
        parsed.sources.append(staged)
        parsed.tables[name] = staged.path
    if others := not_read(source, found.values()):
        names = ", ".join(INPUT_TABLES)
        parsed.notes.append(f"not read: {', '.join(others)} (the tables are {names})")
    return parsed


def stage_file(work: Work, table: Table, path: Path, reader: Reader) -> Staged:
    """The rows of one table's file."""
    keep = (LINE, ROW) if table.key else ()
    format_ = work.date_formats.get(table.name, work.date_formats.get(""))
    spec = dataclasses.replace(SPECS[table.name], date_format=format_)
    refusing = refusal_columns(reader.columns, table.input_names)
    spec = with_refusals(spec, refusing)
    known = {name: name if name in table.input_names else "" for name in reader.columns}
    if spec.settlement is not None:
        known |= dict.fromkeys(refusing, "a refusal")
    work.tell_columns(path.name, table.name, known)
    staged = stage(work, reader, spec, path, keep=keep)
    read = [n for n in reader.columns if spec.settlement is None or n not in refusing]
    staged.notes = [
        *late_notes(work, staged),
        *refusal_notes(work, staged, refusing),
        *consent_note(staged, reader.columns, table.input_names),
        *column_notes(path.name, table, read),
        *staged.notes,
    ]
    if table.key:
        reject_repeats(work, table, staged)
    return staged


def late_notes(work: Work, staged: Staged) -> list[str]:
    """How many orders are dated after the load: a slip such as 2062 for 2026 hides the newest.

    They land, since a season may be rehearsed ahead of the clock.
    """
    if staged.name != "orders" or not staged.rows:
        return []
    found = work.connection.execute(
        f"select count(*) from {parquet(staged.path)} "
        "where ordered_at > getvariable('loaded_at') + interval 2 days"
    ).fetchone()
    [count] = found or (0,)
    said = f"{count:,} orders are dated more than two days after this load and don't count before"
    return [f"{staged.rejections.file}: {said}. Next: check their ordered_at"] if count else []
