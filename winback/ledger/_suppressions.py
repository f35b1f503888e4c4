"""Suppressions: who must not be written to, by address and channel group.

The newest wish counts, by when it was made and not by when it was told. An address has one
spelling, its SHA-256 in a list that names nobody openly and, once it was erased, its HMAC: all
are looked up.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, Row, bindparam, func, select, update

from winback.ledger import _tables as t
from winback.ledger._address_hashes import hashes_of, is_hashed
from winback.ledger._address_keys import AddressKey, is_hidden
from winback.ledger._among import among, texts
from winback.ledger._database import insert_new
from winback.ledger._joins import end_joins
from winback.ledger._messages import WAITING, transition
from winback.phones import canonical, former_spellings

ChannelGroup = Literal["email", "phone"]
# Why an address must not be written to. `hold` waits for a person, `erased` is a customer's wish
# to be forgotten.
SuppressionReason = Literal[
    "stop",
    "unsubscribe",
    "opted_out",
    "spam_report",
    "hard_bounce",
    "bad_address",
    "hold",
    "erased",
]

# The person's own stop, which a START on the phone takes back. A bad address doesn't get better,
# a report of spam is not withdrawn by a keyword, and a hold waits for a human.
LIFTED_BY_START: Final = ("stop", "opted_out")
HOLD: Final = "hold"

_NOT_OF_A_NUMBER: Final = re.compile(r"[ ().-]")


def channel_group(channel: str) -> ChannelGroup:
    """The group that a stop covers: on one phone channel it covers all of them."""
    return "email" if channel == "email" else "phone"


def normalize(group: ChannelGroup, address: str) -> str:
    """The form in which addresses are compared, as int_customers__contact_points has it.

    Of a phone it is its number by the numbering plan (winback/phones.py); what is no number, such
    as a short code, keeps its signs.
    """
    if group == "email" or is_hidden(address) or is_hashed(address):
        return address.strip().lower()
    return canonical(address) or _NOT_OF_A_NUMBER.sub("", address)


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

    Safe to repeat: the same stop from the same source is one row. One that is told after the
    START that came after it is kept, and is over. `stop_hashed` stops what goes to a hash.
    """
    return suppress_once(
        connection,
        group=group,
        address=address,
        reason=reason,
        source=source,
        occurred_at=occurred_at,
        recorded_at=recorded_at,
    )[1]


def suppress_once(
    connection: Connection,
    *,
    group: ChannelGroup,
    address: str,
    reason: str,
    source: str,
    occurred_at: datetime,
    recorded_at: datetime,
) -> tuple[bool, int]:
    """As `suppress`, and whether this was news."""
    address, key = normalize(group, address), AddressKey.of(connection)
    start = None
    if reason in LIFTED_BY_START:
        start = _start_after(connection, group, _forms(key, address), occurred_at)
    row = {
        "suppression_id": _suppression_id(
            key, key.hide(address), group, reason, source, occurred_at
        ),
        "channel_group": group,
        "address": address,
        "reason": reason,
        "source": source,
        "occurred_at": occurred_at,
        "recorded_at": recorded_at,
        "lifted_at": start,
    }
    is_new = insert_new(connection, t.suppressions, [row]) == 1
    if group == "phone" and reason != HOLD:
        end_joins(
            connection, address=address, ended_by=reason, ended_at=occurred_at, at=recorded_at
        )
    if not is_suppressed(connection, group=group, address=address):
        return is_new, 0
    return is_new, _stop_planned(
        connection, group=group, address=address, reason=reason, at=recorded_at
    )


def _forms(key: AddressKey, address: str) -> list[str]:
    """All that may stand in the list for a normalized address: a number that was erased or hashed
    under another spelling can't be carried over to its one spelling."""
    return [
        form
        for spelling in (address, *former_spellings(address))
        for form in (spelling, key.hide(spelling), *hashes_of(spelling))
    ]


def stop_hashed(connection: Connection, *, at: datetime) -> int:
    """Stop what is planned to addresses that a hashed list names; the number of messages stopped.

    Once for a whole list, since each hash can only be compared with all that is planned.
    """
    m = t.messages.c
    waiting: dict[ChannelGroup, set[str]] = defaultdict(set)
    query = select(m.channel, m.address).where(m.state.in_(WAITING)).distinct()
    for row in connection.execute(query):
        waiting[channel_group(row.channel)].add(row.address)
    return sum(
        _stop_planned(connection, group=group, address=address, reason="opted_out", at=at)
        for group, addresses in waiting.items()
        for address in sorted(suppressed_among(connection, group=group, addresses=addresses))
    )


def _suppression_id(key: AddressKey, hidden: str, *identity: str | datetime) -> str:
    """Of the address's hash, so that it stays the same once the address is erased."""
    parts = (part.isoformat() if isinstance(part, datetime) else part for part in identity)
    return key.hmac("|".join((hidden, *parts)))[:32]


def hide_address(
    connection: Connection, *, group: ChannelGroup, address: str, erased_at: datetime
) -> int:
    """Suppress an address for good and keep only its HMAC in the list; the number of rows hidden.

    Safe to repeat. Messages keep their address, and segments that were exported what they hold.
    """
    suppress(
        connection,
        group=group,
        address=address,
        reason="erased",
        source="erase",
        occurred_at=erased_at,
        recorded_at=erased_at,
    )
    address, s = normalize(group, address), t.suppressions.c
    statement = (
        update(t.suppressions)
        .where(s.channel_group == group, s.address == address)
        .values(address=AddressKey.of(connection).hide(address), version=s.version + 1)
    )
    return connection.execute(statement).rowcount


