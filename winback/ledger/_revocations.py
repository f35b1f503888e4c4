"""Consents that a shop's feed has taken back, until a plan knows of them.

Whether a consent stands, SQL decides, at the next build. Until a plan of such a build has
been made, what is planned already must not go to who took it back, nor to whoever shares their
address. Rows are here for no longer than that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, or_, select

from winback.ledger import _tables as t
from winback.ledger._address_keys import AddressKey
from winback.ledger._among import among
from winback.ledger._insert import insert_new
from winback.ledger._suppressions import ChannelGroup, channel_group, normalize

_r = t.revocations.c
# Built once: the last look asks it before every call.
ANY_REVOCATION = select(_r.load_id).limit(1)


@dataclass(frozen=True)
class Revocation:
    """One customer's, of one channel group; the address is the one that the feed has."""

    customer_id: str
    group: ChannelGroup
    address: str | None
    occurred_at: datetime


def keep_revocations(
    connection: Connection, revocations: Iterable[Revocation], *, load_id: str
) -> int:
    """Keep what a load brought until a plan knows of that load; the number that is new."""
    key = AddressKey.of(connection)
    rows = [
        {
            "customer_id": it.customer_id,
            "channel_group": it.group,
            "load_id": load_id,
            "hidden_address": key.hide(normalize(it.group, it.address)) if it.address else None,
            "occurred_at": it.occurred_at,
        }
        for it in revocations
    ]
    return insert_new(connection, t.revocations, rows)


def revoked_among(
    connection: Connection, messages: Sequence[Row[Any]], *, now: datetime
) -> set[str]:
    """The messages among these whose person took a consent back, if their plan may not know of
    it."""
    if connection.execute(ANY_REVOCATION).first() is None:
        return set()
    key = AddressKey.of(connection)
    hidden = {
        message.message_id: key.hide(normalize(channel_group(message.channel), message.address))
        for message in messages
    }
    customers = {message.customer_id for message in messages}
    found = connection.execute(
        select(_r.customer_id, _r.channel_group, _r.hidden_address).where(
            or_(among(_r.customer_id, customers), among(_r.hidden_address, hidden.values())),
            _r.occurred_at <= now,
        )
    ).all()
    of_customers = {(row.channel_group, row.customer_id) for row in found}
    of_addresses = {(row.channel_group, row.hidden_address) for row in found}
    return {
        m.message_id
        for m in messages
        if (channel_group(m.channel), m.customer_id) in of_customers
        or (channel_group(m.channel), hidden[m.message_id]) in of_addresses
    }


def forget_revocations(connection: Connection, *, load_id: str, planned_at: datetime) -> int:
    """Forget revocations that a plan knows of, because its build read this load or a later one; the
    number.

    What a run has held since before the plan was decided before: while there is any, nothing is
    forgotten.
    """
    m = t.messages.c
    held = select(m.message_id).where(m.state == "claimed", m.updated_at <= planned_at).limit(1)
    if connection.execute(held).first() is not None:
        return 0
    return connection.execute(delete(t.revocations).where(_r.load_id <= load_id)).rowcount
