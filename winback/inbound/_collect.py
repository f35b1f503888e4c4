"""From the event log to the ledger.

Parts are taken in one transaction together with the reader's position, so that each counts
once however often, and by however many processes at the same time, it is collected.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, select, update

from winback.base.clock import Clock
from winback.base.settings import Settings
from winback.inbound._apply import CollectReport, Parsed, apply
from winback.inbound._fetched import listed
from winback.inbound._late import take_late
from winback.inbound._log import log_part_path, read_log_part, writers
from winback.inbound._read_ahead import read_ahead
from winback.inbound._second_copy import copy_events
from winback.ledger import Ledger, LedgerUnavailable, insert_new, tables
from winback.providers import Event, Record, Unreadable, clicked, preferred, returned, unsubscribed
from winback.providers.sendgrid import callbacks as _sendgrid
from winback.providers.sendgrid import mail as _mail
from winback.providers.twilio import callbacks as _twilio

log = logging.getLogger(__name__)

# Parts that are taken together are not longer than this: a hundred texts, but no two long mails,
# whose reading the first would wait for.
TOGETHER_BYTES: Final = 32 * 1024
# The endpoint of a callback that was taken out of its part, and the name of such an event.
ERASED: Final = "erased"


def collect(ledger: Ledger, settings: Settings, clock: Clock) -> CollectReport:
    """Read every part that is new since the last position of its writer; safe to repeat."""
    report = CollectReport()
    try:
        copy_events(settings, clock)
    except OSError as error:  # the receiver tries again each minute
        log.error("the second copy beside the backups stays behind: %s", error.strerror)
    for writer in writers(settings.events_dir):
        report.add(collect_writer(ledger, settings.events_dir, writer, clock))
    report.add(take_late(ledger, settings, clock))
    return report


def collect_writer(ledger: Ledger, folder: Path, writer: str, clock: Clock) -> CollectReport:
    """Read the new parts of one writer."""
    report = CollectReport()
    while True:
        first = _position(ledger, writer) + 1
        paths = _next_parts(folder, writer, first)
        if not paths:
            return report
        records = [record for path in paths for record in read_log_part(path)]
        batch = _Batch(writer, first, len(paths), read_ahead(ledger, list(parse(records))))
        try:
            taken = _take(ledger, batch, clock)
        except LedgerUnavailable:  # busy, full or away: later is soon enough
            raise
        except Exception as defect:  # noqa: BLE001  # every later callback is behind this one
            log.error("%s can't be applied as one: %s", paths[0].name, type(defect).__name__)
            taken = _take(ledger, batch, clock, sets_aside=True)
        report.add(taken)


def _next_parts(folder: Path, writer: str, number: int) -> list[Path]:
    """The next part, and those behind it that are short enough to be taken with it."""
    paths, size = list[Path](), 0
    while (path := log_part_path(folder, writer, number + len(paths))).exists():
        size += path.stat().st_size
        if paths and size > TOGETHER_BYTES:
            break
        paths.append(path)
    return paths


@dataclass(frozen=True)
class _Batch:
    """Parts of one writer, one after another, that are taken in one transaction."""

    writer: str
    first: int
    parts: int
    events: Sequence[Parsed]


def _take(
    ledger: Ledger, batch: _Batch, clock: Clock, *, sets_aside: bool = False
) -> CollectReport:
    with ledger.write() as connection:
        if not _advance(connection, batch):
            return CollectReport()
        report = apply(connection, batch.events, clock, sets_aside=sets_aside)
    report.parts = batch.parts
    return report


def _position(ledger: Ledger, writer: str) -> int:
    with ledger.read() as connection:
        position = connection.scalar(
            select(tables.positions.c.position).where(tables.positions.c.reader == reader(writer))
        )
    return int(position or 0)


def reader(writer: str) -> str:
    """The name under which a writer's position is kept."""
    return f"events/{writer}"


def _advance(connection: Connection, batch: _Batch) -> bool:
    """Take the parts; False when another collector took the first."""
    p, name = tables.positions, reader(batch.writer)
    insert_new(connection, p, [{"reader": name, "position": "0"}])
    moved = connection.execute(
        update(p)
        .where(p.c.reader == name, p.c.position == str(batch.first - 1))
        .values(position=str(batch.first + batch.parts - 1))
    )
    return moved.rowcount == 1


def parse(records: Iterable[Record]) -> Iterator[Parsed]:
    """The events of records, in their order, and the records that can't be read."""
    for record in records:
        if record.endpoint == ERASED:
            continue
        try:
            yield from _parse(record)
        except Unreadable as problem:
            yield problem
        except Exception as defect:  # noqa: BLE001  # it must not stop the callbacks behind it
            log.error("%s can't be parsed: %s", record.ref, type(defect).__name__)
            yield Unreadable(type(defect).__name__)


_PARSERS: Final[dict[tuple[str, str], Callable[[Record], Event | Iterable[Parsed] | None]]] = {
    ("sendgrid", "events"): _sendgrid.events,
    ("sendgrid", "inbound"): _mail.parsed_mail,
    ("sendgrid", "listed"): listed,
    ("twilio", "status"): _twilio.status,
    ("twilio", "inbound"): _twilio.inbound,
    ("twilio", "voice"): _twilio.pressed,
    ("twilio", "fetched"): _twilio.fetched,
    ("winback", "unsubscribe"): unsubscribed,
    ("winback", "preference"): preferred,
    ("winback", "click"): clicked,
    ("print", "returned"): returned,
}


def _parse(record: Record) -> Iterable[Parsed]:
    source = record.provider, record.endpoint
    parser = _PARSERS.get(source)
    if parser is None:
        return [Unreadable(f"a callback of {source}")]
    found = parser(record)
    return [found] if isinstance(found, Event) else found or ()
