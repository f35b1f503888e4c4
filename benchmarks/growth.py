"""How each stage grows with the shop: `python benchmarks/growth.py [CUSTOMERS …] [--largest]`.

`--spark MOST` has Spark build the shops of at most so many customers, too.

Shops of 10,000 and 100,000 customers (or those that are given; `--largest` adds one million and
five) with ten orders and twenty lines each, as `build_audience.py` makes them, go through a whole
day: their files are loaded, the audience is built, entrants are enrolled, messages are planned and
sent to a server that takes all, a tick meets the ledger's news, and the report is written.
Where it is asked for, Spark's build of the same landing (WINBACK_SPARK_MASTER says where) follows.
Each stage runs in a process of its own; told are its seconds, those of its processors, the peak of
its memory and the bytes that it left on the disk.

The exponent of a figure is that of the power law between two sizes: 1 grows as the shop does, and
no stage may be above 1.1. Processor seconds tell it where others work on the machine; what a stage
costs at any size makes it look smaller than it is.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from math import log
from multiprocessing import Pipe, Process
from pathlib import Path
from typing import Any, Final

import duckdb
from build_audience import AS_OF, QUERIES, measure
from ledger_growth import take_all

from winback.base.clock import FixedClock
from winback.base.settings import Settings

SIZES: Final = (10_000, 100_000)
LARGEST: Final = (1_000_000, 5_000_000)
MOST: Final = 1.1
# Texts leave in the afternoon of their zone: by then that of two zones out of four is open.
IN_THE_WINDOW: Final = datetime(2026, 3, 31, 21, 30, tzinfo=UTC)
CLOCK: Final = FixedClock(AS_OF)


def write_files(folder: Path, customers: int) -> None:
    """The shop's files, as an export has them."""
    folder.mkdir()
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute("set enable_progress_bar = false")
        for name, query in QUERIES.items():
            path = folder / f"{name}.parquet"
            connection.execute(
                f"copy ({query.format(customers=customers)}) to '{path}' (format parquet)"
            )


def load(home: Path) -> None:
    from winback.landing import load

    load(home.with_name("shop"), Settings.load(home=home), CLOCK)


def build(home: Path) -> None:
    """Every model, and who enters a playbook."""
    import quality
    from winback import warehouse
    from winback.ledger import export_ledger, open_ledger

    settings = Settings.load(home=home)
    # As a run does: what is published must not be older than the ledger.
    with open_ledger(settings) as ledger:
        export_ledger(ledger, settings.ledger_landing_dir)
    warehouse.build(settings, AS_OF, gate=quality.gate(sends=False), with_entrants=True)


def decide(home: Path) -> None:
    """What was decided goes to the ledger: plans of experiments and entrants."""
    from winback import sending
    from winback.ledger import open_ledger
    from winback.warehouse import keep_decisions, published_rows

    settings = Settings.load(home=home)
    published = settings.published_dir / "current"
    keep_decisions(settings, published)
    with open_ledger(settings) as ledger:
        sending.start_experiments(ledger, published_rows(published, "experiment_starts"))
        sending.enroll(ledger, published_rows(published, "entrants"))


def plan(home: Path) -> None:
    from winback import sending
    from winback.ledger import open_ledger
    from winback.warehouse import published_rows

    settings = Settings.load(home=home)
    rows = published_rows(settings.published_dir / "current", "outbox")
    with open_ledger(settings) as ledger:
        sending.plan(ledger, rows, settings, CLOCK)


def send(home: Path) -> None:
    from winback import sending
    from winback.ledger import export_ledger, open_ledger

    settings = Settings.load(home=home)
    with open_ledger(settings) as ledger:
        sending.send_due(ledger, settings, FixedClock(IN_THE_WINDOW))
        export_ledger(ledger, settings.ledger_landing_dir)


def tick(home: Path) -> None:
    """The build of a quarter of an hour later, which meets the ledger's news."""
    import quality
    from winback import warehouse

    settings, at = Settings.load(home=home), IN_THE_WINDOW + timedelta(minutes=15)
    gate = quality.gate(sends=False)
    warehouse.build(settings, at, gate=gate, with_entrants=True, leaves_standing=True)


def report(home: Path) -> None:
    from winback.measure.shop_report import read_figures, write_report

    settings = Settings.load(home=home)
    write_report(
        read_figures(settings.published_dir / "current", timezone=settings.shop_timezone), settings
    )


