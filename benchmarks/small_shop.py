"""What one waits for at a small shop: `python benchmarks/small_shop.py [CUSTOMERS]`.

Makes a shop of that many customers (default 158) with a year of orders and loads it. Then each
command runs in a process of its own, as at a terminal, and beside them, in the same run, two
yardsticks: `dbt build` of the same project by dbt's own command line, with a parse of its own, and
the SQL that dbt compiled for it, by DuckDB alone. Nothing is shared with the user's own cache.
"""

from __future__ import annotations

import csv
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from build_audience import compiled_sql, measure

from winback.base.settings import Settings
from winback.warehouse import dbt_environment, dbt_vars
from winback.warehouse._dbt import prepare_inputs

AS_OF: Final = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
# One view of the hundred that an analyst edits.
VIEW: Final = "lapsed_30_45"


def write_shop(folder: Path, customers: int) -> None:
    """A year of orders, one to five a customer, and a yes to email for most."""
    chance = random.Random(1)  # noqa: S311
    folder.mkdir()
    ids = [f"c{n}" for n in range(customers)]
    _write(folder, "customers", ("customer_id", "email", "first_name", "country"),
           [(it, f"{it}@example.com", "Ann", "US") for it in ids])  # fmt: skip
    orders = [
        (f"o{n}-{it}", it, (AS_OF - timedelta(days=chance.uniform(0, 365))).isoformat(), 40)
        for it in ids
        for n in range(chance.randint(1, 5))
    ]
    _write(folder, "orders", ("order_id", "customer_id", "ordered_at", "total_amount"), orders)
    consents = [(it, "email", "granted", "express", "2025-01-01") for it in ids[::2] + ids[1::3]]
    header = ("customer_id", "channel", "status", "basis", "occurred_at")
    _write(folder, "consents", header, consents)


def _write(
    folder: Path, name: str, header: tuple[str, ...], rows: list[tuple[object, ...]]
) -> None:
    with (folder / f"{name}.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def _used_by_others() -> float:
    """CPU seconds of the processes that this one began and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Bench:
    """Times processes of one home, and keeps what they took: `cpu` of all cores, where others
    work on the machine too."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.figures: dict[str, dict[str, float]] = {}
        self.environment = os.environ | {
            "WINBACK_HOME": str(home),
            "XDG_CACHE_HOME": str(home.parent / "cache"),
            "PREFECT_HOME": str(home.parent / "prefect"),
            "DO_NOT_TRACK": "1",
        }

    def time(self, name: str, *command: str, **environment: str) -> None:
        """Run a command to its end, and tell how long it took; end where it failed."""
        used, started = _used_by_others(), time.perf_counter()
        done = subprocess.run(
            command, env=self.environment | environment, cwd=self.home.parent,
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        seconds, cpu = time.perf_counter() - started, _used_by_others() - used
        self.figures[name] = {"seconds": round(seconds, 1), "cpu": round(cpu, 1)}
        sys.stderr.write(f"{seconds:6.1f} s, CPU {cpu:6.1f} s: {name}\n")
        if done.returncode:
            sys.exit(done.stdout + done.stderr)

    def winback(self, name: str, *arguments: str) -> None:
        """Time a command of ours."""
        self.time(name, sys.executable, "-m", "winback.cli", *arguments)


def bare_dbt(bench: Bench, settings: Settings) -> None:
    """`dbt build` without its unit tests, as ours goes; twice, so that it may use its own parse."""
    dbt = str(Path(sys.executable).with_name("dbt"))
    variables = json.dumps(dbt_vars(settings, AS_OF))
    for name in ("dbt build by dbt alone, the first", "dbt build by dbt alone"):
        bench.time(
            name, dbt, "build", "--exclude-resource-type", "unit_test", "--vars", variables,
            **dbt_environment(settings),
        )  # fmt: skip


def run(folder: Path, customers: int) -> dict[str, dict[str, float]]:
    """All of it, in order: what comes first may not profit from what comes later."""
    write_shop(folder / "shop", customers)
    bench = Bench(folder / "home")
    at = ("--as-of", AS_OF.isoformat())
    bench.winback("winback --help", "--help")
    bench.winback("winback load", "load", str(folder / "shop"))
    bench.winback("winback build, the first", "build", *at)
    bench.winback("winback build", "build", *at)
    bench.winback("winback dbt build --select one view", "dbt", *at, "build", "--select", VIEW)
    bench.winback("winback why", "why", "c1")
    bench.winback("winback run --mode dry-run, the first", "run", "--mode", "dry-run", *at)
    bench.winback("winback run --mode dry-run", "run", "--mode", "dry-run", *at)
    bench.winback("winback run --mode sandbox", "run", "--mode", "sandbox", *at)
    bench.winback("a tick with what came back", "run", "--mode", "sandbox", *at)
    bench.winback("a tick with nothing new", "run", "--mode", "sandbox", *at)
    # A shop of its own: whatever ours keeps, this one has none of it.
    other = Bench(folder / "other" / "home")
    other.home.parent.mkdir()
    other.winback("winback load", "load", str(folder / "shop"))
    settings = Settings.load(home=other.home)
    prepare_inputs(settings)
    bare_dbt(other, settings)
    alone = measure(compiled_sql, other.home)
    others = {name: it for name, it in other.figures.items() if name.startswith("dbt")}
    return bench.figures | others | {"compiled SQL by DuckDB alone": {"seconds": alone["seconds"]}}


def main() -> None:
    customers = int(sys.argv[1]) if len(sys.argv) > 1 else 158
    with tempfile.TemporaryDirectory() as name:
        figures = run(Path(name), customers)
    dbt = figures["dbt build by dbt alone"]["seconds"]
    sql = figures["compiled SQL by DuckDB alone"]["seconds"]
    for it in figures.values():
        it["to_dbt"] = round(it["seconds"] / dbt, 2)
        it["to_sql"] = round(it["seconds"] / sql, 1)
    sys.stdout.write(json.dumps({"customers": customers, "figures": figures}, indent=2) + "\n")


if __name__ == "__main__":
    main()
