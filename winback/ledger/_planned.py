"""Which published set the ledger's messages were last planned from."""

from __future__ import annotations

from sqlalchemy import Connection

from winback.ledger._notes import keep_note, read_note

_KEY = "planned_from"


def note_planned(connection: Connection, run_id: str) -> None:
    """Enrolling and planning from this set of decisions are done. Safe to repeat."""
    keep_note(connection, _KEY, run_id)


def planned_from(connection: Connection) -> str | None:
    """The set of decisions that was last planned to its end, if any."""
    return read_note(connection, _KEY)
