"""What we sent to an address: the words that a reply from there may quote."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from winback.content.payloads import texts_of
from winback.inbound._match import Match
from winback.ledger import among, tables
from winback.providers import Event
from winback.replies import text_of

# A thread rarely quotes more than the last few.
_NEWEST: Final = 5


def sent_texts(
    connection: Connection, matched: Sequence[tuple[Event, Match]]
) -> list[tuple[str, ...]]:
    """By reply, the texts of the newest messages to whom it came from, as they went out."""
    m = tables.messages.c
    accepted = (
        select(m.address, m.message_id, m.accepted_at)
        .where(among(m.address, {match.address for _, match in matched} - {""}))
        .where(m.accepted_at.is_not(None))
        .order_by(m.accepted_at.desc(), m.message_id)
    )
    to_address: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(accepted):
        to_address[row.address].append(row)
    newest = [
        [
            row.message_id
            for row in to_address.get(match.address, ())
            if row.accepted_at <= event.occurred_at
        ][:_NEWEST]
        for event, match in matched
    ]
    ids = {message_id for of_one in newest for message_id in of_one}
    payloads = select(m.message_id, m.payload_json).where(among(m.message_id, ids))
    frozen = {row.message_id: row.payload_json for row in connection.execute(payloads)}
    return [
        tuple(text for message_id in of_one for text in _texts(frozen[message_id]))
        for of_one in newest
    ]


def _texts(frozen: str) -> list[str]:
    texts, page = texts_of(frozen)
    return [*texts, text_of(page)] if page else texts
