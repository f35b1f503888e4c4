"""How large a Parquet file's rows really are: a few KB may say one long text a million times."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from winback.base.errors import WinbackError
from winback.landing._limits import Limits

BATCH_ROWS: Final = 100_000
# What the texts of one batch may take.
BATCH_BYTES: Final = 128 << 20
# DuckDB reads what the file says of its chunks, since a broken word there makes pyarrow end the
# whole process.
# The lists of a single row may hold all of a group's values, so that no batch is small enough.
_DECLARED: Final = """
    select coalesce(max(held), 0), coalesce(sum(told), 0)
    from (
        select
            8 * sum(num_values) filter (where num_values > row_group_num_rows) as held,
            sum(greatest(num_values, total_uncompressed_size)) as told
        from parquet_metadata($1)
        group by row_group_id
    )
"""


def rows_at_once(path: Path, limits: Limits) -> int:
    """How many rows fit into a batch. Raises WinbackError where the file is too large."""
    try:
        return _rows_at_once(path, limits)
    except MemoryError:
        raise limits.no_memory(path.name) from None
    except (pa.ArrowException, duckdb.Error, ValueError, OSError) as error:
        why = str(error).splitlines()[0]
        raise WinbackError(f"{path.name} is not a readable Parquet file: {why}") from None


def _rows_at_once(path: Path, limits: Limits) -> int:
    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
    limits.check_unpacked(path.name, _declared_bytes(path, limits))
    texts = [item.name for item in schema if _is_text(item.type)]
    longest, total = dict.fromkeys(texts, 0), 0
    # As dictionaries each text is held once, however often the file says it.
    with pq.ParquetFile(path, read_dictionary=texts) as file:
        for batch in file.iter_batches(BATCH_ROWS, columns=texts) if texts else ():
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                sizes = _sizes(column)
                longest[name] = max(longest[name], pc.max(sizes).as_py() or 0)
                total += pc.sum(sizes).as_py() or 0
            limits.check_unpacked(path.name, total)
    row = sum(longest.values())
    limits.check_line(path.name, row)
    return max(1, min(BATCH_ROWS, BATCH_BYTES // max(row, 1)))


def _declared_bytes(path: Path, limits: Limits) -> int:
    """What the file itself says of its size: a byte a value at least."""
    with duckdb.connect() as connection:
        # A name in brackets means itself where DuckDB would look for a pattern.
        itself = re.sub(r"([*?\[])", r"[\1]", str(path))
        held, told = connection.execute(_DECLARED, [itself]).fetchall()[0]
    if held > limits.memory_megabytes << 20:
        raise limits.no_memory(path.name)
    return int(told)


def _is_text(kind: Any) -> bool:
    kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary)
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return any(is_kind(kind) for is_kind in (*kinds, pa.types.is_large_binary))


def _sizes(column: Any) -> Any:
    """The bytes of each value."""
    if pa.types.is_dictionary(column.type):
        return pc.binary_length(column.dictionary).cast(pa.int64()).take(column.indices)
    return pc.binary_length(column).cast(pa.int64())
