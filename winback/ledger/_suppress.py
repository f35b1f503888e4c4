"""Suppressing addresses: the row in the list, and all that it stops at once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select, update

from winback.ledger import _tables as t
from winback.ledger._address_keys import AddressKey
from winback.ledger._among import among, texts
from winback.ledger._insert import insert_new
from winback.ledger._joins import end_joins, joined_at
from winback.ledger._messages import WAITING, transition
from winback.ledger._suppressions import (
    HOLD,
    LIFTED_BY_START,
    ChannelGroup,
    channel_group,
    forms,
    normalize,
    suppressed_among,
)


@dataclass(frozen=True)
class Suppression:
    """An address that gets no messages, with the reason, the source and the moment."""

    group: ChannelGroup
    address: str
    reason: str
    source: str
    occurred_at: datetime


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
    wish = Suppression(group, address, reason, source, occurred_at)
    return suppress_all(connection, [wish], recorded_at=recorded_at)[1]


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
    wish = Suppression(group, address, reason, source, occurred_at)
    news, stopped = suppress_all(connection, [wish], recorded_at=recorded_at)
    return news == 1, stopped


def suppress_all(
    connection: Connection, wishes: Iterable[Suppression], *, recorded_at: datetime
) -> tuple[int, int]:
    """As `suppress`, of any number at once, which cost what one costs; how many of them were news,
    and the number of messages stopped."""
    news = stopped = 0
    of_groups: dict[ChannelGroup, list[Suppression]] = defaultdict(list)
    for wish in wishes:
        spelled = replace(wish, address=normalize(wish.group, wish.address))
        of_groups[wish.group].append(spelled)
    for group, members in of_groups.items():
        rows = _rows(connection, group, members, recorded_at)
        news += insert_new(connection, t.suppressions, rows)
        if group == "phone":
            _end_joins(connection, members, at=recorded_at)
        stopped += _stop_planned(
            connection, group, _silent(connection, group, members), recorded_at
        )
    return news, stopped


def _rows(
    connection: Connection,
    group: ChannelGroup,
    wishes: Sequence[Suppression],
    recorded_at: datetime,
) -> list[dict[str, object]]:
    key = AddressKey.of(connection)
    stops = {wish.address for wish in wishes if wish.reason in LIFTED_BY_START}
    started = _started(connection, group, {it: forms(key, it) for it in stops}) if stops else {}

    def start_after(wish: Suppression) -> datetime | None:
        start = started.get(wish.address) if wish.reason in LIFTED_BY_START else None
        # One that is yet to come shows that the clock went back: nobody knows which was first.
        return start if start and wish.occurred_at < start <= recorded_at else None

    return [
        {
            "suppression_id": _suppression_id(
                key, key.hide(it.address), group, it.reason, it.source, it.occurred_at
            ),
            "channel_group": group,
            "address": it.address,
            "reason": it.reason,
            "source": it.source,
            "occurred_at": it.occurred_at,
            "recorded_at": recorded_at,
            "lifted_at": start_after(it),
        }
        for it in wishes
    ]


_s = t.suppressions.c
# Built once, as are those below: each stop asks them.
_STARTED = (
    select(_s.address, func.max(_s.lifted_at).label("started_at"))
    .where(_s.channel_group == bindparam("group"), among(_s.address, texts("forms")))
    .where(_s.reason.in_(LIFTED_BY_START), _s.lifted_at.is_not(None))
    .group_by(_s.address)
)


def _started(
    connection: Connection, group: ChannelGroup, spelled: Mapping[str, Sequence[str]]
) -> dict[str, datetime]:
    """The newest START that ended stops of an address, by whichever form it stands in the list."""
    every = [form for of_one in spelled.values() for form in of_one]
    found = connection.execute(_STARTED, {"group": group, "forms": every}).all()
    by_form = {row.address: row.started_at for row in found}
    starts = {
        address: [by_form[form] for form in of_one if form in by_form]
        for address, of_one in (spelled if by_form else {}).items()
    }
    return {address: max(ends) for address, ends in starts.items() if ends}


def _end_joins(connection: Connection, wishes: Sequence[Suppression], *, at: datetime) -> None:
    """End the joins of these addresses; a hold ends none."""
    ending = [wish for wish in wishes if wish.reason != HOLD]
    joined = joined_at(connection, {wish.address for wish in ending})
    times = Counter(wish.address for wish in ending)
    for wish in ending:
        if wish.address not in joined:
            continue
        ended = end_joins(
            connection,
            address=wish.address,
            ended_by=wish.reason,
            ended_at=wish.occurred_at,
            at=at,
        )
        if ended and times[wish.address] > 1:  # as a rule the first of many stops ends all
            joined = joined_at(connection, joined)


def _silent(
    connection: Connection, group: ChannelGroup, wishes: Sequence[Suppression]
) -> dict[str, str]:
    """Those of these addresses that are suppressed now, with the first reason that was given."""
    reasons: dict[str, str] = {}
    for wish in wishes:
        reasons.setdefault(wish.address, wish.reason)
    now = suppressed_among(connection, group=group, addresses=reasons)
    return {address: reason for address, reason in reasons.items() if address in now}


_m = t.messages.c
_PLANNED = select(_m.message_id, _m.channel, _m.address).where(
    among(_m.address, texts("addresses")),
    # Joined to nothing, so that SQLite looks for the addresses, of which there are few, and not
    # for all that waits.
    _m.state.concat("").in_(WAITING),
)


def _stop_planned(
    connection: Connection, group: ChannelGroup, reasons: Mapping[str, str], at: datetime
) -> int:
    """Stop what is planned to each of these addresses, for its reason; the number stopped."""
    if not reasons:
        return 0
    planned = connection.execute(_PLANNED, {"addresses": list(reasons)}).all()
    rows = [
        {"message_id": row.message_id, "state_reason": f"suppressed:{reasons[row.address]}"}
        for row in planned
        if channel_group(row.channel) == group
    ]
    rows.sort(key=lambda row: str(row["state_reason"]))  # those that change alike, at once
    return transition(connection, rows, "suppressed", from_states=WAITING, at=at)


def stop_hashed(connection: Connection, *, at: datetime) -> int:
    """Stop what is planned to addresses that a hashed list names; the number of messages stopped.

    Once for a whole list, since each hash can only be compared with all that is planned.
    """
    m = t.messages.c
    waiting: dict[ChannelGroup, set[str]] = defaultdict(set)
    query = select(m.channel, m.address).where(m.state.in_(WAITING)).distinct()
    for row in connection.execute(query):
        waiting[channel_group(row.channel)].add(row.address)
    stopped = 0
    for group, addresses in waiting.items():
        listed = suppressed_among(connection, group=group, addresses=addresses)
        stopped += _stop_planned(connection, group, dict.fromkeys(listed, "opted_out"), at)
    return stopped


def hide_address(
    connection: Connection, *, group: ChannelGroup, address: str, erased_at: datetime
) -> int:
    """Suppress an address for good and keep only its HMAC in the list; the number of rows hidden.

    Safe to repeat. Messages keep their address, and parts that were exported what they hold.
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


def _suppression_id(key: AddressKey, hidden: str, *identity: str | datetime) -> str:
    """Of the address's hash, so that it stays the same once the address is erased."""
    parts = (part.isoformat() if isinstance(part, datetime) else part for part in identity)
    return key.hmac("|".join((hidden, *parts)))[:32]
