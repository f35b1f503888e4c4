"""Joins of content series: who asked for one by its keyword, agreed to it, and left it.

A join is the consent to one series, at one number. It grants nothing else and nothing else
grants it. What ends a number's consent to texts ends its joins for good: a START later is no
wish for the series.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from winback.ledger import _tables as t
from winback.ledger._address_keys import AddressKey
from winback.ledger._among import among
from winback.ledger._insert import insert_new
from winback.ledger._messages import WAITING, transition

_j = t.series_joins.c


def ask_to_join(
    connection: Connection,
    *,
    series_id: str,
    customer_id: str | None,
    address: str,
    words: str,
    reply_id: str,
    message_id: str | None,
    asked_at: datetime,
    confirm_by: datetime | None,
    recorded_at: datetime,
    terms: str | None = None,
) -> str:
    """Keep that a number asked for a series; the join's id. Safe to repeat.

    With `confirm_by` it is granted by a yes until then; without, at once. `terms`: the words by
    which the keyword is advertised.
    """
    join_id = hashlib.sha256(f"{series_id}|{reply_id}".encode()).hexdigest()[:32]
    row = {
        "join_id": join_id,
        "series_id": series_id,
        "customer_id": customer_id,
        "channel_group": "phone",
        "address": address,
        "hidden_address": AddressKey.of(connection).hide(address),
        "asked_at": asked_at,
        "asked_words": words,
        "asked_reply_id": reply_id,
        "message_id": message_id,
        "confirm_by": confirm_by,
        "granted_at": asked_at if confirm_by is None else None,
        "granted_words": words if confirm_by is None else None,
        "granted_reply_id": reply_id if confirm_by is None else None,
        "terms": terms,
        "recorded_at": recorded_at,
    }
    insert_new(connection, t.series_joins, [row])
    return join_id


def grant_join(
    connection: Connection, join_id: str, *, words: str, reply_id: str, terms: str, at: datetime
) -> bool:
    """Keep the yes to an open question; False if it was answered before, has ended or ran out."""
    granted = (
        update(t.series_joins)
        .where(_j.join_id == join_id, _j.granted_at.is_(None), _j.ended_at.is_(None))
        .where(_j.confirm_by >= at)
        .values(
            granted_at=at,
            granted_words=words,
            granted_reply_id=reply_id,
            terms=terms,
            version=_j.version + 1,
        )
    )
    return connection.execute(granted).rowcount == 1


def joined_at(connection: Connection, addresses: Collection[str]) -> set[str]:
    """The numbers among these with a join that has not ended."""
    query = select(_j.address).where(
        _j.channel_group == "phone", among(_j.address, addresses), _j.ended_at.is_(None)
    )
    return set(connection.scalars(query)) if addresses else set()


def end_joins(
    connection: Connection,
    *,
    address: str,
    ended_by: str,
    ended_at: datetime,
    at: datetime,
    series_ids: Collection[str] | None = None,
) -> int:
    """End what a number had asked for until then, and stop what is planned; the joins ended.

    A stop that is told late doesn't reach a join that is newer. Without `series_ids`, all.
    """
    standing = select(_j.join_id, _j.series_id).where(
        _j.channel_group == "phone",
        _j.address == address,
        _j.asked_at <= ended_at,
        _j.ended_at.is_(None),
    )
    if series_ids is not None:
        standing = standing.where(_j.series_id.in_(tuple(series_ids)))
    ended = connection.execute(standing).all()
    if not ended:
        return 0
    connection.execute(
        update(t.series_joins)
        .where(_j.join_id.in_([row.join_id for row in ended]))
        .values(ended_at=ended_at, ended_by=ended_by, version=_j.version + 1)
    )
    _stop_planned(connection, address, {row.series_id for row in ended}, at=at)
    return len(ended)


def _stop_planned(
    connection: Connection, address: str, series_ids: Collection[str], *, at: datetime
) -> None:
    """Stop all messages of these series, and acknowledgments of them too."""
    m = t.messages.c
    planned = connection.scalars(
        select(m.message_id).where(
            m.address == address, m.state.in_(WAITING), m.cap_scope.in_(tuple(series_ids))
        )
    )
    rows = [{"message_id": key, "state_reason": "suppressed:left_series"} for key in planned]
    transition(connection, rows, "suppressed", from_states=WAITING, at=at)


def open_join(connection: Connection, *, series_id: str, address: str) -> Row[Any] | None:
    """The newest join of a number that has not ended, granted or not."""
    query = (
        select(t.series_joins)
        .where(_j.channel_group == "phone", _j.address == address)
        .where(_j.series_id == series_id, _j.ended_at.is_(None))
        .order_by(_j.asked_at.desc(), _j.join_id)
    )
    return connection.execute(query.limit(1)).first()


def joined_among(connection: Connection, messages: Iterable[Row[Any]]) -> set[str]:
    """Which of these messages of series go to who has joined it at that number, by their ids."""
    members = list(messages)
    if not members:
        return set()
    found = connection.execute(
        select(_j.series_id, _j.address, _j.customer_id).where(
            _j.channel_group == "phone",
            among(_j.address, {message.address for message in members}),
            _j.granted_at.is_not(None),
            _j.ended_at.is_(None),
        )
    )
    granted = {(row.series_id, row.address, row.customer_id) for row in found}
    return {
        message.message_id
        for message in members
        if (message.cap_scope, message.address, message.customer_id) in granted
    }


def standing_joins(connection: Connection, *, asked_since: datetime) -> Sequence[Row[Any]]:
    """Joins of known customers that have not ended, oldest first."""
    query = select(t.series_joins).where(
        _j.customer_id.is_not(None), _j.ended_at.is_(None), _j.asked_at > asked_since
    )
    return connection.execute(query.order_by(_j.asked_at, _j.join_id)).all()
