"""The suppression sweep: addresses to which SendGrid does not send and we would.

Events tell it faster; this is the net below them. It only ever adds: that an address is gone
from a list lifts nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select, update

from winback.base.clock import Clock
from winback.base.errors import UsageError
from winback.base.settings import Settings
from winback.inbound import Suppressed, keep_suppressed
from winback.ledger import Ledger, among, insert_new, suppressed_among, tables
from winback.providers import LIST_NAMES, PAGE_ROWS, Entry, Page, SuppressionLists
from winback.reconcile._report import ReconcileReport

# Daily, whatever minute of the day a schedule runs at.
EVERY: Final = timedelta(hours=20)
# Each sweep goes back over the end of the last one: a list may be behind its own clock.
OVERLAP: Final = timedelta(days=2)
MOST_PAGES: Final = 20
# The next sweep goes on where one ended that took longer, on the wall clock.
MOST_SECONDS: Final = 300.0
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class _Place:
    """How far the sweep of a list has come: `offset` rows into the days `since` to `until`."""

    since: datetime
    until: datetime
    offset: int = 0
    is_done: bool = False

    def dump(self) -> str:
        return json.dumps(asdict(self), default=datetime.isoformat)

    @classmethod
    def load(cls, text: str) -> _Place:
        kept = json.loads(text)
        since, until = (datetime.fromisoformat(kept[name]) for name in ("since", "until"))
        return cls(since, until, kept["offset"], kept["is_done"])


def sweep_lists(ledger: Ledger, settings: Settings, clock: Clock, report: ReconcileReport) -> None:
    """Read the lists that are due, from where the last sweep stopped; the caller collects."""
    if "email" not in settings.enabled_channels:
        return
    with ledger.read() as connection:
        due = {name: _due(connection, name, clock.now()) for name in LIST_NAMES}
    if not any(due.values()):
        return
    try:
        lists = SuppressionLists(settings)
    except UsageError:
        return  # no account to ask
    pages_left = MOST_PAGES
    until = time.monotonic() + MOST_SECONDS
    with closing(lists):
        for name, start in due.items():
            place = start
            while place is not None and not place.is_done and pages_left:
                if time.monotonic() > until:
                    report.unreadable[f"list of {name}"] = "took too long"
                    return
                pages_left -= 1
                page = lists.page(name, since=place.since, until=place.until, offset=place.offset)
                if page.problem:
                    report.unreadable[f"list of {name}"] = page.problem
                    if page.stops_asking:
                        return
                    break
                place = _take(ledger, settings, clock, name=name, page=page, place=place)


def sweep_whole(
    ledger: Ledger, settings: Settings, clock: Clock, report: ReconcileReport, *, since: datetime
) -> None:
    """Read all of the lists from a moment on to their end, however young the last sweep is.

    The report names a list that could not be read. The caller collects.
    """
    with ledger.write() as connection:
        for name in LIST_NAMES:
            _keep(connection, name, _Place(since, clock.now()))
    is_done = False
    while not is_done and not report.unreadable:
        sweep_lists(ledger, settings, clock, report)
        with ledger.read() as connection:
            is_done = all(_due(connection, name, clock.now()) is None for name in LIST_NAMES)


def _take(
    ledger: Ledger, settings: Settings, clock: Clock, *, name: str, page: Page, place: _Place
) -> _Place:
    """Keep what a page has that is news, then that it was read; the next place."""
    with ledger.read() as connection:
        news = _news(connection, page.entries)
    if news:
        keep_suppressed(settings, clock, news)
    after = replace(place, offset=place.offset + PAGE_ROWS, is_done=page.is_last)
    with ledger.write() as connection:
        _keep(connection, name, after)
    return after


def _due(connection: Connection, name: str, now: datetime) -> _Place | None:
    """Where to go on; None while the last sweep is young, or lies ahead of this clock."""
    p = tables.positions.c
    kept = connection.scalar(select(p.position).where(p.reader == _reader(name)))
    if kept is None:
        return _Place(_BEGINNING, now)
    place = _Place.load(kept)
    if not place.is_done:
        return place
    return _Place(place.until - OVERLAP, now) if now >= place.until + EVERY else None


def _keep(connection: Connection, name: str, place: _Place) -> None:
    p = tables.positions
    row = {"reader": _reader(name), "position": place.dump()}
    if not insert_new(connection, p, [row]):
        connection.execute(
            update(p).where(p.c.reader == row["reader"]).values(position=row["position"])
        )


def _reader(name: str) -> str:
    return f"sendgrid/{name}"


def _news(connection: Connection, entries: Sequence[Entry]) -> list[Suppressed]:
    """The addresses that our own list lacks: neither in force nor taken back since, nor erased."""
    by_reason: dict[str, list[Entry]] = {}
    for entry in entries:
        by_reason.setdefault(entry.reason, []).append(entry)
    news = []
    for reason, group in by_reason.items():
        addresses = [entry.address for entry in group]
        known = suppressed_among(
            connection, group="email", addresses=addresses, reasons=(reason, "erased")
        )
        lifted = _lifted(connection, reason, [a for a in addresses if a not in known])
        for entry in group:
            back_at = lifted.get(entry.address)
            if entry.address not in known and not (back_at and back_at > entry.since):
                news.append(Suppressed(entry.address, reason, entry.source, entry.since))
    return news


def _lifted(connection: Connection, reason: str, addresses: Sequence[str]) -> dict[str, datetime]:
    """When each address last came back."""
    s = tables.suppressions.c
    rows = connection.execute(
        select(s.address, s.lifted_at)
        .where(s.channel_group == "email", among(s.address, addresses), s.reason == reason)
        .where(s.lifted_at.is_not(None))
        .order_by(s.lifted_at)
    )
    return {row.address: row.lifted_at for row in rows}
