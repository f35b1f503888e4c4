"""Closing a conversation: nobody waits any more, and its holds are released."""

from __future__ import annotations

from dataclasses import dataclass

from winback.base.clock import Clock
from winback.conversations.inbox._read import find
from winback.ledger import Ledger, close, is_suppressed, release_hold


@dataclass(frozen=True)
class Resolved:
    """The outcome of closing a conversation."""

    released_holds: int
    # Whether the address stays suppressed, for another reason than a hold.
    is_suppressed: bool


def resolve(ledger: Ledger, clock: Clock, reference: str) -> Resolved:
    """Close a conversation that a human has read, and release its holds.

    Raises UsageError for an unknown reference, WinbackError if there is more to read.
    """
    now = clock.now()
    with ledger.write() as connection:
        conversation, replies = find(connection, reference)
        close(connection, conversation.conversation_id, at=now)
        places = sorted({(reply.channel_group, reply.address) for reply in replies})
        released = sum(
            release_hold(connection, group=group, address=address, released_at=now)
            for group, address in places
        )
        stays = is_suppressed(
            connection, group=conversation.channel_group, address=conversation.address
        )
    return Resolved(released, stays)
