"""Reading what the generator wrote."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

from winback.rehearsal.demo import Shop

ENDS_AT = datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC)


def read_rows(directory: Path, table: str) -> list[dict[str, str]]:
    """All rows of a table, the deliberately bad ones included."""
    with (directory / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_good_rows(shop: Shop, table: str) -> list[dict[str, str]]:
    """The rows of a table before the bad ones, which stand at its end."""
    bad = sum(row.table == table for row in shop.bad_rows)
    rows = read_rows(shop.out_dir, table)
    return rows[: len(rows) - bad]
