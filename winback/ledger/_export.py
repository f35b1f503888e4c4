"""The ledger's way to the warehouse: changed rows as Parquet segments in landing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Integer, Numeric, Table

from winback.ledger import _tables as t

# What dbt reads. Addresses and bodies stay in the ledger, save those of suppressions,
# which SQL must match against contact points.
EXPORTED: Final[dict[str, tuple[str, ...]]] = {
    "enrollments": tuple(
        c.name for c in t.enrollments.columns if c.name != "exported_version"
    ),
    "messages": (
        "message_id", "enrollment_id", "playbook_id", "step", "customer_id", "channel",
        "variant", "segments", "cost_cents", "not_before", "window_closes_at", "expires_at",
        "state", "state_reason", "attempt_no", "accepted_at", "reject_class", "reject_code",
        "planned_at", "updated_at", "version",
    ),
    "provider_events": (
        "dedupe_key", "semantic_key", "provider", "message_id", "kind", "occurred_at",
        "received_at", "is_machine", "error_code", "version",
    ),
    "suppressions": (
        "suppression_id", "channel_group", "address", "reason", "source", "occurred_at",
        "recorded_at", "lifted_at", "version",
    ),
}  # fmt: skip


def arrow_schema(table_name: str) -> pa.Schema:
    """The Parquet schema of one exported table."""
    table: Table = t.metadata.tables[table_name]
    return pa.schema([(name, _arrow_type(table.c[name].type)) for name in EXPORTED[table_name]])


def _arrow_type(sql_type: object) -> pa.DataType:
    if isinstance(sql_type, t.UtcDateTime):
        return pa.timestamp("us", tz="UTC")
    if isinstance(sql_type, Numeric):
        return pa.decimal128(12, 4)
    return pa.int64() if isinstance(sql_type, Integer) else pa.string()


def write_segment(rows: list[dict[str, object]], table_name: str, path: Path) -> None:
    """Write rows as one Parquet segment: durable under its final name, or not there at all."""
    temporary = path.with_suffix(".tmp")
    pq.write_table(pa.Table.from_pylist(rows, schema=arrow_schema(table_name)), temporary)
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
