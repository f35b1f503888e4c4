"""Decisions are kept: each run's go to landing, so that a person's story can be told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from winback.settings import Settings
from winback.warehouse._publish import read_manifest

_BATCH = 10_000


def published_rows(published: Path, table: str) -> Iterator[dict[str, Any]]:
    """The rows of one published table, a batch at a time."""
    for batch in pq.ParquetFile(published / f"{table}.parquet").iter_batches(_BATCH):
        yield from batch.to_pylist()


def keep_decisions(settings: Settings, published: Path) -> int:
    """Append a published set's decisions to `landing/ledger/decisions`; the number kept.

    Safe to run again: a run's file is written once, under its run id.
    """
    manifest = read_manifest(published)
    assert manifest is not None  # noqa: S101 - a published set always has one
    folder = settings.ledger_landing_dir / "decisions"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{manifest.run_id}.parquet"
    temporary = target.with_suffix(".tmp")
    duckdb.execute(
        f"copy (select $1 as run_id, cast($2 as timestamptz) as decided_at, * "
        f"from read_parquet('{published / 'send_decisions.parquet'}')) "
        f"to '{temporary}' (format parquet)",
        [manifest.run_id, manifest.as_of],
    )
    temporary.replace(target)
    return manifest.row_counts["send_decisions"]
