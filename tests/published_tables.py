"""Published tables of a test, from rows by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from winback.base.duck import connect, literal

Rows = list[tuple[object, ...]]

# What the last lines of a run read.
OUTLOOK = {
    "customers": "customer_id varchar",
    "entry_candidates": (
        "playbook_id varchar, customer_id varchar, segment varchar, is_entering boolean, "
        "blocked_by varchar"
    ),
    "entrants": "playbook_id varchar, customer_id varchar, arm varchar",
    "send_decisions": (
        "customer_id varchar, playbook_id varchar, step bigint, channel varchar, "
        "decision varchar, blocked_by varchar, send_after_at timestamptz"
    ),
    "next_steps": (
        "customer_id varchar, playbook_id varchar, step bigint, channel varchar, due_at timestamptz"
    ),
    "contact_rules": "rule_id varchar, sentence varchar",
}
PLANS = (
    "playbook_id varchar, base_rate_source varchar, holdout_share double, window_days bigint, "
    "base_rate_customers bigint, base_rate double, entered bigint, entries_a_day double, "
    "smallest_effect double, alpha double, looks bigint, min_customers_per_arm bigint, "
    "min_expected_reactivations double, planned_effect double, planned_customers bigint, "
    "looks_made bigint, entered_by_plan bigint, matured bigint, started_at timestamptz, "
    "decided_at timestamptz, first_verdict_at timestamptz, verdict_on date"
)


def write_tables(folder: Path, columns: Mapping[str, str], rows: Mapping[str, Rows]) -> Path:
    """A set in `folder` with a file for each table, empty where it has no rows."""
    folder.mkdir(parents=True, exist_ok=True)
    with connect() as connection:
        for table, declared in columns.items():
            connection.execute(f"create table {table} ({declared})")
            if found := rows.get(table):
                marks = ", ".join("?" * len(found[0]))
                connection.executemany(f"insert into {table} values ({marks})", found)
            path = literal(folder / f"{table}.parquet")
            connection.execute(f"copy {table} to {path} (format parquet)")
    return folder
