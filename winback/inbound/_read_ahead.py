"""Replies are read before the transaction that applies them: none waits for a stranger's words."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from sqlalchemy import Connection

from winback.inbound._match import Match, Matcher
from winback.inbound._sent import sent_texts
from winback.ledger import Ledger
from winback.providers import Event
from winback.replies import UNREAD, Reading, read_reply

log = logging.getLogger(__name__)

# What they may quote is held in memory meanwhile.
AT_ONCE: Final = 100

T = TypeVar("T")


def read_ahead(ledger: Ledger, parsed: Sequence[T]) -> list[T | Event]:
    """The same events, each reply with its reading. One that can't be read holds its sender."""
    replies = [item for item in parsed if isinstance(item, Event) and item.reply is not None]
    read = iter([one for some in _batches(replies) for one in _read_together(ledger, some)])
    is_reply = {id(reply) for reply in replies}
    return [next(read) if id(item) in is_reply else item for item in parsed]


def read_event(connection: Connection, event: Event, match: Match) -> Reading:
    """The reading of a reply that none was made of."""
    (sent,) = sent_texts(connection, [(event, match)])
    return read_reply(event.reply.text if event.reply else "", sent=sent)


def _batches(replies: Sequence[Event]) -> Iterator[Sequence[Event]]:
    return (replies[start : start + AT_ONCE] for start in range(0, len(replies), AT_ONCE))


def _read_together(ledger: Ledger, replies: Sequence[Event]) -> list[Event]:
    with ledger.read() as connection:
        matches = Matcher(connection, replies).match_all(replies)
        sent = sent_texts(connection, list(zip(replies, matches, strict=True)))
    return [_read(reply, texts) for reply, texts in zip(replies, sent, strict=True)]


def _read(event: Event, sent: Sequence[str]) -> Event:
    if event.reply is None or event.reply.reading:
        return event
    try:
        reading = read_reply(event.reply.text, sent=sent)
    except Exception as defect:  # noqa: BLE001  # it must not stop the callbacks behind it
        log.error("%s can't be read: %s", event.ref, type(defect).__name__)
        reading = UNREAD
    return replace(event, reply=replace(event.reply, reading=reading))
