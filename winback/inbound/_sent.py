"""What we sent to an address: the words that a reply from there may quote."""

from __future__ import annotations

import json
from typing import Final

from sqlalchemy import Connection, select

from winback.inbound._event import Event
from winback.inbound._html import text_of
from winback.inbound._match import Match
from winback.ledger import tables

# A thread rarely quotes more than the last few.
_NEWEST: Final = 5
# What the frozen payloads of mails, texts and calls call their words.
_WORDS: Final = ("subject", "text", "body", "words", "caption")


def sent_texts(connection: Connection, match: Match, event: Event) -> tuple[str, ...]:
    """The texts of the newest messages to whom a reply came from, as they went out."""
    m = tables.messages.c
    newest = (
        select(m.payload_json)
        .where(m.address == match.address, m.accepted_at <= event.occurred_at)
        .order_by(m.accepted_at.desc(), m.message_id)
        .limit(_NEWEST)
    )
    return tuple(text for payload in connection.scalars(newest) for text in _texts(payload))


def _texts(frozen: str) -> list[str]:
    payload = json.loads(frozen or "{}")
    if not isinstance(payload, dict):
        return []
    texts = [payload[name] for name in _WORDS if isinstance(payload.get(name), str)]
    page = payload.get("html")
    return [*texts, text_of(page)] if isinstance(page, str) else texts
