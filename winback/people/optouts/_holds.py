"""Holds: replies that stop everything until a person has read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from winback.base.clock import Clock
from winback.base.errors import UsageError
from winback.ledger import ChannelGroup, Ledger, channel_group, holds, release_hold, tables

# Of an id, as much as is shown.
SHOWN = 12


@dataclass(frozen=True)
class Hold:
    """One hold, without contact data: whom we wrote to at its address."""

    hold_id: str
    group: ChannelGroup
    source: str
    held_at: datetime
    customer_ids: tuple[str, ...]


def waiting_holds(ledger: Ledger) -> list[Hold]:
    """The holds that no person has released yet, oldest first."""
    m = tables.messages.c
    with ledger.read() as connection:
        found = holds(connection)
        customers: dict[tuple[str, str], set[str]] = {}
        for hold in found:
            rows = connection.execute(
                select(m.customer_id, m.channel).where(m.address == hold.address).distinct()
            )
            for row in rows:
                key = (channel_group(row.channel), hold.address)
                customers.setdefault(key, set()).add(row.customer_id)
    return [
        Hold(
            hold.suppression_id[:SHOWN],
            hold.channel_group,
            hold.source,
            hold.occurred_at,
            tuple(sorted(customers.get((hold.channel_group, hold.address), ()))),
        )
        for hold in found
    ]


def release(ledger: Ledger, clock: Clock, hold_ids: Sequence[str]) -> int:
    """Release these holds and every other of the same addresses; the number released.

    Raises UsageError, and releases none, where an id names no hold that waits.
    """
    with ledger.write() as connection:
        found = holds(connection)
        chosen = [_named(found, hold_id) for hold_id in hold_ids]
        return sum(
            release_hold(
                connection,
                group=hold.channel_group,
                address=hold.address,
                released_at=clock.now(),
            )
            for hold in chosen
        )


def _named(found: Sequence[Row[Any]], hold_id: str) -> Row[Any]:
    named = [hold for hold in found if hold.suppression_id[:SHOWN] == hold_id]
    if not named:
        raise UsageError(
            f"no hold {hold_id!r} waits. Next: winback suppressions holds, which lists them"
        )
    return named[0]