STAGES: Final[dict[str, Callable[[Path], None]]] = {
    "load": load, "build": build, "decide": decide, "plan": plan, "send": send, "tick": tick,
    "report": report,
}  # fmt: skip


def build_on_spark(home: Path) -> None:
    """What `build` builds, by the other engine."""
    os.environ["WINBACK_DBT_TARGET"] = "spark"
    build(home)


def live_through(folder: Path, customers: int, *, on_spark: bool) -> dict[str, dict[str, float]]:
    """The figures of each stage, for a new shop of so many customers."""
    home, other = folder / "home", folder / "on_spark"
    figures: dict[str, dict[str, float]] = {}
    write_files(folder / "shop", customers)

    def live(name: str, stage: Callable[[Path], None], home: Path) -> None:
        before = _bytes(home)
        figures[name] = measure(stage, home)
        figures[name]["disk_mb"] = round((_bytes(home) - before) / 1e6, 1)
        # The largest take hours: what ended is told at once.
        sys.stderr.write(f"{customers} customers, {name}: {json.dumps(figures[name])}\n")

    for name, stage in STAGES.items():
        live(name, stage, home)
        if on_spark and name == "load":
            shutil.copytree(home, other)
    figures["send"]["messages"] = _sent(home)
    if on_spark:
        live("build on Spark", build_on_spark, other)
    return figures


def _bytes(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def _sent(home: Path) -> int:
    from sqlalchemy import func, select

    from winback.ledger import open_ledger, tables

    with open_ledger(Settings.load(home=home)) as ledger, ledger.read() as connection:
        accepted = tables.messages.c.state == "accepted"
        return connection.scalar(select(func.count()).where(accepted)) or 0


def exponents(found: dict[int, dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    """Of each stage's figures, between the smallest and the largest shop."""
    told = {}
    for stage in found[min(found)]:
        # Spark may have built the smaller ones alone.
        sizes = [size for size, figures in found.items() if stage in figures]
        small, large = min(sizes), max(sizes)
        told[stage] = {
            name: round(log(value / found[small][stage][name]) / log(large / small), 2)
            for name, value in found[large][stage].items()
            if large > small and value > 0 and found[small][stage].get(name, 0) > 0
        }
    return told


@contextmanager
def provider() -> Iterator[None]:
    """A server that takes every message, which the stages find in their settings."""
    here, there = Pipe()
    server = Process(target=take_all, args=(there,), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{here.recv()}"
    os.environ |= {
        "WINBACK_SENDGRID_BASE_URL": url,
        "WINBACK_TWILIO_BASE_URL": url,
        "WINBACK_SENDGRID_API_KEY": "SG.key",
        "WINBACK_TWILIO_ACCOUNT_SID": "AC" + 32 * "0",
        "WINBACK_TWILIO_AUTH_TOKEN": "token",
        "WINBACK_TWILIO_MESSAGING_SERVICE_SID": "MG" + 32 * "0",
        "WINBACK_SMS_CAMPAIGN_STATUS": "registered",
        "WINBACK_FROM_EMAIL": "hello@example.com",
        "WINBACK_POSTAL_ADDRESS": "1 Main St",
        "WINBACK_UNSUBSCRIBE_MAILTO": "stop@example.com",
        "WINBACK_APPROVAL": "off",
    }
    try:
        yield
    finally:
        server.terminate()


def main() -> None:
    parser = ArgumentParser()
    parser.add_argument("customers", nargs="*", type=int)
    parser.add_argument("--largest", action="store_true")
    parser.add_argument("--spark", type=int, default=0, metavar="MOST")
    given = parser.parse_args()
    sizes = [*(given.customers or SIZES), *(LARGEST if given.largest else ())]
    found: dict[int, dict[str, dict[str, float]]] = {}
    with provider():
        for customers in sizes:
            with tempfile.TemporaryDirectory() as folder:
                found[customers] = live_through(
                    Path(folder), customers, on_spark=customers <= given.spark
                )
            _tell({"customers": customers, **found[customers]})
    if len(found) > 1:
        told = exponents(found)
        over = [name for name, it in told.items() if it.get("cpu", 0) > MOST]
        _tell({"exponents": told, f"above {MOST} by processor": over})
    _tell({"load": round(os.getloadavg()[0], 1)})


def _tell(figures: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
