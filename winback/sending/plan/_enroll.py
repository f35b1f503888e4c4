"""Enrolling: who enters a playbook, once for each lapse episode, ever; by which plan they are
compared; and who left it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Table, select

from winback.ledger import Ledger, among, insert_new, tables
from winback.sending._chunks import chunks


def _written(table: Table) -> tuple[str, ...]:
    of_the_export = {"version", "exported_version"}
    return tuple(column.name for column in table.columns if column.name not in of_the_export)


_COLUMNS: Final = _written(tables.enrollments)
_PLAN_COLUMNS: Final = _written(tables.experiment_plans)


def enroll(ledger: Ledger, rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Write entrants to the ledger before anything is sent to them.

    Returns counts: `treatment`, `holdout` and `already_enrolled`. Safe to repeat: an
    enrollment that exists keeps its arm, its variant and its offer.
    """
    counts = Counter({"treatment": 0, "holdout": 0, "already_enrolled": 0})
    key = tables.enrollments.c.enrollment_id
    for chunk in chunks(rows):
        with ledger.write() as connection:
            ids = [row["enrollment_id"] for row in chunk]
            before = set(connection.scalars(select(key).where(among(key, ids))))
            insert_new(
                connection,
                tables.enrollments,
                # A set that an earlier version published has not all of them.
                [{name: row.get(name) for name in _COLUMNS} for row in chunk],
            )
            after = set(connection.scalars(select(key).where(among(key, ids))))
        new = after - before
        counts.update(row["arm"] for row in chunk if row["enrollment_id"] in new)
        counts["already_enrolled"] += len(chunk) - len(new)
    return dict(counts)


def start_experiments(ledger: Ledger, rows: Iterable[Mapping[str, Any]]) -> int:
    """Keep how the tests that start are judged, before anybody enters; the number that is new.

    Safe to repeat: a plan that exists stays as it is.
    """
    table = tables.experiment_plans
    started = 0
    for chunk in chunks(rows):
        with ledger.write() as connection:
            started += insert_new(
                connection, table, [{name: row[name] for name in _PLAN_COLUMNS} for row in chunk]
            )
    return started


def end_enrollments(ledger: Ledger, rows: Iterable[Mapping[str, Any]]) -> int:
    """Keep that enrollments ended, as SQL saw it; the number that is new.

    Safe to repeat: the first end stays, and no order that is taken back undoes it.
    """
    table = tables.enrollment_ends
    names = ("enrollment_id", "exit_reason", "ended_at")
    ended = 0
    for chunk in chunks(rows):
        with ledger.write() as connection:
            ended += insert_new(
                connection, table, [{name: row[name] for name in names} for row in chunk]
            )
    return ended
