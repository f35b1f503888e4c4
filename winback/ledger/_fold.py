"""The export's small parts become larger ones.

Each run that changes a row adds a part, and a year of runs every 15 minutes would leave 35,000
of each table, which every build opens.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import duckdb

from winback.base.duck import connect, literal
from winback.ledger._export import EXPORTED, PRIVATE, next_part, sync_directory
from winback.ledger._lost import EMPTY_PART

# So many small parts are opened in about 50 ms, and a part that is not small stays as it is.
FOLDED_FROM: Final = 100
SMALL_BYTES: Final = 1_000_000


def fold_parts(directory: Path) -> int:
    """Make one part of each table's small ones, where there are many; how many parts went.

    All versions of a row stay. Nobody may be reading (`warehouse_lock`), but an export may write.
    Safe to kill: a row that is there twice for it is there once after the next fold.
    """
    return sum(_fold(directory / name, is_private=name in PRIVATE) for name in EXPORTED)


def _fold(folder: Path, *, is_private: bool) -> int:
    small = [
        path
        for path in sorted(folder.glob("*.parquet"))
        if path.name != EMPTY_PART and path.stat().st_size < SMALL_BYTES
    ]
    if len(small) < FOLDED_FROM:
        return 0
    whole = next_part(folder)
    temporary = whole.with_suffix(".tmp")
    temporary.touch(0o600 if is_private else 0o666)
    files = ", ".join(map(literal, small))
    try:
        with connect() as connection:
            connection.execute(
                f"copy (select distinct * from read_parquet([{files}], union_by_name = true))"
                f" to {literal(temporary)} (format parquet)"
            )
    except duckdb.Error:
        # One of them is broken. The next export writes the table anew, and drops it.
        temporary.unlink(missing_ok=True)
        return 0
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(whole)
    sync_directory(folder)
    for path in small:
        path.unlink(missing_ok=True)
    return len(small)
