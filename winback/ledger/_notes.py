"""What the ledger notes of itself: a text under a key, in its table `meta`."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from winback.ledger import _tables as t
from winback.ledger._insert import insert_new


def keep_note(connection: Connection, key: str, value: str) -> None:
    """Keep a text under its key, in place of what was kept there."""
    insert_new(connection, t.meta, [{"key": key, "value": value}])
    connection.execute(update(t.meta).where(t.meta.c.key == key).values(value=value))


def read_note(connection: Connection, key: str) -> str | None:
    """What is kept under a key; None: nothing is."""
    return connection.scalar(select(t.meta.c.value).where(t.meta.c.key == key))
