"""Wishes beyond silence at one address, kept by person and by address.

`pause`  nothing until a moment
`fewer`  at most the var fewer_per_7d messages in seven days, over all channels
`stop`   nothing any more, at addresses that the ledger has yet to see too

One wish is a row for each channel group. It binds the customer on that group, and whoever else
is written to at the address where it was said: like an opt-out it belongs to the address too,
since nobody can tell who of a family clicked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Connection, Row, and_, bindparam, not_, or_, select, update

from winback.ledger import _tables as t
from winback.ledger._among import among, texts
from winback.ledger._insert import insert_new
from winback.ledger._messages import WAITING, reschedule
from winback.ledger._suppress import Suppression, suppress_all
from winback.ledger._suppressions import ChannelGroup, channel_group, end_suppressions

_p = t.preferences.c

PreferenceKind = Literal["pause", "fewer", "stop"]


@dataclass(frozen=True)
class Preference:
    """The wish of a message's reader, and when it was made."""

    kind: PreferenceKind
    message_id: str
    occurred_at: datetime
    # When a pause ends.
    until_at: datetime | None = None


def prefer(connection: Connection, wish: Preference, *, source: str, recorded_at: datetime) -> int:
    """Keep a wish and hold what it forbids of the planned; the number of messages held.

    Safe to repeat: the same wish of the same moment is there once.
    """
    reader = _reader(connection, wish.message_id)
    if reader is None:
        return 0
    rows = [_row(wish, reader, group, recorded_at) for group in get_args(ChannelGroup)]
    insert_new(connection, t.preferences, rows)
    if wish.kind == "pause":
        return _park(connection, reader, at=recorded_at)
    if wish.kind == "stop":
        everywhere = [
            Suppression(group, address, "unsubscribe", source, wish.occurred_at)
            for group, address in _addresses(connection, reader)
        ]
        return suppress_all(connection, everywhere, recorded_at=recorded_at)[1]
    return 0


def withdraw(
    connection: Connection, *, message_id: str, chosen_at: datetime, source: str, at: datetime
) -> int:
    """Take back a wish that was made by a message at that very moment; the number of rows ended.

    Texts that were stopped stay off: for those the law wants more than a click (rule C5).
    """
    reader = _reader(connection, message_id)
    if reader is None:
        return 0
    p, s = t.preferences.c, t.suppressions.c
    preferences = (
        update(t.preferences)
        .where(p.customer_id == reader.customer_id, p.address == _spelled(reader.address))
        .where(p.occurred_at == chosen_at, p.withdrawn_at.is_(None))
        .where(not_(and_(p.kind == "stop", p.channel_group == "phone")))
        .values(withdrawn_at=at, version=p.version + 1)
    )
    ended = connection.execute(preferences).rowcount
    emails = [a for group, a in _addresses(connection, reader) if group == "email"]
    said_then = [s.source == source, s.occurred_at == chosen_at]
    return ended + end_suppressions(
        connection, group="email", addresses=emails, which=said_then, at=at
    )


# Built once: the last look asks it before every call.
STANDING = select(_p.kind, _p.channel_group, _p.customer_id, _p.address).where(
    or_(among(_p.customer_id, texts("customers")), among(_p.address, texts("addresses"))),
    _p.withdrawn_at.is_(None),
    or_(_p.until_at.is_(None), _p.until_at > bindparam("now")),
)


def standing_preferences(
    connection: Connection, messages: Iterable[Row[Any]], *, now: datetime
) -> dict[str, set[PreferenceKind]]:
    """The wishes that bind each of these messages now, by its id; a message without one is
    absent."""
    members = list(messages)
    whose = {
        "customers": [message.customer_id for message in members],
        "addresses": [_spelled(message.address) for message in members],
    }
    found = connection.execute(STANDING, {**whose, "now": now}).all()
    bound: dict[str, set[PreferenceKind]] = {}
    for message in members if found else ():
        group, address = channel_group(message.channel), _spelled(message.address)
        kinds = {
            row.kind
            for row in found
            if row.channel_group == group
            and (row.customer_id == message.customer_id or row.address == address)
        }
        if kinds:
            bound[message.message_id] = kinds
    return bound


def _row(
    wish: Preference, reader: Row[Any], group: ChannelGroup, recorded_at: datetime
) -> dict[str, object]:
    said = {
        "kind": wish.kind,
        "customer_id": reader.customer_id,
        "channel_group": group,
        "address": _spelled(reader.address),
        "occurred_at": wish.occurred_at,
    }
    key = "|".join(str(value) for value in said.values())
    return said | {
        "preference_id": hashlib.sha256(key.encode()).hexdigest()[:32],
        "recorded_at": recorded_at,
        "until_at": wish.until_at,
    }


def _spelled(address: str) -> str:
    return address.strip().lower()


def _reader(connection: Connection, message_id: str) -> Row[Any] | None:
    """The recipient of a message: customer, channel, address."""
    m = t.messages.c
    query = select(m.customer_id, m.channel, m.address).where(m.message_id == message_id)
    return connection.execute(query).one_or_none()


def _addresses(connection: Connection, reader: Row[Any]) -> set[tuple[ChannelGroup, str]]:
    """Every address at which the ledger knows them."""
    m = t.messages.c
    query = select(m.channel, m.address).where(m.customer_id == reader.customer_id).distinct()
    return {(channel_group(row.channel), row.address) for row in connection.execute(query)}


def _park(connection: Connection, reader: Row[Any], *, at: datetime) -> int:
    """Take their windows from the messages that wait: only a new plan gives them another."""
    m = t.messages.c
    waiting = connection.scalars(
        select(m.message_id).where(
            or_(m.customer_id == reader.customer_id, m.address == reader.address),
            m.state.in_(WAITING),
            m.not_before.is_not(None),
        )
    )
    rows = [
        {"message_id": key, "not_before": None, "state_reason": "parked:paused"} for key in waiting
    ]
    return reschedule(connection, rows, at=at)
