"""Typing a table's texts: all rows at once, and those that have a fault like any format's.

Nearly every row of an export is whole, so one query over all of them is enough.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from winback.landing._batch import LINE, ROW, Batch
from winback.landing._casts import typing_query
from winback.landing._merge import copy
from winback.landing._rules import SPECS
from winback.landing._sql import parquet
from winback.landing._stage import Staged, Work, stage
from winback.landing.schema import TABLES, numbered
from winback.landing.sources._texts import Texts

_CHUNK_ROWS: Final = 100_000


@dataclasses.dataclass(frozen=True)
class Rows:
    """The texts of a table: its columns, what a row that is set aside shows, and where from.

    `key` tells the rows of `source` apart, where a line of the file may bring several.
    """

    columns: str
    shown: str
    source: str
    key: str = LINE

    def texts(self) -> str:
        """SQL for the texts, with the key in the place of the row."""
        return f"select {self.columns}, {LINE}, {self.key} as {ROW} from {self.source}"

    def shown_among(self, keys: str) -> str:
        """SQL for the texts of those rows whose key the query `keys` gives."""
        return (
            f"select {self.columns}, {LINE}, {as_row(self.shown)} as {ROW} from {self.source} "
            f"where {self.key} in ({keys})"
        )


def as_row(columns: str) -> str:
    """SQL for the columns as one JSON text, which stands for a row that is set aside."""
    named = ", ".join(f"{name} := {name}" for name in columns.split(", "))
    return f"cast(to_json(struct_pack({named})) as varchar)"


def stage_all(work: Work, name: str, texts: Texts, rows_of: Callable[[int], Rows]) -> list[Staged]:
    """A table's rows of each file, typed and checked as the generic format's are."""
    return [
        stage_rows(work, name, numbered(name, number), path, rows_of(number))
        for number, path in enumerate(texts.files, start=1)
    ]


def stage_rows(
    work: Work, name: str, own: str, path: Path, rows: Rows, *, label: str = ""
) -> Staged:
    """Rows of a table, under a name of their `own`; `label` is what reports call their file."""
    done = work.done_bytes
    spec = dataclasses.replace(
        SPECS[name],
        table=dataclasses.replace(TABLES[name], name=own),
        date_format=work.date_formats.get(name, work.date_formats.get("")),
    )
    work.progress(f"{name}: checking", done, work.total_bytes)
    work.connection.execute(
        "create or replace temp table typed as "
        + typing_query(spec, rows.columns.split(", "), f"({rows.texts()})")
    )
    faulty = work.folder / f"{own}.faulty.parquet"
    copy(work, rows.shown_among(f"select {ROW} from typed where __reason is not null"), faulty)
    staged = stage(work, _Written(faulty), spec, path, label=label)
    work.done_bytes = done
    _add_whole_rows(work, staged)
    return staged


def _add_whole_rows(work: Work, staged: Staged) -> None:
    path = work.folder / f"{staged.name}.typed.parquet"
    whole = f"select * exclude (__reason, {LINE}, {ROW}) from typed where __reason is null"
    rest = f" union all by name from {parquet(staged.path)}" if staged.rows else ""
    copy(work, whole + rest, path)
    staged.path = path
    staged.rows = pq.read_metadata(path).num_rows


class _Written:
    """A reader of texts that a query wrote."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.columns = [n for n in pq.read_schema(path).names if n not in {LINE, ROW}]

    def batches(self) -> Iterator[Batch]:
        with pq.ParquetFile(self._path) as file:
            yield Batch(file.schema_arrow.empty_table(), 0)
            for rows in file.iter_batches(_CHUNK_ROWS):
                yield Batch(pa.Table.from_batches([rows]), 0)


def together(work: Work, name: str, paths: list[Path]) -> Path:
    """One Parquet file of all."""
    if len(paths) == 1:
        return paths[0]
    path = work.folder / f"{name}.all.parquet"
    copy(work, " union all by name ".join(f"(from {parquet(it)})" for it in paths), path)
    return path
