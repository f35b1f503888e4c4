"""Tables that another tool has landed, as texts: a file or a folder of files a table.

A file is Parquet or CSV. Which of a table's columns are read, and under which names a generation
of the tool has them, stands in a `Table`; everything else never leaves the place.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import duckdb
import pyarrow.parquet as pq

from winback.base.duck import literal
from winback.base.errors import UsageError, WinbackError
from winback.landing._batch import LINE, Rejected
from winback.landing._csv import CsvReader
from winback.landing._parquet import text_of
from winback.landing._sql import ident, parquet
from winback.landing._stage import Work
from winback.landing.sources._exports import Export
from winback.landing.sources._texts import FILE, Beside, Texts, read_rows, texts_schema

_SUFFIXES: Final = (".parquet", ".csv", ".csv.gz")
_NESTED: Final = ("STRUCT", "MAP", "JSON")


@dataclass(frozen=True)
class Table:
    """A table of the tool: its names, and by our names its columns' names in each generation.

    Of several that are there, the first that has a value counts. A table that is `required` must
    be there, and one that is has to have what it `needs`.
    """

    name: str
    names: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    needs: tuple[str, ...] = ()
    required: bool = False

    @property
    def theirs(self) -> list[str]:
        """All names of columns."""
        return list(dict.fromkeys(it for names in self.columns.values() for it in names))


@dataclass
class Landed:
    """A table's rows as texts with our names, as SQL; what could not be split; which are there."""

    table: Table
    files: list[Path] = field(default_factory=list)
    rows: str = ""
    unread: list[Rejected] = field(default_factory=list)
    columns: Collection[str] = ()
    # What reports call it.
    label: str = ""


def find_tables(source: Path, tables: Sequence[Table], system: str) -> dict[str, list[Path]]:
    """The files of each table that the folder has. Raises UsageError where a required one lacks."""
    if not source.is_dir():
        what = "is a file: give the folder of the tables" if source.exists() else "doesn't exist"
        raise UsageError(f"{source} {what}.")
    found: dict[str, list[Path]] = {}
    for table in tables:
        places = [it for it in sorted(source.iterdir()) if _name_of(it) in table.names]
        if len(places) > 1:
            names = " and ".join(it.name for it in places)
            raise UsageError(f"{source} holds {names}: both are {table.names[0]}; keep one.")
        files = [file for place in places for file in _files_of(place)]
        if files:
            found[table.name] = files
    lacking = [it.names[0] for it in tables if it.required and it.name not in found]
    if lacking:
        raise UsageError(
            f"{source} has no table {' and no table '.join(lacking)}, as {system} lands them "
            "(.parquet or .csv, a file or a folder a table)"
        )
    return found


def _name_of(path: Path) -> str:
    name = path.name.lower()
    return next((name.removesuffix(it) for it in _SUFFIXES if name.endswith(it)), name)


def _files_of(place: Path) -> list[Path]:
    if place.is_file():
        return [place] if place.name.lower().endswith(_SUFFIXES) else []
    if (place / "_delta_log").exists():
        # Its files hold what was deleted, too.
        raise UsageError(f"{place} is a Delta table: write its rows out as Parquet first")
    return [
        it
        for it in sorted(place.rglob("*"))
        if it.is_file()
        and it.name.lower().endswith(_SUFFIXES)
        and not any(part.startswith((".", "_")) for part in it.relative_to(place).parts)
    ]


def read_table(work: Work, table: Table, files: Sequence[Path]) -> Landed:
    """Read all files of a table; without a file it has no rows.

    Raises WinbackError for a file that can't be read, and for a column that is needed and absent.
    """
    landed = Landed(table, list(files), label=_label(work, table, files))
    path = work.folder / f"{table.name}.texts"
    if not files:
        columns = ", ".join(f"null::varchar as {name}" for name in table.columns)
        landed.rows = f"(select {columns}, 0::bigint as {LINE}, 1 as {FILE} where false)"
        return landed
    work.progress(f"{table.names[0]}: reading", work.done_bytes, work.total_bytes)
    kinds = {it.suffix.lower() == ".parquet" for it in files}
    if len(kinds) > 1:
        raise WinbackError(f"{table.names[0]}: its files are Parquet and CSV; keep one of them")
    present = (
        _copy_parquet(work, table, files, path)
        if True in kinds
        else _read_csv(work, table, landed, path)
    )
    told = {theirs: ours for ours, names in table.columns.items() for theirs in names}
    work.tell_columns(landed.label, table.names[0], {it: told.get(it, "") for it in present})
    landed.columns = {ours for ours, names in table.columns.items() if set(present) & set(names)}
    lacking = [" or ".join(table.columns[it]) for it in table.needs if it not in landed.columns]
    if lacking:
        raise WinbackError(
            f"{landed.label} has no column {', '.join(lacking)}: nothing was loaded. Next: see "
            "docs/sources.md for the columns of this table"
        )
    landed.rows = f"(select {_ours(table, present)}, {LINE}, {FILE} from {parquet(path)})"
    return landed


