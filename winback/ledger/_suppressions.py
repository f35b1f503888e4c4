"""Suppressions: addresses that get no messages, by channel group.

The newest wish counts, by when it was made and not by when it was told. An address has one
spelling, its SHA-256 in a list that names nobody openly and, once it was erased, its HMAC: all
are looked up.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, Row, bindparam, func, select, update

from winback.base.phones import canonical, former_spellings
from winback.ledger import _tables as t
from winback.ledger._address_hashes import hashes_of, is_hashed
from winback.ledger._address_keys import AddressKey, is_hidden
from winback.ledger._among import among, texts

ChannelGroup = Literal["email", "phone", "post"]
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

_GROUPS: Final[Mapping[str, ChannelGroup]] = {"email": "email", "direct_mail": "post"}
_NOT_OF_A_NUMBER: Final = re.compile(r"[ ().-]")


def channel_group(channel: str) -> ChannelGroup:
    """The group that a stop covers: on one phone channel it covers all of them."""
    return _GROUPS.get(channel, "phone")


def normalize(group: ChannelGroup, address: str) -> str:
    """The form in which addresses are compared, as int_customers__contact_points has it.

    Of a phone it is its number by the numbering plan (winback/base/phones.py); what is no number,
    such as a short code, keeps its signs.
    """
    # Only a letter's address has lines, whatever group it is looked for in.
    if group != "phone" or "\n" in address or is_hidden(address) or is_hashed(address):
        return address.strip().lower()
    return canonical(address) or _NOT_OF_A_NUMBER.sub("", address)


def forms(key: AddressKey, address: str) -> list[str]:
    """All that may stand in the list for a normalized address: a number that was erased or hashed
    under another spelling can't be carried over to its one spelling."""
    return [
        form
        for spelling in (address, *former_spellings(address))
        for form in (spelling, key.hide(spelling), *hashes_of(spelling))
    ]


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

    Other suppressions of the address stay: a person who also said STOP gets no messages. What the
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
        .where(s.address.in_({form for address in spelled for form in forms(key, address)}))
        .where(s.lifted_at.is_(None), *which)
        .values(lifted_at=at, version=s.version + 1)
    )
    return connection.execute(statement).rowcount


# Built once: the last look asks it before every call.
IN_FORCE = select(t.suppressions.c.address).where(
    among(t.suppressions.c.address, texts("addresses")),
    t.suppressions.c.lifted_at.is_(None),
)
_IN_FORCE = IN_FORCE.where(t.suppressions.c.channel_group == bindparam("group"))


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
        for form in forms(key, spelled):
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
