"""Which message a callback is about: by our id, by the provider's, at last by the address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, select

from winback.inbound._event import Event
from winback.ledger import ChannelGroup, among, channel_group, normalize, tables

# The playbook of what answers somebody (winback/sending/_guard.py).
ANSWERS: Final = "answers"


@dataclass(frozen=True)
class Match:
    """The message found, how, and the address it went to; all empty when none was."""

    message_id: str | None = None
    by: str | None = None
    address: str = ""
    group: ChannelGroup | None = None
    customer_id: str | None = None
    # What the message found is about.
    content_tag: str | None = None
    # The content series that it belongs to.
    cap_scope: str | None = None
    # What the ledger believed of it before these events.
    state: str | None = None
    attempt_no: int = 0
    provider_id: str | None = None


class Matcher:
    """Finds messages for the events of one segment; those named by our id in a few queries."""

    def __init__(self, connection: Connection, events: Sequence[Event]) -> None:
        self._connection = connection
        ids = sorted({event.message_id for event in events if event.message_id})
        named = _message().where(among(tables.messages.c.message_id, ids))
        self._by_id = {row.message_id: row for row in connection.execute(named)}

    def match(self, event: Event) -> Match:
        if event.message_id is not None:
            return _matched(self._by_id.get(event.message_id), "message_id")
        m = tables.messages.c
        address = normalize(event.group, event.address)
        newest_first = (
            _message()
            .where(m.address == address)
            # Of one moment, as a clock that stands still makes it, an answer came after what
            # was answered.
            .order_by(m.accepted_at.desc(), (m.playbook_id == ANSWERS).desc(), m.message_id)
        )
        if event.provider_id:
            # A SendGrid request has one id for all its recipients; an event's begins with it.
            request_id = event.provider_id.partition(".")[0]
            found = self._first(newest_first.where(m.provider_id == request_id), event)
            if found is not None:
                return _matched(found, "provider_id")
        accepted_before = newest_first.where(m.accepted_at <= event.occurred_at)
        return _matched(self._first(accepted_before, event), "address")

    def _first(self, query: Select[Any], event: Event) -> Row[Any] | None:
        rows = self._connection.execute(query.limit(20))
        return next((row for row in rows if channel_group(row.channel) == event.group), None)


def _message() -> Select[Any]:
    m = tables.messages.c
    return select(
        m.message_id,
        m.address,
        m.channel,
        m.customer_id,
        m.content_tag,
        m.cap_scope,
        m.state,
        m.attempt_no,
        m.provider_id,
    )


def _matched(row: Row[Any] | None, by: str) -> Match:
    if row is None:
        return Match()
    return Match(
        row.message_id,
        by,
        row.address,
        channel_group(row.channel),
        row.customer_id,
        row.content_tag,
        row.cap_scope,
        row.state,
        row.attempt_no,
        row.provider_id,
    )