def _label(work: Work, table: Table, files: Sequence[Path]) -> str:
    if len(files) > 1:
        return f"{table.names[0]} ({len(files):,} files)"
    # What a database had is no file of the shop's.
    is_brought = bool(files) and files[0].is_relative_to(work.folder)
    return files[0].name if files and not is_brought else table.names[0]


def _ours(table: Table, present: Collection[str]) -> str:
    columns = []
    for ours, names in table.columns.items():
        told = ", ".join(f"nullif(trim({ident(it)}), '')" for it in names if it in present)
        columns.append(f"coalesce({told or 'null::varchar'}) as {ours}")
    return ", ".join(columns)


def _copy_parquet(work: Work, table: Table, files: Sequence[Path], path: Path) -> list[str]:
    """The columns of Parquet files as a CSV would hold them; nested ones as JSON."""
    for file in files:
        _require_parquet(file)
    listed = ", ".join(map(literal, files))
    rows = f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
    try:
        found = work.connection.execute(
            f"select column_name, column_type from (describe select * from {rows})"
        ).fetchall()
        kinds = {name.lower(): (name, kind) for name, kind in found}
        told = (
            ", ".join(_text(*kinds[name], name) for name in table.theirs if name in kinds)
            or "null as nothing"
        )
        # Rows are counted: they must come in the order in which they stand.
        work.connection.execute("set threads = 1; set preserve_insertion_order = true")
        work.connection.execute(
            f"copy (select {told}, row_number() over () as {LINE}, 1 as {FILE} from {rows}) "
            f"to {literal(path)} (format parquet)"
        )
    except duckdb.Error:
        raise WinbackError(
            f"{table.names[0]}: its Parquet files can't be read together: nothing was loaded. "
            "Next: write them anew with the same columns"
        ) from None
    finally:
        work.connection.execute("reset threads; set preserve_insertion_order = false")
    work.done_bytes += sum(it.stat().st_size for it in files)
    return list(kinds)


def _require_parquet(file: Path) -> None:
    try:
        pq.read_schema(file)
    except (OSError, ValueError):  # Arrow's errors are both
        raise WinbackError(
            f"{file.name} is not a readable Parquet file, as one that was cut off: nothing was "
            "loaded. Next: write it anew"
        ) from None


def _text(column: str, kind: str, name: str) -> str:
    if kind.startswith(_NESTED) or kind.endswith("[]"):
        return f"cast(to_json({ident(column)}) as varchar) as {ident(name)}"
    # `required` keeps NaN as a text; here it is no value.
    return f"{text_of(column, kind, required=False)} as {ident(name)}"


def _read_csv(work: Work, table: Table, landed: Landed, path: Path) -> list[str]:
    kind = Export("", table.name, {it: it for it in table.theirs}, frozenset(), frozenset())
    texts = Texts(kind, path)
    seen: dict[str, None] = {}

    def rename(header: list[str]) -> list[str]:
        seen.update(dict.fromkeys(header))
        return kind.names(header)

    writer = pq.ParquetWriter(path, texts_schema(kind), use_dictionary=False, compression="none")
    with writer, ThreadPoolExecutor(1) as beside:
        for file in landed.files:
            reader = CsvReader(file, limits=work.limits, rename=rename)
            texts.files.append(file)
            read_rows(work, file, reader, texts, Beside(writer, beside))
    landed.unread = [row for rows in texts.unread.values() for row in rows]
    return list(seen)


def id_of(column: str) -> str:
    """SQL for an id, which a tool may have written as 7.0 or with its gid."""
    return (
        f"nullif(regexp_replace(regexp_replace({column}, '^gid://shopify/[A-Za-z]+/', ''), "
        "'\\.0+$', ''), '')"
    )


def in_utc(column: str) -> str:
    """SQL for an instant; one that names no zone is in UTC, as such tools land them."""
    text = f"regexp_replace(replace({column}, ' UTC', 'Z'), ' ?([+-]\\d\\d):?(\\d\\d)$', '\\1:\\2')"
    return (
        f"case when regexp_matches({column}, '^\\d{{4}}-\\d\\d-\\d\\d[ T]\\d\\d:\\d\\d[:.\\d]*$') "
        f"then {column} || 'Z' when regexp_matches({column}, '[ T]\\d\\d:\\d\\d') then {text} "
        f"else {column} end"
    )


def is_true(column: str) -> str:
    """SQL: whether a text is a tool's yes."""
    return f"coalesce(lower({column}) in ('true', 't', '1', 'yes'), false)"


def any_file(files: Mapping[str, Iterable[Path]]) -> list[Path]:
    """All files of all tables."""
    return [it for paths in files.values() for it in paths]
