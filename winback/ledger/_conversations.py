"""Conversations: what people write to us, and who waits for a human's reply."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, null, or_, select, union_all, update

from winback.ledger import _tables as t
from winback.ledger._among import among, texts
from winback.ledger._suppressions import ChannelGroup, normalize

_c, _e = t.conversations.c, t.provider_events.c


@dataclass(frozen=True)
class Talking:
    """The people in a conversation with us, by customer and by address."""

    customers: frozenset[str]
    addresses: frozenset[tuple[str, str]]


# Built once and asked at once: the last look does, before every call.
TALKING = union_all(
    select(_c.customer_id, _c.channel_group, _c.address).where(
        or_(among(_c.customer_id, texts("customers")), among(_c.address, texts("addresses"))),
        or_(
            _c.waiting_since.is_not(None),
            and_(_c.last_reply_at > bindparam("since"), _c.last_reply_at <= bindparam("until")),
        ),
    ),
    select(t.messages.c.customer_id, null(), null())
    .join(t.provider_events, _e.message_id == t.messages.c.message_id)
    .where(among(t.messages.c.customer_id, texts("customers")))
    # Joined to nothing, so that SQLite looks for these people and not for every click.
    .where(_e.kind.concat("") == "clicked", _e.is_machine == 0)
    .where(_e.occurred_at > bindparam("since"), _e.occurred_at <= bindparam("until")),
)


def talking_among(
    connection: Connection,
    *,
    customer_ids: Iterable[str],
    addresses: Iterable[tuple[ChannelGroup, str]],
    since: datetime,
    until: datetime,
) -> Talking:
    """The people among these who wait for our reply, whenever they wrote, or who responded after
    `since`.

    A response is a reply or a click of a person; what happened after `until` is not known yet.
    """
    customers = list(customer_ids)
    spelled = {normalize(group, address): address for group, address in addresses}
    whose = {"customers": customers, "addresses": list(spelled)}
    found = connection.execute(TALKING, {**whose, "since": since, "until": until}).all()
    return Talking(
        frozenset(row.customer_id for row in found if row.customer_id),
        frozenset(
            (row.channel_group, spelled[row.address]) for row in found if row.address in spelled
        ),
    )


def waiting(connection: Connection) -> list[Row[Any]]:
    """The conversations in which a human owes a reply, the longest waiting first."""
    query = select(t.conversations).where(_c.waiting_since.is_not(None))
    return list(connection.execute(query.order_by(_c.waiting_since, _c.conversation_id)))


def replies_in(connection: Connection, conversation_id: str) -> list[Row[Any]]:
    """The replies of a conversation, in order."""
    r = t.replies.c
    query = select(t.replies).where(r.conversation_id == conversation_id)
    return list(connection.execute(query.order_by(r.received_at, r.reply_id)))


def close(connection: Connection, conversation_id: str, *, at: datetime) -> bool:
    """Mark that nobody owes a reply any more; False if nobody did."""
    row = connection.execute(
        select(_c.waiting_since).where(_c.conversation_id == conversation_id)
    ).first()
    if row is None or row.waiting_since is None:
        return False
    _change(connection, conversation_id, {"waiting_since": None, "resolved_at": at})
    return True


def _change(connection: Connection, conversation_id: str, values: dict[str, Any]) -> None:
    connection.execute(
        update(t.conversations)
        .where(_c.conversation_id == conversation_id)
        .values(version=_c.version + 1, **values)
    )
