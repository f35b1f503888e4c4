"""What the providers know of a time that the ledger has lost: what left, and who said no.

For a ledger that was restored from a backup. Its own messages of before the backup say whether
the records show what they should: those that don't would miss what left since just as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

from sqlalchemy import Row, select

from winback.base.clock import Clock, WallClock
from winback.base.errors import UsageError
from winback.base.settings import Settings
from winback.inbound import collect, keep_heard
from winback.ledger import (
    AddressKey,
    ChannelGroup,
    Ledger,
    among,
    channel_group,
    found_ids,
    keep_found,
    normalize,
    tables,
)
from winback.providers import Heard, Left, RecordsUnreadable, mail_left, texts_left
from winback.reconcile._ask import PER_SECOND, Records
from winback.reconcile._lists import sweep_whole
from winback.reconcile._report import ReconcileReport
from winback.reconcile._unresolved import search_for
from winback.sending import OVERLAP, found_row

# So many of the latest messages from before the backup must all be shown.
MOST_KNOWN: Final = 10
_KNOWN_SINCE: Final = timedelta(days=30)
_CLOCKS_DIFFER: Final = timedelta(minutes=5)
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_END: Final = datetime(2100, 1, 1, tzinfo=UTC)
_AT_ONCE: Final = 100
_m = tables.messages.c


@dataclass
class LostTime:
    """What was learned."""

    # Messages of ours that left since, by channel group; and texts that came in.
    left: dict[str, int] = field(default_factory=dict)
    heard: int = 0
    # Addresses that the providers' lists suppress and ours did not yet.
    suppressed: int = 0
    # What could not be read, and why.
    unreadable: dict[str, str] = field(default_factory=dict)


def learn_lost_time(
    ledger: Ledger,
    settings: Settings,
    clock: Clock,
    *,
    since: datetime,
    groups: Sequence[ChannelGroup],
    with_lists: bool = True,
    sleep: Callable[[float], None] = time.sleep,
) -> LostTime:
    """Ask what left in these channel groups since a moment, and who opted out. Safe to repeat.

    A record that can't be read to its end is named in the report, and proves nothing.
    """
    told = LostTime()
    # In a replay the provider's clock is another.
    since = since - OVERLAP if isinstance(clock, WallClock) else _BEGINNING
    report = ReconcileReport()
    for group in groups:
        try:
            with Records(settings, report, sleep) as records:
                _require_sound(ledger, records, group, since, clock.now())
            told.left[group] = _learn_left(
                ledger, settings, clock, told, group=group, since=since, sleep=sleep
            )
        except (RecordsUnreadable, UsageError) as problem:
            told.unreadable[group] = str(problem)
    if with_lists:
        sweep_whole(ledger, settings, clock, report, since=since)
        told.unreadable |= {k: why for k, why in report.unreadable.items() if "list" in k}
    told.suppressed = collect(ledger, settings, clock).suppressed
    return told


def _learn_left(
    ledger: Ledger,
    settings: Settings,
    clock: Clock,
    told: LostTime,
    *,
    group: ChannelGroup,
    since: datetime,
    sleep: Callable[[float], None],
) -> int:
    with ledger.read() as connection:
        known = found_ids(connection)

    def pause() -> None:
        if not settings.sends_to_loopback_only:
            sleep(1 / PER_SECOND)

    records: Iterator[Left | Heard]
    if group == "post":
        raise RecordsUnreadable("a print shop has no records that can be asked")
    if group == "email":
        until = clock.now() + timedelta(days=1) if isinstance(clock, WallClock) else _END
        records = mail_left(
            settings, since=since, until=until, is_known=known.__contains__, pause=pause
        )
    else:
        records = texts_left(settings, since=since)
    heard: list[Heard] = []
    while portion := list(islice(records, _AT_ONCE)):
        _keep_left(ledger, [it for it in portion if isinstance(it, Left)])
        heard += [it for it in portion if isinstance(it, Heard)]
    # At last: whom we wrote to in that time is known by then.
    told.heard += _keep_heard(ledger, settings, clock, heard)
    f = tables.found_sends.c
    with ledger.read() as connection:
        query = select(f.provider_id).where(f.channel_group == group, f.left_at >= since)
        return len(connection.execute(query).all())


def _keep_left(ledger: Ledger, left: Sequence[Left]) -> None:
    """Keep what the ledger doesn't know as accepted already."""
    with ledger.write() as connection:
        ids = [it.provider_id for it in left]
        known = set(connection.scalars(select(_m.provider_id).where(among(_m.provider_id, ids))))
        rows = [found_row(connection, it) for it in left if it.provider_id not in known]
        keep_found(connection, rows)


def _keep_heard(ledger: Ledger, settings: Settings, clock: Clock, texts: Sequence[Heard]) -> int:
    """Take in what people wrote whom we wrote to, where nobody has read it yet."""
    numbers = {it.provider_id: normalize("phone", it.sender.rpartition(":")[2]) for it in texts}
    e, f = tables.provider_events.c, tables.found_sends.c
    with ledger.read() as connection:
        key = AddressKey.of(connection)
        hidden = {number: key.hide(number) for number in numbers.values()}
        ours = set(connection.scalars(select(_m.address).where(among(_m.address, hidden))))
        found = set(
            connection.scalars(
                select(f.hidden_address).where(among(f.hidden_address, hidden.values()))
            )
        )
        read = set(
            connection.scalars(
                select(e.dedupe_key).where(
                    among(e.dedupe_key, [f"twi:{it.provider_id}" for it in texts])
                )
            )
        )
    news = [
        it
        for it in texts
        if f"twi:{it.provider_id}" not in read
        and (numbers[it.provider_id] in ours or hidden[numbers[it.provider_id]] in found)
    ]
    keep_heard(settings, clock, news)
    return len(news)


def _require_sound(
    ledger: Ledger, records: Records, group: ChannelGroup, since: datetime, now: datetime
) -> None:
    """Raise RecordsUnreadable where records lack what certainly left."""
    for message in _known(ledger, group, now):
        began_at = _BEGINNING if since == _BEGINNING else message.accepted_at - _CLOCKS_DIFFER
        question = search_for(message, since=began_at)
        if question is None:
            continue
        finding = records.ask(message.channel, question)
        if finding.kind == "unreadable":
            raise RecordsUnreadable(finding.reason)
        ids = {it.provider_id for it in finding.listed}
        is_shown = bool(ids) if group == "email" else message.provider_id in ids
        if not is_shown:
            raise RecordsUnreadable("they lack what was certainly sent")


def _known(ledger: Ledger, group: ChannelGroup, now: datetime) -> list[Row[Any]]:
    """The latest messages from before the backup that the provider certainly took."""
    with ledger.read() as connection:
        query = (
            select(tables.messages)
            .where(
                _m.accepted_at > now - _KNOWN_SINCE,
                _m.state.concat("") == "accepted",
                _m.provider_id.is_not(None),
                _m.matched_by.is_(None),
            )
            .order_by(_m.accepted_at.desc())
            .limit(1000)
        )
        rows = connection.execute(query).all()
    return [row for row in rows if channel_group(row.channel) == group][:MOST_KNOWN]
