"""The customers of rows that landing could not hold: kept beside the staged file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from winback.landing._batch import Rejected
from winback.landing._casts import Spec

_SCHEMA: Final = pa.schema(
    [
        ("customer_id", pa.string()),
        ("row_key", pa.string()),
        ("reason", pa.string()),
        # Of a row that could not be split: what stands where the header has the customer (of an
        # order's line: the order), whether all fields are there, and the fields.
        ("named", pa.string()),
        ("is_whole", pa.bool_()),
        ("fields", pa.list_(pa.string())),
    ]
)


class Aside:
    """Customers and keys of the rows that were set aside; nothing where the table holds nobody."""

    def __init__(self, spec: Spec, folder: Path, columns: Sequence[str]) -> None:
        self.table, self.key = spec.holds or ("", None)
        self.path = folder / f"{spec.table.name}.aside.parquet"
        self._columns = columns
        self._names_order = "customer_id" not in spec.table.column_names
        self._writer: Any = None

    def add(self, rows: Any, reason: str) -> None:
        """Typed rows, with the column that holds their reason."""
        if not self.table or not len(rows):
            return
        nothing = pa.nulls(len(rows), pa.string())
        self._write(
            [
                nothing if self._names_order else rows["customer_id"],
                rows[self.key] if self.key else nothing,
                rows[reason],
                nothing,
                pa.nulls(len(rows), pa.bool_()),
                pa.nulls(len(rows), _SCHEMA.field("fields").type),
            ]
        )

    def add_keys(self, rows: Iterable[tuple[str | None, str | None]], reason: str) -> None:
        """Customers and keys of rows that were set aside later."""
        pairs = list(rows)
        if self.table and pairs:
            none = [None] * len(pairs)
            customers, keys = zip(*pairs, strict=True)
            self._write([customers, keys, [reason] * len(pairs), none, none, none])

    def add_unread(self, rows: Sequence[Rejected]) -> None:
        """Rows that could not be split into the header's fields."""
        if not self.table or not rows:
            return
        at = list(self._columns).index("order_id" if self._names_order else "customer_id")
        split = [fields_of(row.row) for row in rows]
        none = [None] * len(rows)
        self._write(
            [
                none,
                none,
                [row.reason for row in rows],
                [fields[at] if len(fields) > at else None for fields in split],
                [len(fields) == len(self._columns) for fields in split],
                split,
            ]
        )

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _write(self, columns: Sequence[Any]) -> None:
        arrays = [
            column
            if isinstance(column, pa.Array | pa.ChunkedArray)
            else pa.array(column, kind.type)
            for column, kind in zip(columns, _SCHEMA, strict=True)
        ]
        self._writer = self._writer or pq.ParquetWriter(self.path, _SCHEMA)
        self._writer.write_table(pa.table(arrays, schema=_SCHEMA))


def fields_of(row: str) -> list[str]:
    """The row's fields; at every comma where a quote is not closed."""
    split = row.split(",")
    if row.count('"') % 2 == 0:
        with suppress(csv.Error):
            split = next(csv.reader([row.replace("\0", "")]), [])
    return [field.strip().strip('"').strip() for field in split]
