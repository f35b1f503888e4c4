"""Which message a callback is about: by our id, by the provider's, at last by the address."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, Select, or_, select

from winback.ledger import (
    CAMPAIGN,
    PSEUDONYM,
    AddressKey,
    ChannelGroup,
    among,
    channel_group,
    found_by_message,
    is_hidden,
    normalize,
    tables,
)
from winback.providers import Event


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
    # What it was for.
    purpose: str = CAMPAIGN
    # The content series that it belongs to.
    cap_scope: str | None = None
    # What the ledger believed of it before these events.
    state: str | None = None
    attempt_no: int = 0
    provider_id: str | None = None


class Matcher:
    """Finds messages for the events of a batch, in as many queries as for one event."""

    def __init__(self, connection: Connection, events: Sequence[Event]) -> None:
        self._connection = connection
        ids = sorted({event.message_id for event in events if event.message_id})
        named = _message().where(among(tables.messages.c.message_id, ids))
        self._by_id = {row.message_id: row for row in connection.execute(named)} if ids else {}
        # Of a restored ledger: what a provider's records show and no row is of yet.
        unknown = {
            event.message_id
            for event in events
            if event.message_id and not event.address and event.message_id not in self._by_id
        }
        self._found = found_by_message(connection, unknown) if unknown else {}

    def match(self, event: Event) -> Match:
        return self.match_all([event])[0]

    def match_all(self, events: Sequence[Event]) -> list[Match]:
        """The match of each event, as the ledger is now; those named by our id as it was."""
        unnamed = [event for event in events if event.message_id is None]
        to_address: dict[str, list[Row[Any]]] = defaultdict(list)
        spelled = {form: _spelled(event) for event in unnamed for form in self._forms(event)}
        for row in self._accepted(spelled):
            to_address[spelled[row.address]].append(row)
        return [
            _by_address(event, to_address[_spelled(event)])
            if event.message_id is None
            else self._named(event.message_id)
            for event in events
        ]

    def _named(self, message_id: str) -> Match:
        if (row := self._by_id.get(message_id)) is not None:
            return _matched(row, "message_id")
        found = self._found.get(message_id)
        if found is None:
            return Match()
        return Match(address=found.hidden_address, group=found.channel_group)

    def whose(self, events: Sequence[Event]) -> list[set[str]]:
        """By event, whom it may concern: addresses, and the customers whom we know there."""
        m = tables.messages.c
        came_from = [
            {normalize(event.group, it) for it in (event.address, event.other_address) if it}
            for event in events
        ]
        addresses = set[str]().union(*came_from)
        customers: dict[str, set[str]] = defaultdict(set)
        known = select(m.address, m.customer_id).where(among(m.address, addresses)).distinct()
        for row in self._connection.execute(known) if addresses else ():
            customers[row.address].add(f"customer:{row.customer_id}")
        reached = self._reached_by_choices(events)
        found = []
        for event, places in zip(events, came_from, strict=True):
            whose = {f"address:{place}" for place in places}
            whose = whose.union(*(customers[place] for place in places))
            named = self._by_id.get(event.message_id or "")
            if named is not None:
                whose |= {f"address:{named.address}", f"customer:{named.customer_id}"}
                whose |= reached.get(named.customer_id, set()) if _is_choice(event) else set()
            found.append(whose)
        return found

    def _reached_by_choices(self, events: Sequence[Event]) -> dict[str, set[str]]:
        """By customer, every address of theirs, which others may share: a choice on our page is
        about all of them."""
        m = tables.messages.c
        named = (self._by_id.get(event.message_id or "") for event in events if _is_choice(event))
        customers = {row.customer_id for row in named if row is not None}
        reached: dict[str, set[str]] = defaultdict(set)
        theirs = select(m.customer_id, m.address).where(among(m.customer_id, customers)).distinct()
        for row in self._connection.execute(theirs) if customers else ():
            reached[row.customer_id].add(f"address:{row.address}")
        return reached

    def _forms(self, event: Event) -> tuple[str, str]:
        """An address as messages have it, the old ones by its keyed hash alone."""
        address = _spelled(event)
        return address, AddressKey.of(self._connection).hide(address)

    def _accepted(self, addresses: Collection[str]) -> Sequence[Row[Any]]:
        """What went to where events came from, the newest first; nothing of who was erased."""
        if not addresses:
            return ()
        m = tables.messages.c
        query = (
            _message()
            .where(among(m.address, addresses), ~m.customer_id.startswith(PSEUDONYM))
            .where(or_(m.accepted_at.is_not(None), m.provider_id.is_not(None)))
            # Of one moment, as a clock that stands still makes it, an answer came after what
            # was answered.
            .order_by(m.accepted_at.desc(), (m.purpose != CAMPAIGN).desc(), m.message_id)
        )
        return self._connection.execute(query).all()


def _is_choice(event: Event) -> bool:
    return event.preference is not None or event.takes_back is not None


def _spelled(event: Event) -> str:
    return normalize(event.group, event.address)


def _by_address(event: Event, newest_first: Sequence[Row[Any]]) -> Match:
    found = _newest_of(event, newest_first)
    # The event spells out what the message has by its hash alone.
    return replace(found, address=_spelled(event)) if is_hidden(found.address) else found


def _newest_of(event: Event, newest_first: Sequence[Row[Any]]) -> Match:
    rows = [row for row in newest_first if channel_group(row.channel) == event.group]
    if event.provider_id and event.reply is None:  # a reply has an id of its own
        # A SendGrid request has one id for all its recipients; an event's begins with it.
        request_id = event.provider_id.partition(".")[0]
        found = next((row for row in rows if row.provider_id == request_id), None)
        if found is not None:
            return _matched(found, "provider_id")
    before = (row for row in rows if row.accepted_at and row.accepted_at <= event.occurred_at)
    return _matched(next(before, None), "address")


def _message() -> Select[Any]:
    m = tables.messages.c
    return select(
        m.message_id,
        m.address,
        m.channel,
        m.customer_id,
        m.content_tag,
        m.purpose,
        m.cap_scope,
        m.state,
        m.attempt_no,
        m.provider_id,
        m.accepted_at,
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
        row.purpose,
        row.cap_scope,
        row.state,
        row.attempt_no,
        row.provider_id,
    )
