"""Read Parquet whatever its physical types: declared columns become text, as if from CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from winback.base.errors import WinbackError
from winback.landing._batch import LINE, RESERVED, ROW, Batch, check_names
from winback.landing._limits import Limits
from winback.landing._parquet_size import rows_at_once
from winback.landing._sql import ident


class ParquetReader:
    """One Parquet file; `line` is the row, from 1; `row` is the row as JSON.

    `as_text` names the columns to hand on as text, with whether they are required; the
    others keep their type.
    """

    def __init__(
        self, path: Path, *, as_text: Mapping[str, bool], limits: Limits | None = None
    ) -> None:
        self._path = path
        self._limits = limits or Limits()
        self._as_text = as_text
        try:
            with pq.ParquetFile(path) as file:
                self._schema, self._rows = file.schema_arrow, file.metadata.num_rows
        except (pa.ArrowException, ValueError, OSError) as error:  # a name may be no UTF-8
            raise WinbackError(f"{path.name} is not a readable Parquet file: {error}") from None
        self._limits.check_columns(path.name, len(self._schema.names))
        self.columns = [name.strip().lower() for name in self._schema.names]
        wrong = {name for name in self.columns if self.columns.count(name) > 1} | (
            RESERVED & set(self.columns)
        )
        check_names(path.name, self.columns)
        if wrong:
            raise WinbackError(
                f"{path.name}: columns {', '.join(sorted(wrong))} twice or reserved."
            )

    def batches(self) -> Iterator[Batch]:
        size, total = self._path.stat().st_size, max(self._rows, 1)
        at_once = rows_at_once(self._path, self._limits)
        empty = self._schema.empty_table()
        with pq.ParquetFile(self._path) as file, duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            yield Batch(self._textual(connection, empty, 1), 0)
            read = 0
            for rows in file.iter_batches(at_once):
                table = self._textual(connection, pa.Table.from_batches([rows]), read + 1)
                read += len(table)
                yield Batch(table, size * read // total)

    def _textual(self, connection: duckdb.DuckDBPyConnection, rows: Any, first: int) -> Any:
        rows = rows.rename_columns(self.columns)
        numbers = pa.array(range(first, first + len(rows)), pa.int64())
        connection.register("sent", rows)
        connection.register("numbered", rows.append_column(LINE, numbers))
        columns = [
            _as_text(name, kind, self._as_text[name]) if name in self._as_text else ident(name)
            for name, kind in connection.execute(
                "select column_name, column_type from (describe sent)"
            ).fetchall()
        ]
        packed = ", ".join(f"{ident(name)} := {ident(name)}" for name in self.columns)
        return connection.execute(
            f"select {', '.join(columns)}, {LINE}, "
            f"cast(to_json(struct_pack({packed})) as varchar) as {ROW} from numbered"
        ).to_arrow_table()


def _as_text(name: str, kind: str, required: bool) -> str:
    return f"{text_of(name, kind, required=required)} as {ident(name)}"


def text_of(name: str, kind: str, *, required: bool) -> str:
    """SQL that writes a column as a CSV would hold it.

    pandas turns whole numbers with gaps into doubles: so a whole double loses its `.0`,
    and NaN means absent where a value may be.
    """
    column = ident(name)
    if kind in {"DOUBLE", "FLOAT"}:
        is_whole = f"isfinite({column}) and abs({column}) < 1e15 and {column} = trunc({column})"
        absent = "" if required else f"when isnan({column}) then null "
        text = (
            f"case {absent}when {is_whole} then cast(cast({column} as hugeint) as varchar) "
            f"else cast({column} as varchar) end"
        )
    elif kind == "TIMESTAMP WITH TIME ZONE":
        text = f"strftime(timezone('UTC', {column}), '%Y-%m-%d %H:%M:%S.%f') || 'Z'"
    elif kind == "BLOB":
        text = f"coalesce(try(decode({column})), cast({column} as varchar))"
    else:
        text = f"cast({column} as varchar)"
    if kind.startswith(("DECIMAL", "DOUBLE", "FLOAT")):
        # 1.234 could be a thousand in a text; here it is a number.
        text = f"regexp_replace({text}, '^(-?\\d+\\.\\d{{3}})$', '\\10')"
    return text
