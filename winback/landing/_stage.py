"""Read a file into typed Parquet beside landing; set aside what can't be held."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from winback.landing._batch import LINE, ROW, Reader, Rejected, printable
from winback.landing._casts import Spec, typing_query
from winback.landing._report import Progress, SourceReport
from winback.landing._sql import literal

# A load stays below it however many lines it reads; sorts and joins spill beside landing.
MEMORY_LIMIT = "1GB"
_CHUNK_ROWS = 16_384


@dataclass
class Work:
    """One load's workshop: a folder beside landing, a DuckDB session in the shop's zone."""

    load_id: str
    folder: Path
    shop_timezone: str
    progress: Progress
    total_bytes: int
    done_bytes: int = 0
    connection: duckdb.DuckDBPyConnection = field(init=False)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True)
        self.connection = duckdb.connect()
        self.connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
        self.connection.execute(f"set temp_directory = {literal(self.folder / 'spill')}")
        self.connection.execute("set preserve_insertion_order = false")
        self.connection.execute("set enable_progress_bar = false")  # ours tells of all files
        self.connection.execute(f"set TimeZone = '{self.shop_timezone}'")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.connection.close()


@dataclass
class Rejections:
    """The rejected rows of one source file, written as they are found."""

    path: Path
    file: str
    reasons: Counter[str] = field(default_factory=Counter)
    _stream: IO[str] | None = None
    _writer: Any = None

    def add(self, rows: Iterable[Rejected]) -> None:
        for line, reason, row in rows:
            if self._stream is None:
                self._stream = self.path.open("w", newline="", encoding="utf-8")
                self._writer = csv.writer(self._stream, lineterminator="\n")
                self._writer.writerow(["file", "line", "reason", "row"])
            self.reasons[reason] += 1
            self._writer.writerow([self.file, line, reason, printable(row)])

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()


@dataclass
class Staged:
    """A file's good rows as typed Parquet in the workshop, and its rejected ones."""

    name: str
    path: Path
    rows: int
    rejections: Rejections

    def report(self, rejected_dir: Path) -> SourceReport:
        rejected = self.rejections.reasons.total()
        self.rejections.close()
        return SourceReport(
            name=self.name,
            file=self.rejections.file,
            read=self.rows + rejected,
            landed=self.rows,
            rejected=rejected,
            rejected_by_reason=dict(self.rejections.reasons.most_common()),
            rejected_file=rejected_dir / self.rejections.path.name if rejected else None,
        )


def stage(
    work: Work, reader: Reader, spec: Spec, source: Path, *, keep: Sequence[str] = ()
) -> Staged:
    """Cast and check every row of a file.

    `keep` says which of LINE and ROW stay in the staged file for a later look.
    """
    name = spec.table.name
    rejections = Rejections(work.folder / f"{name}-{work.load_id}.csv", source.name)
    path = work.folder / f"{name}.staged.parquet"
    query = typing_query(spec, reader.columns, "batch")
    writer: Any = None
    rows = 0
    try:
        for batch in reader.batches():
            rejections.add(batch.rejected)
            work.connection.register("batch", _in_chunks(batch.rows))
            typed = _in_utc(work.connection.execute(query).to_arrow_table())
            good = pc.is_null(typed["__reason"])
            rejections.add(_rejected(typed.filter(pc.invert(good))))
            landed = typed.filter(good).drop_columns(
                ["__reason", *(column for column in (LINE, ROW) if column not in keep)]
            )
            writer = writer or pq.ParquetWriter(path, landed.schema, compression="zstd")
            writer.write_table(landed.cast(writer.schema))
            rows += len(landed)
            work.progress(name, work.done_bytes + batch.read_bytes, work.total_bytes)
    finally:
        if writer is not None:
            writer.close()
    work.done_bytes += source.stat().st_size
    return Staged(name, path, rows, rejections)


def _rejected(rows: Any) -> Iterable[Rejected]:
    columns = (rows[name].to_pylist() for name in (LINE, "__reason", ROW))
    return sorted(Rejected(*values) for values in zip(*columns, strict=True))


def _in_chunks(rows: Any) -> Any:
    """The same rows in pieces, which DuckDB reads on all cores."""
    return pa.Table.from_batches(rows.to_batches(max_chunksize=_CHUNK_ROWS), rows.schema)


def _in_utc(rows: Any) -> Any:
    """The same instants: DuckDB hands them over labelled with the session's zone."""
    fields = [
        pa.field(item.name, pa.timestamp("us", "UTC"))
        if pa.types.is_timestamp(item.type) and item.type.tz is not None
        else item
        for item in rows.schema
    ]
    return rows.cast(pa.schema(fields))
