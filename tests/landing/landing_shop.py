"""A shop's directory, a home to load it into, and eyes on what landed."""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.cli import main
from winback.landing import LoadReport, load

CUSTOMERS = "customer_id\nc1\nc2\n"
ORDERS = "order_id,customer_id,ordered_at,total_amount\no1,c1,2025-03-01T10:00:00Z,12.50\n"


@dataclass
class Shop:
    source: Path
    settings: Settings
    clock: FixedClock

    def write(self, files: Mapping[str, str | bytes]) -> None:
        self.source.mkdir(exist_ok=True)
        for name, content in files.items():
            raw = content.encode() if isinstance(content, str) else content
            (self.source / name).write_bytes(raw)

    def load(self, files: Mapping[str, str | bytes] | None = None, **options: Any) -> LoadReport:
        """Write the files beside valid customers and orders, and load them."""
        if files is not None:
            defaults: dict[str, str | bytes] = {"customers.csv": CUSTOMERS, "orders.csv": ORDERS}
            taken = {name.partition(".")[0] for name in files}
            self.write({n: c for n, c in defaults.items() if n.partition(".")[0] not in taken})
            self.write(files)
        return load(self.source, self.settings, self.clock, **options)

    def landed(self, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
        """Rows in order of their first columns; instants in UTC."""
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            return connection.execute(
                f"select {columns} from read_parquet(?) order by all",
                [str(self.settings.shop_dir / f"{table}.parquet")],
            ).fetchall()

    def rejected(self, report: LoadReport) -> list[dict[str, str]]:
        """All rows of the load's rejected files."""
        rows: list[dict[str, str]] = []
        for path in sorted(self.settings.rejected_dir.glob(f"*-{report.load_id}.csv")):
            with path.open(newline="", encoding="utf-8") as file:
                rows += csv.DictReader(file)
        return rows


def winback_load(home: pytest.MonkeyPatch, *arguments: str) -> int:
    """`winback load` as a person calls it; its exit code."""
    home.setattr(sys, "argv", ["winback", "load", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)