def _start_after(
    connection: Connection, group: ChannelGroup, forms: Collection[str], occurred_at: datetime
) -> datetime | None:
    """The START that ended other stops of an address and is newer than this instant too."""
    s = t.suppressions.c
    statement = (
        select(s.lifted_at)
        .where(s.channel_group == group, s.address.in_(forms))
        .where(s.reason.in_(LIFTED_BY_START), s.lifted_at > occurred_at)
        .order_by(s.lifted_at.desc())
    )
    return connection.execute(statement).scalars().first()


def lift(
    connection: Connection,
    *,
    group: ChannelGroup,
    address: str,
    occurred_at: datetime,
    reasons: Collection[str] = LIFTED_BY_START,
    source: str | None = None,
) -> int:
    """End the suppressions for these reasons that are older than a new opt-in; the number ended.

    With `source`, only what came from there. Without reasons given, what a START ends.
    """
    s = t.suppressions.c
    which = [s.reason.in_(tuple(reasons)), s.occurred_at < occurred_at]
    which += [] if source is None else [s.source == source]
    return end_suppressions(
        connection, group=group, addresses=[address], which=which, at=occurred_at
    )


def holds(connection: Connection) -> Sequence[Row[Any]]:
    """What waits for a person, oldest first: suppression_id, channel_group, address, source,
    occurred_at."""
    s = t.suppressions.c
    return connection.execute(
        select(s.suppression_id, s.channel_group, s.address, s.source, s.occurred_at)
        .where(s.reason == HOLD, s.lifted_at.is_(None))
        .order_by(s.occurred_at, s.suppression_id)
    ).all()


def suppressions_in_force(
    connection: Connection, *, group: ChannelGroup | None = None
) -> Sequence[Row[Any]]:
    """Who must not be written to now, one row per channel_group, address and reason, in their
    order: these, a source, and the newest occurred_at."""
    s = t.suppressions.c
    statement = (
        select(
            s.channel_group,
            s.address,
            s.reason,
            func.min(s.source).label("source"),
            func.max(s.occurred_at).label("occurred_at"),
        )
        .where(s.lifted_at.is_(None))
        .group_by(s.channel_group, s.address, s.reason)
        .order_by(s.channel_group, s.address, s.reason)
    )
    if group is not None:
        statement = statement.where(s.channel_group == group)
    return connection.execute(statement).all()


def release_hold(
    connection: Connection, *, group: ChannelGroup, address: str, released_at: datetime
) -> int:
    """End the holds of an address that a person has read; the number ended.

    Whatever else suppresses the address stays: who also said STOP is not written to. What the
    hold stopped is not sent after all; the next step may be.
    """
    which = [t.suppressions.c.reason == HOLD]
    return end_suppressions(
        connection, group=group, addresses=[address], which=which, at=released_at
    )


def end_suppressions(
    connection: Connection,
    *,
    group: ChannelGroup,
    addresses: Iterable[str],
    which: Iterable[ColumnElement[bool]],
    at: datetime,
) -> int:
    """End those of these addresses that are in force and meet `which`; the number ended."""
    key, s = AddressKey.of(connection), t.suppressions.c
    spelled = {normalize(group, address) for address in addresses}
    statement = (
        update(t.suppressions)
        .where(s.channel_group == group)
        .where(s.address.in_({form for address in spelled for form in _forms(key, address)}))
        .where(s.lifted_at.is_(None), *which)
        .values(lifted_at=at, version=s.version + 1)
    )
    return connection.execute(statement).rowcount


# Built once: the last look asks it before every call.
_IN_FORCE = select(t.suppressions.c.address).where(
    t.suppressions.c.channel_group == bindparam("group"),
    among(t.suppressions.c.address, texts("addresses")),
    t.suppressions.c.lifted_at.is_(None),
)


def suppressed_among(
    connection: Connection,
    *,
    group: ChannelGroup,
    addresses: Iterable[str],
    reasons: Collection[str] | None = None,
    despite: Collection[str] = (),
) -> set[str]:
    """Which of these addresses are suppressed now, as they were given.

    With `reasons`, only for these; with `despite`, for any but these.
    """
    key = AddressKey.of(connection)
    given: dict[str, set[str]] = defaultdict(set)
    for address in addresses:
        spelled = normalize(group, address)
        for form in _forms(key, spelled):
            given[form].add(address)
    statement = _IN_FORCE
    if reasons is not None:
        statement = statement.where(t.suppressions.c.reason.in_(tuple(reasons)))
    if despite:
        statement = statement.where(t.suppressions.c.reason.not_in(tuple(despite)))
    found: set[str] = set()
    for form in connection.scalars(statement, {"group": group, "addresses": list(given)}):
        found |= given[form]
    return found


def is_suppressed(
    connection: Connection,
    *,
    group: ChannelGroup,
    address: str,
    reasons: Collection[str] | None = None,
    despite: Collection[str] = (),
) -> bool:
    """Whether an address must not be written to on any channel of the group."""
    return bool(
        suppressed_among(
            connection, group=group, addresses=[address], reasons=reasons, despite=despite
        )
    )


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
