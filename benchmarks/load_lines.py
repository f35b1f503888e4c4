"""How fast lines load, and in how much memory: `python benchmarks/load_lines.py [LINES]`.

Makes a shop with that many order lines (default 20 million), loads it in a process of its
own, and lets plain DuckDB turn the same file into Parquet in the same run, as the measure
of what the checks, the line numbers and the merge cost.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from winback.base.clock import WallClock
from winback.base.settings import Settings
from winback.landing import load

duckdb.execute("set enable_progress_bar = false")


def make_shop(folder: Path, lines: int) -> None:
    """Two lines an order, ten orders a customer, written as DuckDB writes CSV."""
    orders = max(lines // 2, 1)
    customers = max(orders // 10, 1)
    queries = {
        "customers": f"select 'c' || i as customer_id from range({customers}) t(i)",
        "orders": f"""
            select 'o' || i as order_id, 'c' || (i % {customers}) as customer_id,
                timestamp '2024-01-01' + to_minutes(cast(i % 1000000 as int)) as ordered_at,
                cast((i % 20000) / 100 as decimal(10, 2)) as total_amount
            from range({orders}) t(i)
        """,
        "order_items": f"""
            select 'o' || (i // 2) as order_id, 'p' || (hash(i) % 5000) as product_id,
                1 + i % 3 as quantity, cast((i % 10000) / 100 as decimal(10, 2)) as unit_price
            from range({lines}) t(i)
        """,
    }
    for name, query in queries.items():
        duckdb.execute(f"copy ({query}) to '{folder / name}.csv' (header)")


def load_shop(folder: Path) -> int:
    settings = Settings.load(home=folder / "home", shop_timezone="Europe/Berlin")
    report = load(folder, settings, WallClock())
    return sum(source.read for source in report.sources)


def convert_with_duckdb(folder: Path) -> int:
    rows = 0
    for path in folder.glob("*.csv"):
        copied = duckdb.execute(
            f"copy (from read_csv('{path}')) to '{path.with_suffix('.plain.parquet')}'"
        ).fetchone()
        rows += copied[0] if copied else 0
    return rows


def measure(work: Callable[[Path], int], folder: Path) -> dict[str, float]:
    """Rows, seconds of clock and processor, and peak memory of `work` in a fresh process."""
    receiver, sender = multiprocessing.get_context("spawn").Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(
        target=_measured, args=(work, folder, sender)
    )
    process.start()
    figures: dict[str, float] = receiver.recv()
    process.join()
    return figures


def _measured(work: Callable[[Path], int], folder: Path, sender: object) -> None:
    started = time.perf_counter()
    rows = work(folder)
    seconds = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_SELF)
    sender.send(  # type: ignore[attr-defined]  # a multiprocessing.Connection
        {
            "rows": rows,
            "seconds": round(seconds, 2),
            "rows_per_second": round(rows / seconds),
            "cpu_seconds": round(used.ru_utime + used.ru_stime, 2),
            "peak_rss_mb": round(used.ru_maxrss / 1024),
        }
    )


def main() -> None:
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_shop(folder, lines)
        ours, plain = measure(load_shop, folder), measure(convert_with_duckdb, folder)
    ratio = round(ours["seconds"] / plain["seconds"], 1)
    figures = {"lines": lines, "winback": ours, "duckdb": plain, "times_slower": ratio}
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
