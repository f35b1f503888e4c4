"""Enrolling: who enters a playbook, once for each lapse episode, ever; and who left it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select

from winback.ledger import Ledger, among, insert_new, tables
from winback.sending._chunks import chunks

_COLUMNS = tuple(
    column.name
    for column in tables.enrollments.columns
    if column.name not in {"version", "exported_version"}
)


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
