"""The ledger's way to the warehouse: changed rows as Parquet parts in landing."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Float, Integer, Select, Table, bindparam, select, update

from winback.ledger import _tables as t
from winback.ledger._database import Ledger
from winback.ledger._lost import EMPTY_PART

# What dbt reads. Words stay in the ledger, save the listed phrase by which a lapse reason was
# coded. So do addresses, save those of suppressions and preferences, which SQL must match against
# contact points; of conversations and joins only the keyed hashes leave.
EXPORTED: Final[dict[str, tuple[str, ...]]] = {
    "enrollments": tuple(
        c.name for c in t.enrollments.columns if c.name != "exported_version"
    ),
    "experiment_plans": tuple(
        c.name for c in t.experiment_plans.columns if c.name != "exported_version"
    ),
    "enrollment_ends": ("enrollment_id", "exit_reason", "ended_at", "version"),
    "unwritten": ("message_id", "enrollment_id", "step", "rule", "found_at", "version"),
    "messages": (
        "message_id", "enrollment_id", "playbook_id", "step", "customer_id", "channel",
        "variant", "purpose", "written_by", "cap_scope", "offer_id", "offer_expires_at", "segments",
        "cost_cents", "not_before", "window_closes_at", "expires_at", "state", "state_reason",
        "attempt_no", "accepted_at", "reject_class", "reject_code", "planned_at", "updated_at",
        "version",
    ),
    "prices": ("message_id", "cost_cents", "currency", "told_at", "version"),
    "provider_events": (
        "dedupe_key", "semantic_key", "provider", "message_id", "kind", "occurred_at",
        "received_at", "is_machine", "error_code", "link", "link_pos", "link_address",
        "lapse_reason", "lapse_words", "intent", "version",
    ),
    "suppressions": (
        "suppression_id", "channel_group", "address", "reason", "source", "occurred_at",
        "recorded_at", "lifted_at", "version",
    ),
    "address_keys": ("key_id", "inner_pad", "outer_pad", "version"),
    "conversations": (
        "conversation_id", "customer_id", "channel_group", "hidden_address",
        "opened_at", "last_reply_at", "waiting_since", "resolved_at", "version",
    ),
    "preferences": (
        "preference_id", "kind", "customer_id", "channel_group", "address", "occurred_at",
        "recorded_at", "until_at", "withdrawn_at", "version",
    ),
    "series_joins": (
        "join_id", "series_id", "customer_id", "channel_group", "hidden_address", "asked_at",
        "message_id", "confirm_by", "granted_at", "ended_at", "ended_by", "version",
    ),
    "offer_codes": (
        "code_key", "code", "offer_id", "imported_at", "ends_at", "enrollment_id", "customer_id",
        "given_at", "version",
    ),
    **{
        table.name: tuple(c.name for c in table.columns if c.name != "exported_version")
        for table in (t.bandit_moves, t.bandit_arms, t.bandit_choices)
    },
}  # fmt: skip


# Parts that only the owner may read.
PRIVATE: Final = frozenset({"suppressions", "address_keys", "offer_codes"})
# One part's rows: bounds the memory of an export.
PART_ROWS = 50_000
MARKED_AT_ONCE = 5_000


def arrow_schema(table_name: str) -> pa.Schema:
    """The Parquet schema of one exported table."""
    table: Table = t.metadata.tables[table_name]
    return pa.schema([(name, _arrow_type(table.c[name].type)) for name in EXPORTED[table_name]])


def _arrow_type(sql_type: object) -> pa.DataType:
    if isinstance(sql_type, t.UtcDateTime):
        return pa.timestamp("us", tz="UTC")
    if isinstance(sql_type, t.Cost):
        return pa.decimal128(12, 4)
    if isinstance(sql_type, Float):
        return pa.float64()
    return pa.int64() if isinstance(sql_type, Integer) else pa.string()


def write_part(rows: list[dict[str, object]], table_name: str, path: Path) -> None:
    """Write rows as one Parquet part: durable under its final name, or not there at all."""
    temporary = path.with_suffix(".tmp")
    if table_name in PRIVATE:
        temporary.touch()
        temporary.chmod(0o600)
    pq.write_table(pa.Table.from_pylist(rows, schema=arrow_schema(table_name)), temporary)
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_directory(path.parent)


def ensure_first_part(table_name: str, directory: Path) -> None:
    """Make sure that the empty part with every column is there, in the schema of this version."""
    first = directory / EMPTY_PART
    directory.mkdir(parents=True, exist_ok=True)
    if (
        not first.exists()
        or not _is_whole(first)
        or not pq.read_schema(first).equals(arrow_schema(table_name))
    ):
        write_part([], table_name, first)


def export_ledger(ledger: Ledger, directory: Path) -> dict[str, int]:
    """Write the rows changed since the last export as new parts; rows by table.

    Safe to kill and to repeat: a part is durable before its rows count as exported, and
    a row written twice is told apart by its version.
    """
    return {name: _export_table(ledger, name, directory / name) for name in EXPORTED}


def _export_table(ledger: Ledger, table_name: str, directory: Path) -> int:
    ensure_first_part(table_name, directory)
    broken = [path for path in directory.glob("*.parquet") if not _is_whole(path)]
    if not broken:
        return _export_changed(ledger, table_name, directory)
    # The ledger has it all: rather all of it anew than a table with a hole.
    exported = _export_anew(ledger, table_name, directory)
    for path in broken:
        path.unlink(missing_ok=True)
    return exported


def _export_anew(ledger: Ledger, table_name: str, directory: Path) -> int:
    with ledger.write() as connection:
        connection.execute(update(t.metadata.tables[table_name]).values(exported_version=0))
    return _export_changed(ledger, table_name, directory)


def _export_changed(ledger: Ledger, table_name: str, directory: Path) -> int:
    exported = 0
    while rows := _changed_rows(ledger, table_name):
        write_part(rows, table_name, next_part(directory))
        _mark_exported(ledger, table_name, rows)
        exported += len(rows)
    return exported


def rewrite_table(ledger: Ledger, table_name: str, directory: Path) -> int:
    """Write all rows of a table as new parts, then drop the older ones: they may hold what
    the ledger has forgotten. The number of rows. No build may be reading. Safe to repeat.
    """
    folder = directory / table_name
    ensure_first_part(table_name, folder)
    older = sorted(folder.glob("*.parquet"))[1:]
    rows = _export_anew(ledger, table_name, folder)
    for path in older:
        path.unlink()
    sync_directory(folder)
    return rows


def copy_changes(ledger: Ledger, directory: Path, *tables: str) -> None:
    """Write what the next export would into a copy of its folder, and leave the ledger as it is.

    Of all tables, or of these.
    """
    for name in tables or EXPORTED:
        ensure_first_part(name, directory / name)
        with ledger.read() as connection:
            found = connection.execute(_changed(name)).mappings()
            for rows in found.partitions(PART_ROWS):
                write_part([dict(row) for row in rows], name, next_part(directory / name))


def _changed(table_name: str) -> Select[Any]:
    table = t.metadata.tables[table_name]
    return (
        select(*(table.c[name] for name in EXPORTED[table_name]))
        .where(table.c.version > table.c.exported_version)
        .order_by(*table.primary_key.columns)
    )


def _changed_rows(ledger: Ledger, table_name: str) -> list[dict[str, object]]:
    with ledger.read() as connection:
        changed = connection.execute(_changed(table_name).limit(PART_ROWS))
        return [dict(row) for row in changed.mappings()]


def _mark_exported(ledger: Ledger, table_name: str, rows: list[dict[str, object]]) -> None:
    table = t.metadata.tables[table_name]
    keys = tuple(table.primary_key.columns)
    mark = (
        update(table)
        .where(
            *(key == bindparam(f"key_{key.name}") for key in keys),
            table.c.exported_version < bindparam("written"),
        )
        .values(exported_version=bindparam("written"))
    )
    values = [
        {f"key_{key.name}": row[key.name] for key in keys} | {"written": row["version"]}
        for row in rows
    ]
    # In portions: an opt-out waits for one of them, not for all.
    for start in range(0, len(values), MARKED_AT_ONCE):
        with ledger.write() as connection:
            connection.execute(mark, values[start : start + MARKED_AT_ONCE])


def _is_whole(path: Path) -> bool:
    """Whether a part has its end, where Parquet says what the rest is."""
    try:
        pq.read_metadata(path)
    except FileNotFoundError:  # another export writes the table anew
        return True
    except (pa.ArrowException, OSError):
        return False
    return True


def next_part(directory: Path) -> Path:
    """A free name; two exporters at once never get the same."""
    taken = [int(path.name[:8]) for path in directory.glob("*.parquet")]
    return directory / f"{max(taken) + 1:08d}-{secrets.token_hex(4)}.parquet"


def sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
