"""Loading a shop and building its audience with real dbt, for the tests of this folder."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from seeded import NO_SEEDS, give_seeds

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.landing import load
from winback.warehouse import _dbt

MARTS = ("customers", "rfm_scores", "lapse_status", "segment_members", "channel_eligibility")
# What the playbooks build on beside them.
SHARED = ("int_customers__template_facts", "contact_windows")
AUDIENCE = ("--select", *(f"+{name}" for name in (*MARTS, *SHARED)))

Tables = Mapping[str, Sequence[Mapping[str, object]]]


def load_tables(settings: Settings, tables: Tables, folder: Path) -> None:
    """Write each table as a CSV file, as a shop would, and load the folder."""
    folder.mkdir(parents=True)
    for name, rows in tables.items():
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with (folder / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(rows)
    # After all that the files tell: what is dated ahead of its load is a slip.
    report = load(folder, settings, FixedClock(datetime(2027, 1, 1, tzinfo=UTC)))
    assert report.rejected == 0


def build_audience(settings: Settings, as_of: datetime, *models: str, **variables: Any) -> None:
    """Build the audience's marts with their data tests, or only the models named, without any."""
    if not settings.warehouse_path.exists():
        give_seeds(settings)
    # A test that also stands on a table that is not built here waits for a whole build.
    whole = ["build", *AUDIENCE, "--indirect-selection", "buildable"]
    whole += ["--exclude-resource-type", "unit_test", *NO_SEEDS]
    arguments = ["run", "--select", *models] if models else whole
    _dbt.invoke_dbt(settings, arguments, _dbt.dbt_vars(settings, as_of, **variables))


def query(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    """Rows of the warehouse; nothing stays open, so that dbt may write again."""
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def query_published(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    """Rows of what was last published, each table by its name."""
    with duckdb.connect() as connection:
        for path in (settings.published_dir / "current").glob("*.parquet"):
            connection.execute(f"create view {path.stem} as from '{path}'")
        return connection.execute(sql).fetchall()
