"""Replies are read before the transaction that applies them: none waits for a stranger's words."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import Connection

from winback.inbound._event import Event
from winback.inbound._match import Match, Matcher
from winback.inbound._reading import UNREAD, Reading, read_reply
from winback.inbound._sent import sent_texts
from winback.ledger import Ledger

log = logging.getLogger(__name__)

T = TypeVar("T")


def read_ahead(ledger: Ledger, parsed: Sequence[T]) -> list[T]:
    """The same events, each reply with its reading. One that can't be read holds its sender."""
    replies = [item for item in parsed if isinstance(item, Event) and item.reply is not None]
    if not replies:
        return list(parsed)
    with ledger.read() as connection:
        matcher = Matcher(connection, replies)
        sent = {one.dedupe_key: sent_texts(connection, matcher.match(one), one) for one in replies}
    return [_read(item, sent) for item in parsed]


def read_event(connection: Connection, event: Event, match: Match) -> Reading:
    """The reading of a reply that none was made of."""
    text = event.reply.text if event.reply else ""
    return read_reply(text, sent=sent_texts(connection, match, event))


def _read(item: T, sent: dict[str, tuple[str, ...]]) -> T:
    if not isinstance(item, Event) or item.reply is None or item.reply.reading:
        return item
    try:
        reading = read_reply(item.reply.text, sent=sent[item.dedupe_key])
    except Exception as defect:  # noqa: BLE001  # it must not stop the callbacks behind it
        log.error("%s can't be read: %s", item.ref, type(defect).__name__)
        reading = UNREAD
    return replace(item, reply=replace(item.reply, reading=reading))
