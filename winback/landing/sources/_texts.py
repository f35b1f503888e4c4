"""Export files as texts: which there are, and their rows in one Parquet file a kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from winback.base.errors import UsageError, WinbackError
from winback.landing._batch import LINE, ROW, Rejected
from winback.landing._casts import SPACES
from winback.landing._csv import CsvReader
from winback.landing._stage import Work
from winback.landing.sources._exports import Export, open_export

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
        raise UsageError(f"{source} holds no CSV file. Next: put what was exported there")
    if wrong := [path for path in found if not path.is_file()]:
        raise WinbackError(
            f"{wrong[0]} is not a file: nothing was loaded. Next: put the file there"
        )
    return found


def read_texts(work: Work, paths: Sequence[Path], exports: Sequence[Export]) -> Mapping[str, Texts]:
    """Read every file. All headers are read first: a wrong one costs no time."""
    opened = [open_export(path, work.limits, exports, work.tell_columns) for path in paths]
    found: dict[str, Texts] = {}
    for kind in dict.fromkeys(kind.name for _, kind, _ in opened):
        mine = [it for it in opened if it[1].name == kind]
        texts = found[kind] = Texts(mine[0][1], work.folder / f"{kind}.texts")
        # A temporary file, read twice: packing it would take longer than it saves.
        writer = pq.ParquetWriter(
            texts.path, texts_schema(texts.kind), use_dictionary=False, compression="none"
        )
        with writer, ThreadPoolExecutor(1) as beside:
            for path, _, reader in mine:
                texts.files.append(path)
                read_rows(work, path, reader, texts, Beside(writer, beside))
    return found


class Beside:
    """A writer that works while the next rows are read, one batch behind."""

    def __init__(self, writer: Any, beside: ThreadPoolExecutor) -> None:
        self.schema = writer.schema
        self._writer, self._beside = writer, beside
        self._last: Future[None] | None = None

    def write(self, rows: Any, kind: Export) -> None:
        self.wait()
        self._last = self._beside.submit(self._write, rows, kind)

    def wait(self) -> None:
        if self._last:
            self._last.result()

    def _write(self, rows: Any, kind: Export) -> None:
        columns = [
            _cleaned(rows, item.name, kind)
            if item.name in rows.column_names
            else pa.nulls(len(rows), item.type)
            for item in self.schema
        ]
        self._writer.write_table(pa.table(columns, self.schema))


def texts_schema(kind: Export) -> Any:
    """The columns of the texts of a kind: ours, and where each row stands."""
    names = dict.fromkeys(kind.columns.values())
    return pa.schema(
        [*((name, pa.string()) for name in names), (FILE, pa.int32()), (LINE, pa.int64())]
    )


def read_rows(work: Work, path: Path, reader: CsvReader, texts: Texts, writer: Beside) -> None:
    """Write a file's rows, and keep those that can't be split."""
    number, last = len(texts.files), 0
    unread = texts.unread.setdefault(number, [])
    for batch in reader.batches():
        unread += batch.rejected
        if size := len(batch.rows):
            last = max(last, batch.rows[LINE][-1].as_py())
            place = pa.array([number] * size, pa.int32())
            writer.write(batch.rows.drop_columns([ROW]).append_column(FILE, place), texts.kind)
        work.progress(texts.kind.name, work.done_bytes + batch.read_bytes, work.total_bytes)
    writer.wait()
    _refuse_cut_off(path, unread, last)
    work.done_bytes += path.stat().st_size


def _cleaned(rows: Any, name: str, kind: Export) -> Any:
    """A column without blanks around its values, and null where one is empty."""
    column = rows[name]
    if not pa.types.is_string(column.type):
        return column
    trimmed = pc.utf8_trim(column, characters=SPACES + ("'" if name in kind.quoted else ""))
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def _refuse_cut_off(path: Path, unread: Sequence[Rejected], last: int) -> None:
    """Raise WinbackError where a quote stays open or the last record is short.

    Systems export whole records: what is missing behind such a line may be a day's orders.
    """
    for line, reason, _ in unread:
        if "a quote" in reason or (line > last and reason.startswith("short row")):
            raise WinbackError(
                f"{path.name}, line {line:,}: {reason}, so the file was cut off or edited: nothing "
                "was loaded. Next: export it again"
            )
