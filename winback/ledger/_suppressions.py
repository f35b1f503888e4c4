"""Suppressions: who must not be written to, by address and channel group."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, select, update

from winback.ledger import _tables as t
from winback.ledger._database import insert_new
from winback.ledger._messages import WAITING, transition

ChannelGroup = Literal["email", "phone"]


def channel_group(channel: str) -> ChannelGroup:
    """The group that a stop covers: on one phone channel it covers all of them."""
    return "email" if channel == "email" else "phone"


def suppress(
    connection: Connection,
    *,
    group: ChannelGroup,
    address: str,
    reason: str,
    source: str,
    occurred_at: datetime,
    recorded_at: datetime,
) -> int:
    """Suppress an address and what is still planned to it; the number of messages stopped.

    Safe to repeat: the same stop from the same source is one row.
    """
    address = normalize(address)
    key = "|".join((group, address, reason, source, occurred_at.isoformat()))
    insert_new(
        connection,
        t.suppressions,
        [
            {
                "suppression_id": hashlib.sha256(key.encode()).hexdigest()[:32],
                "channel_group": group,
                "address": address,
                "reason": reason,
                "source": source,
                "occurred_at": occurred_at,
                "recorded_at": recorded_at,
            }
        ],
    )
    return _stop_planned(connection, group=group, address=address, reason=reason, at=recorded_at)


def lift(
    connection: Connection, *, group: ChannelGroup, address: str, occurred_at: datetime
) -> int:
    """End the suppressions that are older than a new opt-in; the number ended."""
    s = t.suppressions.c
    statement = (
        update(t.suppressions)
        .where(s.channel_group == group, s.address == normalize(address))
        .where(s.lifted_at.is_(None), s.occurred_at < occurred_at)
        .values(lifted_at=occurred_at, version=s.version + 1)
    )
    return connection.execute(statement).rowcount


def suppressed_among(
    connection: Connection, *, group: ChannelGroup, addresses: Iterable[str]
) -> set[str]:
    """Which of these addresses are suppressed now, as they were given."""
    by_normal = {normalize(address): address for address in addresses}
    s = t.suppressions.c
    found = connection.scalars(
        select(s.address).where(
            s.channel_group == group, s.address.in_(list(by_normal)), s.lifted_at.is_(None)
        )
    )
    return {by_normal[address] for address in found}


def is_suppressed(connection: Connection, *, group: ChannelGroup, address: str) -> bool:
    """Whether an address must not be written to on any channel of the group."""
    return bool(suppressed_among(connection, group=group, addresses=[address]))


def normalize(address: str) -> str:
    """The form in which addresses are compared."""
    return address.strip().lower()


def _stop_planned(
    connection: Connection, *, group: ChannelGroup, address: str, reason: str, at: datetime
) -> int:
    m = t.messages.c
    planned = connection.execute(
        select(m.message_id, m.channel).where(m.address == address, m.state.in_(WAITING))
    )
    rows = [
        {"message_id": row.message_id, "state_reason": f"suppressed:{reason}"}
        for row in planned
        if channel_group(row.channel) == group
    ]
    return transition(connection, rows, "suppressed", from_states=WAITING, at=at)
