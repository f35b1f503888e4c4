"""Messages in the ledger: every change of state passes through `transition`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, or_, select, update

from winback.ledger import _tables as t
from winback.ledger._among import among
from winback.ledger._states import TRANSITIONS, State

# Not in anybody's hands: may be rescheduled, stopped or claimed.
WAITING: tuple[State, ...] = ("planned", "deferred")
# What may have reached a person, and so counts for frequency caps.
MAY_HAVE_REACHED: tuple[State, ...] = ("accepted", "sending", "unknown", "unknown_final")


def transition(
    connection: Connection,
    rows: Sequence[Mapping[str, object]],
    to: State,
    *,
    from_states: tuple[State, ...],
    at: datetime,
    claim_token: str | None = None,
) -> int:
    """Move messages to a state and raise their version; the number that moved.

    Each row holds `message_id` and the columns to set (the same in every row). A message
    in none of `from_states`, or claimed by another than `claim_token`, stays as it is.
    Raises ValueError for a move that the transition table doesn't know.
    """
    for state in from_states:
        if to not in TRANSITIONS[state]:
            raise ValueError(f"a message can't go from {state} to {to}")
    columns: dict[str, Any] = {"state": to}
    return _update(connection, rows, columns, in_states=from_states, at=at, token=claim_token)


def reschedule(
    connection: Connection, rows: Sequence[Mapping[str, object]], *, at: datetime
) -> int:
    """Set columns (never the state) of messages that have not been claimed."""
    return _update(connection, rows, {}, in_states=WAITING, at=at, token=None)


def note_reason(
    connection: Connection,
    message_id: str,
    reason: str,
    *,
    in_states: tuple[State, ...],
    at: datetime,
) -> int:
    """Say something new of a message whose state stays."""
    rows = [{"message_id": message_id, "state_reason": reason}]
    return _update(connection, rows, {}, in_states=in_states, at=at, token=None)


def _update(
    connection: Connection,
    rows: Sequence[Mapping[str, object]],
    columns: Mapping[str, Any],
    *,
    in_states: tuple[State, ...],
    at: datetime,
    token: str | None,
) -> int:
    if not rows:
        return 0
    names = [name for name in rows[0] if name != "message_id"]
    # Joined to nothing, so that SQLite looks for the keys, of which there are few, and not
    # for the state. Not `in`, which a statement over many rows can't be.
    state = t.messages.c.state.concat("")
    statement = (
        update(t.messages)
        .where(or_(*(state == allowed for allowed in in_states)))
        .values(updated_at=at, version=t.messages.c.version + 1, **columns)
    )
    if token is not None:
        statement = statement.where(t.messages.c.claim_token == token)
    if all(row[name] == rows[0][name] for row in rows for name in names):
        these = among(t.messages.c.message_id, [str(row["message_id"]) for row in rows])
        alike = statement.where(these).values({name: rows[0][name] for name in names})
        return connection.execute(alike).rowcount
    statement = statement.where(t.messages.c.message_id == bindparam("key")).values(
        {name: bindparam(f"new_{name}") for name in names}
    )
    values = [
        {"key": row["message_id"], **{f"new_{name}": row[name] for name in names}} for row in rows
    ]
    return connection.execute(statement, values).rowcount


def recent_sends(
    connection: Connection,
    *,
    customer_ids: Iterable[str],
    addresses: Iterable[str],
    since: datetime,
) -> Sequence[Row[Any]]:
    """Messages after `since` that may have reached these people: id, playbook, customer, address,
    cap_scope, sent_at."""
    m = t.messages.c
    sent_at = func.coalesce(m.accepted_at, m.updated_at, type_=t.UtcDateTime)
    return connection.execute(
        select(
            m.message_id,
            m.playbook_id,
            m.customer_id,
            m.address,
            m.cap_scope,
            sent_at.label("sent_at"),
        ).where(
            or_(among(m.customer_id, customer_ids), among(m.address, addresses)),
            # Joined to nothing, so that SQLite doesn't go through all that was ever accepted.
            m.state.concat("").in_(MAY_HAVE_REACHED),
            sent_at > since,
        )
    ).all()


def count_sends(
    connection: Connection, *, customer_id: str, address: str, now: datetime, within: timedelta
) -> int:
    """How many messages may have reached a customer or an address in a rolling time span."""
    rows = recent_sends(
        connection, customer_ids=[customer_id], addresses=[address], since=now - within
    )
    return len(rows)


def count_by_state(connection: Connection) -> dict[str, int]:
    """How many messages are in each state."""
    state = t.messages.c.state
    counts = connection.execute(select(state, func.count()).group_by(state))
    return {row[0]: row[1] for row in counts}
