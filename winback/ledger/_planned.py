"""Which published set the ledger's messages were last planned from."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from winback.ledger import _tables as t
from winback.ledger._database import insert_new

_KEY = "planned_from"


def note_planned(connection: Connection, run_id: str) -> None:
    """Enrolling and planning from this set of decisions are done. Safe to repeat."""
    insert_new(connection, t.meta, [{"key": _KEY, "value": run_id}])
    connection.execute(update(t.meta).where(t.meta.c.key == _KEY).values(value=run_id))


def planned_from(connection: Connection) -> str | None:
    """The set of decisions that was last planned to its end, if any."""
    return connection.scalar(select(t.meta.c.value).where(t.meta.c.key == _KEY))
