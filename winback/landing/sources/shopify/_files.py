"""Shopify's export files as texts: which there are, and their rows in one Parquet file a kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from winback.base.errors import UsageError, WinbackError
from winback.landing._batch import LINE, ROW, Rejected
from winback.landing._csv import CsvReader
from winback.landing._stage import Work
from winback.landing.sources.shopify._columns import Export, open_export

FILE = "__file"  # which of the files of its kind a row stands in, from 1
_SUFFIXES = (".csv", ".csv.gz")


@dataclass
class Texts:
    """All files of one kind: their paths, their rows, and those that can't be split."""

    kind: Export
    path: Path
    files: list[Path] = field(default_factory=list)
    unread: dict[int, list[Rejected]] = field(default_factory=dict)


def find_files(source: Path) -> list[Path]:
    """The CSV files of a folder, or the one that is named. Raises UsageError without any."""
    if source.is_file():
        return [source]
    if not source.is_dir():
        raise UsageError(f"{source} doesn't exist.")
    inside = sorted(path for path in source.iterdir() if not path.name.startswith("."))
    if packed := [path.name for path in inside if path.suffix.lower() == ".zip"]:
        raise UsageError(f"{source / packed[0]} is packed. Next: unpack it and load its files")
    found = [path for path in inside if path.name.lower().endswith(_SUFFIXES)]
    if not found:
        raise UsageError(f"{source} holds no CSV file of Shopify's (customers or orders export).")
    if wrong := [path for path in found if not path.is_file()]:
        raise WinbackError(
            f"{wrong[0]} is not a file: nothing was loaded. Next: put the file there"
        )
    return found


def read_texts(work: Work, paths: Sequence[Path]) -> Mapping[str, Texts]:
    """Read every file. All headers are read first: a wrong one costs no time."""
    opened = [(path, *open_export(path, work.limits)) for path in paths]
    found: dict[str, Texts] = {}
    writers: dict[str, Any] = {}
    try:
        for path, kind, reader in opened:
            texts = found.setdefault(kind.name, Texts(kind, work.folder / f"{kind.name}.texts"))
            schema = _schema(kind)
            if kind.name not in writers:
                writers[kind.name] = pq.ParquetWriter(texts.path, schema, compression="snappy")
            texts.files.append(path)
            _read(work, path, reader, texts, writers[kind.name])
    finally:
        for writer in writers.values():
            writer.close()
    return found


def _schema(kind: Export) -> Any:
    names = dict.fromkeys(kind.columns.values())
    return pa.schema(
        [*((name, pa.string()) for name in names), (FILE, pa.int32()), (LINE, pa.int64())]
    )


def _read(work: Work, path: Path, reader: CsvReader, texts: Texts, writer: Any) -> None:
    number, last = len(texts.files), 0
    unread = texts.unread.setdefault(number, [])
    for batch in reader.batches():
        unread += batch.rejected
        rows = batch.rows.drop_columns([ROW])
        size = len(rows)
        if size:
            last = max(last, rows[LINE][-1].as_py())
            columns = [
                rows[name]
                if name in rows.column_names
                else (pa.array([number] * size, pa.int32()) if name == FILE else pa.nulls(size))
                for name in writer.schema.names
            ]
            writer.write_table(pa.table(columns, writer.schema.names).cast(writer.schema))
        work.progress(texts.kind.name, work.done_bytes + batch.read_bytes, work.total_bytes)
    _refuse_cut_off(path, unread, last)
    work.done_bytes += path.stat().st_size


def _refuse_cut_off(path: Path, unread: Sequence[Rejected], last: int) -> None:
    """Raise WinbackError where a quote stays open or the last record is short.

    Shopify writes whole records: what is missing behind such a line may be a day's orders.
    """
    for line, reason, _ in unread:
        if "a quote" in reason or (line > last and reason.startswith("short row")):
            raise WinbackError(
                f"{path.name}, line {line:,}: {reason}, so the file was cut off or edited: nothing "
                "was loaded. Next: export it again"
            )
