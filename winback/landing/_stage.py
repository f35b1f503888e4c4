"""Read a file into typed Parquet beside landing; set aside what can't be held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from winback.base.cells import CellWriter
from winback.base.duck import literal
from winback.landing._aside import Aside
from winback.landing._batch import LINE, ROW, Reader, Rejected, printable
from winback.landing._casts import Spec, second_query, typing_query
from winback.landing._limits import Limits
from winback.landing._report import FileColumns, Progress, Saw, SourceReport
from winback.landing._second_look import SecondLook, faulty

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
    loaded_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    limits: Limits = field(default_factory=Limits)
    # How dates are written, by table; under "" for all.
    date_formats: Mapping[str, str] = field(default_factory=dict)
    # The folder of the tables as they are landed; None where the load starts over.
    shop_dir: Path | None = None
    # Where a phone without a calling code is from, if its own row doesn't tell.
    shop_country: str = ""
    # Whether the shop counts orders that are not paid yet.
    counts_pending: bool = False
    # Which of the source's columns is which of ours, as the sources file states it.
    columns: Mapping[str, str] = field(default_factory=dict)
    # Who looks at a source before it lands hears of each file's columns.
    saw: Saw | None = None
    done_bytes: int = 0
    # What a load that fails may leave open.
    closing: list[Callable[[], None]] = field(default_factory=list)
    connection: duckdb.DuckDBPyConnection = field(init=False)

    def landed(self, table: str) -> Path | None:
        """The table's file as it is landed; None where there is none, or the load starts over."""
        path = self.shop_dir / f"{table}.parquet" if self.shop_dir else None
        return path if path and path.exists() else None

    def tell_columns(self, file: str, kind: str, columns: Mapping[str, str]) -> None:
        """Tell who looks which columns a file has, each with what it becomes."""
        if self.saw:
            self.saw(FileColumns(file, kind, columns))

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True)
        self.connection = duckdb.connect()
        self.connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
        self.connection.execute(f"set temp_directory = {literal(self.folder / 'spill')}")
        self.connection.execute("set preserve_insertion_order = false")
        self.connection.execute("set enable_progress_bar = false")  # ours tells of all files
        self.connection.execute(f"set TimeZone = '{self.shop_timezone}'")
        self.connection.execute(f"set variable loaded_at = timestamptz '{self.loaded_at}'")
        self.connection.execute(f"set variable load_id = {literal(self.load_id)}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for close in self.closing:
            close()
        self.connection.close()


@dataclass
class Rejections:
    """Rows of one source file with their reasons, written as they are found."""

    path: Path
    file: str
    reasons: Counter[str] = field(default_factory=Counter)
    _stream: IO[str] | None = None
    _writer: CellWriter | None = None

    def add(self, rows: Iterable[Rejected]) -> None:
        for line, reason, row in rows:
            if self._writer is None:
                self._stream = self.path.open("w", newline="", encoding="utf-8")
                self._writer = CellWriter(self._stream)
                self._writer.writerow(["file", "line", "reason", "row"])
            self.reasons[reason] += 1
            self._writer.writerow([self.file, line, reason, printable(row)])

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()


@dataclass
class Staged:
    """A file's good rows as typed Parquet in the workshop, and its rejected ones.

    `aside` names the customers of the rejected ones, where it is known; `doubts` is what
    rows that landed have lost.
    """

    name: str
    path: Path
    rows: int
    rejections: Rejections
    aside: Aside
    doubts: Rejections
    notes: list[str] = field(default_factory=list)
    # What a person can do where the rest of a column did not tell how to read it.
    advice: str = ""

    def reject(self, rows: Iterable[tuple[int, str, str]]) -> None:
        """Set rows aside that were found wrong later, and never were among `rows`."""
        self.rejections.add(Rejected(*row) for row in rows)

    def close(self) -> None:
        self.rejections.close()
        self.doubts.close()
        self.aside.close()

    def report(self, rejected_dir: Path) -> SourceReport:
        rejected = self.rejections.reasons.total()
        self.close()
        return SourceReport(
            name=self.name,
            file=self.rejections.file,
            read=self.rows + rejected,
            landed=self.rows,
            rejected=rejected,
            rejected_by_reason=dict(self.rejections.reasons.most_common()),
            rejected_file=rejected_dir / self.rejections.path.name if rejected else None,
            doubts=dict(self.doubts.reasons.most_common()),
            doubts_file=rejected_dir / self.doubts.path.name if self.doubts.reasons else None,
        )


def stage(
    work: Work,
    reader: Reader,
    spec: Spec,
    source: Path,
    *,
    keep: Sequence[str] = (),
    label: str = "",
) -> Staged:
    """Cast and check every row of a file, and look twice at those that have a fault.

    `keep` says which of LINE and ROW stay in the staged file for a later look. `label` is what
    reports call the file, if not by its name.
    """
    name, label = spec.table.name, label or source.name
    staged = Staged(
        name,
        work.folder / f"{name}.staged.parquet",
        0,
        Rejections(work.folder / f"{name}-{work.load_id}.csv", label),
        Aside(spec, work.folder, reader.columns),
        Rejections(work.folder / f"{name}-{work.load_id}.doubts.csv", label),
    )
    work.closing.append(staged.close)
    second = SecondLook(spec, reader, work.folder / f"{name}.waiting.parquet")
    with _Writer(staged, keep) as writer:
        for batch in reader.batches():
            staged.rejections.add(batch.rejected)
            staged.aside.add_unread(batch.rejected)
            typed = _typed(work, typing_query(spec, reader.columns, "batch"), batch.rows)
            is_good = pc.is_null(typed["__reason"])
            writer.land(typed.filter(is_good))
            bad = typed.filter(pc.invert(is_good))
            if not spec.looks_twice:
                writer.set_aside(bad)
            elif len(bad):
                _look_again(work, reader, spec, writer, second.look(faulty(batch.rows, bad[LINE])))
            work.progress(name, work.done_bytes + batch.read_bytes, work.total_bytes)
        for rows in second.decided():
            _look_again(work, reader, spec, writer, rows)
    staged.notes = second.notes(label)
    staged.advice = second.advice()
    work.done_bytes += source.stat().st_size
    return staged


def _look_again(work: Work, reader: Reader, spec: Spec, writer: _Writer, rows: Any) -> None:
    typed = _typed(work, second_query(spec, reader.columns, "batch"), rows)
    is_good = pc.is_null(typed["__reason"])
    writer.land(typed.filter(is_good))
    writer.set_aside(typed.filter(pc.invert(is_good)))


def _typed(work: Work, query: str, rows: Any) -> Any:
    work.connection.register("batch", _in_chunks(rows))
    return _in_utc(work.connection.execute(query).to_arrow_table())


class _Writer:
    """Where rows go that were looked at: into the staged file, or aside."""

    def __init__(self, staged: Staged, keep: Sequence[str]) -> None:
        self._staged = staged
        self._dropped = {"__reason", "__doubts", "__held"} | ({LINE, ROW} - set(keep))
        self._parquet: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._parquet is not None:
            self._parquet.close()

    def land(self, rows: Any) -> None:
        if "__doubts" in rows.column_names and len(rows):
            self._staged.doubts.add(_doubts(rows))
            self._staged.aside.add(rows.filter(pc.is_valid(rows["__held"])), "__held")
        landed = rows.drop_columns([n for n in rows.column_names if n in self._dropped])
        if self._parquet is None:
            self._parquet = pq.ParquetWriter(self._staged.path, landed.schema, compression="zstd")
        self._parquet.write_table(landed.cast(self._parquet.schema))
        self._staged.rows += len(landed)

    def set_aside(self, rows: Any) -> None:
        columns = (rows[name].to_pylist() for name in (LINE, "__reason", ROW))
        self._staged.rejections.add(
            sorted(Rejected(*values) for values in zip(*columns, strict=True))
        )
        self._staged.aside.add(rows, "__reason")


def _doubts(rows: Any) -> Iterable[Rejected]:
    columns = (rows[name].to_pylist() for name in (LINE, "__doubts", ROW))
    return sorted(
        Rejected(line, doubt, row)
        for line, doubts, row in zip(*columns, strict=True)
        for doubt in doubts
    )


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
