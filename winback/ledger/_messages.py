"""Messages in the ledger: every change of state passes through `transition`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, Update, bindparam, func, or_, select, update

from winback.ledger import _tables as t
from winback.ledger._among import among, texts
from winback.ledger._states import TRANSITIONS, State

# States in which nobody holds a message: it may be rescheduled, stopped or claimed.
WAITING: tuple[State, ...] = ("planned", "deferred")
# States in which a message may have reached a person, and so counts for frequency caps.
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
    return _update(connection, rows, to=to, in_states=from_states, at=at, token=claim_token)


def reschedule(
    connection: Connection, rows: Sequence[Mapping[str, object]], *, at: datetime
) -> int:
    """Set columns (never the state) of messages that have not been claimed."""
    return _update(connection, rows, to=None, in_states=WAITING, at=at, token=None)


def note_reason(
    connection: Connection,
    message_id: str,
    reason: str,
    *,
    in_states: tuple[State, ...],
    at: datetime,
) -> int:
    """Note a new reason for a message whose state stays."""
    rows = [{"message_id": message_id, "state_reason": reason}]
    return _update(connection, rows, to=None, in_states=in_states, at=at, token=None)


def _update(
    connection: Connection,
    rows: Sequence[Mapping[str, object]],
    *,
    to: State | None,
    in_states: tuple[State, ...],
    at: datetime,
    token: str | None,
) -> int:
    if not rows:
        return 0
    names = tuple(name for name in rows[0] if name != "message_id")
    fixed: dict[str, object] = {"at": at} if token is None else {"at": at, "token": token}

    def execute(new: Any, *, are_alike: bool) -> int:
        statement = _update_statement(
            names, in_states, to=to, are_alike=are_alike, is_claimed=token is not None
        )
        return connection.execute(statement, new).rowcount

    groups = [list(run) for _, run in groupby(rows, lambda row: [row[name] for name in names])]
    if len(groups) > 1 and len(groups) * 4 > len(rows):
        each = [fixed | _renamed(row, names, row["message_id"]) for row in rows]
        return execute(each, are_alike=False)
    moved = 0
    for group in groups:
        keys = [row["message_id"] for row in group]
        moved += execute(fixed | _renamed(group[0], names, keys), are_alike=True)
    return moved


def _renamed(row: Mapping[str, object], names: Sequence[str], key: object) -> dict[str, object]:
    return {"key": key, **{f"new_{name}": row[name] for name in names}}


@cache
def _update_statement(
    names: tuple[str, ...],
    in_states: tuple[State, ...],
    *,
    to: State | None,
    are_alike: bool,
    is_claimed: bool,
) -> Update:
    """The statement for one message, or for many that change alike; built once for each shape."""
    m = t.messages.c
    # Joined to nothing, so that SQLite looks for the keys, of which there are few, and not
    # for the state.
    state = m.state.concat("")
    statement = (
        update(t.messages)
        .where(among(m.message_id, texts("key")) if are_alike else m.message_id == bindparam("key"))
        .where(or_(*(state == allowed for allowed in in_states)))
        .values(updated_at=bindparam("at"), version=m.version + 1)
        .values({name: bindparam(f"new_{name}") for name in names})
    )
    if to is not None:
        statement = statement.values(state=to)
    return statement.where(m.claim_token == bindparam("token")) if is_claimed else statement


_m = t.messages.c
_sent_at = func.coalesce(_m.accepted_at, _m.updated_at, type_=t.UtcDateTime)
# Built once: the last look asks it before every call.
RECENT = select(
    _m.message_id, _m.purpose, _m.customer_id, _m.address, _m.cap_scope,
    _sent_at.label("sent_at"),
).where(
    or_(among(_m.customer_id, texts("customers")), among(_m.address, texts("addresses"))),
    # Joined to nothing, so that SQLite doesn't go through all that was ever accepted.
    _m.state.concat("").in_(MAY_HAVE_REACHED),
    _sent_at > bindparam("since", type_=t.UtcDateTime),
)  # fmt: skip


def recent_sends(
    connection: Connection,
    *,
    customer_ids: Iterable[str],
    addresses: Iterable[str],
    since: datetime,
) -> Sequence[Row[Any]]:
    """Messages after `since` that may have reached these people: id, purpose, customer, address,
    cap_scope, sent_at."""
    whose = {"customers": list(customer_ids), "addresses": list(addresses)}
    return connection.execute(RECENT, {**whose, "since": since}).all()


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
