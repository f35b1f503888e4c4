"""Messages in the ledger: every change of state passes through `transition`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from itertools import groupby
from typing import Any, Literal

from sqlalchemy import (
    Connection,
    Row,
    Table,
    Update,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    update,
)

from winback.ledger import _tables as t
from winback.ledger._among import among, texts
from winback.ledger._many import Also, given, part_of_statement, rows_of
from winback.ledger._states import TRANSITIONS, State

_m = t.messages.c
# Whether a statement changes one message, many alike, or each to what it is given.
_How = Literal["one", "alike", "given"]
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
    also: Sequence[Also] = (),
) -> int:
    """Move messages to a state and raise their version; the number that moved.

    Each row holds `message_id` and the columns to set (the same in every row). A message
    in none of `from_states`, or claimed by another than `claim_token`, stays as it is; rows of
    other tables are written `also`, however many messages move.
    Raises ValueError for a move that the transition table doesn't know.
    """
    for state in from_states:
        if to not in TRANSITIONS[state]:
            raise ValueError(f"a message can't go from {state} to {to}")
    return _update(
        connection, rows, to=to, in_states=from_states, at=at, token=claim_token, also=also
    )


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
    also: Sequence[Also] = (),
) -> int:
    also = [it for it in also if it.rows]
    if not rows or connection.dialect.name == "sqlite":
        for it in also:
            it.write(connection)
        also = []
    if not rows:
        return 0
    names = tuple(name for name in rows[0] if name != "message_id")
    fixed: dict[str, object] = {"at": at} if token is None else {"at": at, "token": token}

    def execute(new: Any, how: _How, also: Sequence[Also]) -> int:
        shapes = tuple(it.shape for it in also)
        statement = _update_statement(
            names, in_states, to=to, how=how, is_claimed=token is not None, also=shapes
        )
        for it in also:
            new |= given(it.table, it.rows)
        return connection.execute(statement, new).rowcount

    groups = [list(run) for _, run in groupby(rows, lambda row: [row[name] for name in names])]
    if len(groups) > 1 and len(groups) * 4 > len(rows):
        if connection.dialect.name != "sqlite":
            return execute(fixed | given(t.messages, rows), "given", also)
        each = [fixed | _renamed(row, names, row["message_id"]) for row in rows]
        return execute(each, "one", ())
    moved = 0
    for group in groups:
        keys = [row["message_id"] for row in group]
        moved += execute(fixed | _renamed(group[0], names, keys), "alike", also)
        also = []
    return moved


def _renamed(row: Mapping[str, object], names: Sequence[str], key: object) -> dict[str, object]:
    return {"key": key, **{f"new_{name}": row[name] for name in names}}


@cache
def _update_statement(
    names: tuple[str, ...],
    in_states: tuple[State, ...],
    *,
    to: State | None,
    how: _How,
    is_claimed: bool,
    also: tuple[tuple[Table, str, tuple[str, ...]], ...],
) -> Update:
    """The statement for one message, for many that change alike, or for many of which each is
    `given` its values; built once for each shape."""
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    is_meant = among(_m.message_id, texts("key"))
    if how == "one":
        is_meant = _m.message_id == bindparam("key")
    elif how == "given":
        new = rows_of(t.messages, ("message_id", *names))
        values = {name: new.c[name] for name in names}
        is_meant = _m.message_id == new.c.message_id
    # Joined to nothing, so that SQLite looks for the keys, of which there are few, and not
    # for the state.
    state = _m.state.concat(literal_column("''"))
    statement = (
        update(t.messages)
        .where(is_meant, or_(*(state == literal_column(f"'{allowed}'") for allowed in in_states)))
        .values(updated_at=bindparam("at"), version=_m.version + literal_column("1"))
        .values(values)
        .add_cte(*(part_of_statement(*shape) for shape in also))
    )
    if to is not None:
        statement = statement.values(state=literal_column(f"'{to}'"))
    return statement.where(_m.claim_token == bindparam("token")) if is_claimed else statement


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
