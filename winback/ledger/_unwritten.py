"""Messages that rendering could not write: facts that SQL joins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, update

from winback.ledger import _tables as t
from winback.ledger._insert import insert_new


def keep_unwritten(
    connection: Connection, rows: Sequence[Mapping[str, Any]], *, at: datetime
) -> None:
    """Keep why these messages could not be written; a rule that was known stays as it was found.

    Each row has message_id, enrollment_id, step and rule. Safe to repeat.
    """
    if not rows:
        return
    insert_new(connection, t.unwritten, [{**row, "found_at": at} for row in rows])
    u = t.unwritten.c
    connection.execute(
        update(t.unwritten)
        .where(u.message_id == bindparam("key"), u.rule != bindparam("found"))
        .values(rule=bindparam("found"), found_at=at, version=u.version + 1),
        [{"key": row["message_id"], "found": row["rule"]} for row in rows],
    )
