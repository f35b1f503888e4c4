"""What left since the backup that a ledger was restored from, and when it was adopted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, select, update

from winback.ledger import _tables as t
from winback.ledger._among import among
from winback.ledger._insert import insert_new
from winback.ledger._notes import keep_note, read_note
from winback.ledger._suppressions import ChannelGroup

_ADOPTED: Final = "adopted"
_f = t.found_sends.c


@dataclass(frozen=True)
class Adopted:
    """How a restored ledger became the one that sends."""

    made_at: datetime
    adopted_at: datetime
    # What nobody asked the provider about: whatever may have left there is not sent.
    held: tuple[ChannelGroup, ...] = ()
    # When the first plan after it began.
    planned_at: datetime | None = None


def note_adopted(connection: Connection, adopted: Adopted) -> None:
    """Keep when and how the ledger was adopted."""
    row: dict[str, Any] = {
        "made_at": adopted.made_at.isoformat(),
        "adopted_at": adopted.adopted_at.isoformat(),
        "held": list(adopted.held),
        "planned_at": adopted.planned_at.isoformat() if adopted.planned_at else None,
    }
    keep_note(connection, _ADOPTED, json.dumps(row))


def read_adopted(connection: Connection) -> Adopted | None:
    """How the ledger was adopted last; None for one that never was."""
    kept = read_note(connection, _ADOPTED)
    if kept is None:
        return None
    row = json.loads(kept)
    return Adopted(
        datetime.fromisoformat(row["made_at"]),
        datetime.fromisoformat(row["adopted_at"]),
        tuple(row["held"]),
        datetime.fromisoformat(row["planned_at"]) if row["planned_at"] else None,
    )


def note_first_plan(connection: Connection, *, at: datetime) -> None:
    """Keep when the first plan after an adoption begins. Safe to repeat."""
    adopted = read_adopted(connection)
    if adopted is not None and adopted.planned_at is None:
        note_adopted(connection, replace(adopted, planned_at=at))


def keep_found(connection: Connection, rows: Sequence[Mapping[str, object]]) -> int:
    """Keep what a provider's records show; the number that is new."""
    return insert_new(connection, t.found_sends, rows)


def found_ids(connection: Connection) -> set[str]:
    """The providers' ids of all that was found."""
    return set(connection.scalars(select(_f.provider_id)))


def found_by_message(connection: Connection, message_ids: Iterable[str]) -> dict[str, Row[Any]]:
    """What left of these messages, by our id; the first of each."""
    query = select(t.found_sends).where(among(_f.message_id, message_ids)).order_by(_f.left_at)
    found: dict[str, Row[Any]] = {}
    for row in connection.execute(query):
        found.setdefault(row.message_id, row)
    return found


def found_at(
    connection: Connection, hidden: Iterable[str], *, since: datetime
) -> dict[str, list[Row[Any]]]:
    """What left to these addresses since a moment and is of no known message, the oldest first."""
    query = (
        select(t.found_sends)
        .where(among(_f.hidden_address, hidden))
        .where(_f.bound_to.is_(None), _f.message_id.is_(None), _f.left_at >= since)
        .order_by(_f.left_at, _f.provider_id)
    )
    found: dict[str, list[Row[Any]]] = {}
    for row in connection.execute(query):
        found.setdefault(row.hidden_address, []).append(row)
    return found


def bind_found(connection: Connection, provider_id: str, message_id: str) -> None:
    """Keep of which message a provider's record is."""
    connection.execute(
        update(t.found_sends).where(_f.provider_id == provider_id).values(bound_to=message_id)
    )


def hash_words(words: str) -> str:
    """What is kept of a text's words."""
    return hashlib.sha256(words.encode(errors="replace")).hexdigest()
