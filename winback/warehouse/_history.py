"""Decisions are kept: each run's go to landing, so that a person's story can be told."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import duckdb

from winback.base.duck import connect
from winback.base.settings import Settings
from winback.warehouse._publish import read_manifest

_BATCH = 10_000

_KEEP: Final = """
    copy (select $run_id as run_id, * from read_parquet($decisions))
    to '{target}' (format parquet)
"""
# By person, so that a reader of one story skips the rest. A run's own file is newer than
# what its day holds of it.
_FOLD: Final = """
    copy (
        with runs as (from read_parquet($runs, union_by_name = true))
        from runs
        union all by name
        from read_parquet($days, union_by_name = true)
        where run_id not in (select run_id from runs)
        order by customer_id, decided_at, enrollment_id, step
    ) to '{target}' (format parquet)
"""


def published_rows(published: Path, table: str) -> Iterator[dict[str, Any]]:
    """The rows of one published table, a batch at a time."""
    import pyarrow.parquet as pq

    for batch in pq.ParquetFile(published / f"{table}.parquet").iter_batches(_BATCH):
        yield from batch.to_pylist()


def keep_decisions(settings: Settings, published: Path, *, measured: bool = False) -> int:
    """Keep a published set's decisions in `landing/ledger/decisions`; the number kept.

    Kept before anybody enters, and again once the run is `measured`, if it is of today: SQL then
    knows what could not be written. Safe to run again: a run has one file, under its id, until
    its day is over. Then the day's runs are folded into one file: a year of runs every 15
    minutes would be 35,000.
    """
    manifest = read_manifest(published)
    assert manifest is not None  # noqa: S101 - a published set always has one
    folder = settings.ledger_landing_dir / "decisions"
    folder.mkdir(parents=True, exist_ok=True)
    run_id = manifest.decided_by or manifest.run_id
    kept = folder / f"{run_id}.parquet"
    if measured and not kept.exists():
        return 0
    decisions = str(published / "send_decisions.parquet")
    with _hold(folder / "fold.lock"), connect() as connection:
        parameters = {"run_id": run_id, "decisions": decisions}
        _copy(connection, _KEEP, kept, parameters)
        _fold_past_days(connection, folder, today=_day(run_id))
    return manifest.row_counts["send_decisions"]


def _fold_past_days(connection: duckdb.DuckDBPyConnection, folder: Path, *, today: str) -> None:
    """Make one file of each day that is over. Killed half way, the next fold finishes it."""
    runs_by_day: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("????????T*.parquet")):
        runs_by_day.setdefault(_day(path.name), []).append(path)
    for day, runs in runs_by_day.items():
        if day >= today:
            continue
        whole = folder / f"{day}.parquet"
        # A day without a file yet is read as its own runs, which are all left out.
        days = [str(whole)] if whole.exists() else [str(path) for path in runs]
        parameters = {"runs": [str(path) for path in runs], "days": days}
        _copy(connection, _FOLD, whole, parameters)
        for path in runs:
            path.unlink()


def _day(run_id: str) -> str:
    return run_id[: len("20260302")]


def _copy(
    connection: duckdb.DuckDBPyConnection, query: str, target: Path, parameters: Mapping[str, Any]
) -> None:
    """Run a copy whose file appears under its name only when it is whole and on the disk."""
    temporary = target.with_suffix(".tmp")
    connection.execute(query.format(target=temporary), dict(parameters))
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(target)


@contextmanager
def _hold(lock: Path) -> Iterator[None]:
    """Hold a lock file; the system frees it when its holder dies."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
