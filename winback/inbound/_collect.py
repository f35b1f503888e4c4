"""From raw segments to the ledger: events, opt-outs, and messages that turn out accepted.

Each segment is one transaction together with the reader's position, so a segment counts
once however often, and by however many processes at the same time, it is collected.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, select, update
from sqlalchemy.exc import OperationalError

from winback.clock import Clock
from winback.inbound import _mail, _sendgrid, _twilio
from winback.inbound._actions import bind, remember, understand
from winback.inbound._clicks import clicked
from winback.inbound._event import Event, Unreadable
from winback.inbound._fetched import Suppressed, listed
from winback.inbound._match import Match, Matcher
from winback.inbound._read_ahead import read_ahead
from winback.inbound._segments import Record, read_segment, segment_path, writers
from winback.inbound._series import apply_series_wish
from winback.inbound._unsubscribe import preferred, unsubscribed
from winback.ledger import (
    Ledger,
    LedgerUnavailable,
    among,
    insert_new,
    lift,
    prefer,
    suppress,
    tables,
    withdraw,
)
from winback.settings import Settings

log = logging.getLogger(__name__)

# What a choice on our own page writes as the source of its suppressions.
UNSUBSCRIBE_SOURCE: Final = "winback_opted_out"
# The endpoint of a callback that was taken out of its segment, and the name of such an event.
ERASED: Final = "erased"
Parsed = Event | Suppressed | Unreadable


@dataclass
class CollectReport:
    """What one collection brought home; the numbers add up over segments."""

    segments: int = 0
    events: int = 0
    duplicates: int = 0
    unreadable: int = 0
    unmatched: int = 0
    # Messages that turned out to be accepted, and those of which two attempts were.
    bound: int = 0
    sent_twice: int = 0
    suppressed: int = 0
    lifted: int = 0
    stopped_messages: int = 0
    # Conversations in which a human is newly owed to somebody.
    waiting: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)

    def add(self, other: CollectReport) -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


def collect(ledger: Ledger, settings: Settings, clock: Clock) -> CollectReport:
    """Read every segment that is new since the last position of its writer; safe to repeat."""
    report = CollectReport()
    for writer in writers(settings.events_dir):
        report.add(collect_writer(ledger, settings.events_dir, writer, clock))
    return report


def collect_writer(ledger: Ledger, folder: Path, writer: str, clock: Clock) -> CollectReport:
    """Read the new segments of one writer."""
    report = CollectReport()
    while True:
        number = _position(ledger, writer) + 1
        path = segment_path(folder, writer, number)
        if not path.exists():
            return report
        events = read_ahead(ledger, list(parse(read_segment(path))))
        try:
            taken = _take(ledger, writer, number, events, clock)
        except LedgerUnavailable:  # busy, full or away: later is soon enough
            raise
        except Exception as defect:  # noqa: BLE001  # every later callback is behind this one
            log.error("%s can't be applied as one: %s", path.name, type(defect).__name__)
            taken = _take(ledger, writer, number, events, clock, one_by_one=True)
        report.add(taken)


def _take(
    ledger: Ledger,
    writer: str,
    number: int,
    events: Sequence[Parsed],
    clock: Clock,
    *,
    one_by_one: bool = False,
) -> CollectReport:
    with ledger.write() as connection:
        if not _advance(connection, writer, number):
            return CollectReport()
        return apply(connection, events, clock, one_by_one=one_by_one)


def _position(ledger: Ledger, writer: str) -> int:
    with ledger.read() as connection:
        position = connection.scalar(
            select(tables.positions.c.position).where(tables.positions.c.reader == reader(writer))
        )
    return int(position or 0)


def reader(writer: str) -> str:
    """The name under which a writer's position is kept."""
    return f"events/{writer}"


def _advance(connection: Connection, writer: str, number: int) -> bool:
    """Take the segment; False when another collector took it first."""
    p = tables.positions
    insert_new(connection, p, [{"reader": reader(writer), "position": "0"}])
    moved = connection.execute(
        update(p)
        .where(p.c.reader == reader(writer), p.c.position == str(number - 1))
        .values(position=str(number))
    )
    return moved.rowcount == 1


def parse(records: Iterable[Record]) -> Iterator[Parsed]:
    """The events of records, in their order; what can't be read is told apart."""
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
}


def _parse(record: Record) -> Iterable[Parsed]:
    source = record.provider, record.endpoint
    parser = _PARSERS.get(source)
    if parser is None:
        return [Unreadable(f"a callback of {source}")]
    found = parser(record)
    return [found] if isinstance(found, Event) else found or ()


def apply(
    connection: Connection, parsed: Sequence[Parsed], clock: Clock, *, one_by_one: bool = False
) -> CollectReport:
    """Bring a segment's events into the ledger: new ones with their effects, others counted.

    `one_by_one` leaves out those that can't be applied and counts them as unreadable: they stay
    in their segment, for a replay by a version that can.
    """
    events = [event for event in parsed if isinstance(event, Event)]
    unreadable = sum(isinstance(item, Unreadable) for item in parsed)
    report = CollectReport(segments=1, unreadable=unreadable)
    _suppress_listed(connection, parsed, report, clock)
    known = _known(connection, [event.dedupe_key for event in events])
    matcher = Matcher(connection, events)
    for event in events:
        if event.dedupe_key in known:
            report.duplicates += 1
            _count_again(connection, event)
            continue
        known.add(event.dedupe_key)
        if one_by_one:
            report.add(_apply_alone(connection, event, matcher, clock))
        else:
            _apply_new(connection, event, matcher, report, clock)
    return report


def _suppress_listed(
    connection: Connection, parsed: Sequence[Parsed], report: CollectReport, clock: Clock
) -> None:
    """Addresses of a provider's own lists: no events, for nothing of ours happened."""
    for item in parsed:
        if isinstance(item, Suppressed):
            report.suppressed += 1
            report.stopped_messages += suppress(
                connection,
                group="email",
                address=item.address,
                reason=item.reason,
                source=item.source,
                occurred_at=item.occurred_at,
                recorded_at=clock.now(),
            )


def _apply_alone(
    connection: Connection, event: Event, matcher: Matcher, clock: Clock
) -> CollectReport:
    report = CollectReport()
    try:
        with connection.begin_nested():
            _apply_new(connection, event, matcher, report, clock)
    except OperationalError:
        raise
    except Exception as defect:  # noqa: BLE001  # it must not stop the callbacks behind it
        log.error("%s can't be applied: %s", event.ref, type(defect).__name__)
        report = CollectReport(unreadable=1)
        _hold(connection, event, report, clock)
    return report


def _hold(connection: Connection, event: Event, report: CollectReport, clock: Clock) -> None:
    """Who wrote what could not be applied, or asked for silence, gets nothing until a replay or a
    person has seen to it."""
    if (event.reply is None and not event.suppress_reason) or not event.address:
        return
    try:
        with connection.begin_nested():
            held = replace(event, suppress_reason="hold")
            _silence(connection, held, f"{event.provider}_not_applied", report, clock)
    except OperationalError:
        raise
    except Exception as defect:  # noqa: BLE001  # nor may this
        log.error("%s can't hold its sender: %s", event.ref, type(defect).__name__)


def _silence(
    connection: Connection, event: Event, source: str, report: CollectReport, clock: Clock
) -> None:
    """Suppress each address that an event comes from."""
    for address in dict.fromkeys((event.address, event.other_address)):
        if address:
            report.suppressed += 1
            report.stopped_messages += suppress(
                connection,
                group=event.group,
                address=address,
                reason=event.suppress_reason,
                source=source,
                occurred_at=event.occurred_at,
                recorded_at=clock.now(),
            )


def _known(connection: Connection, keys: Sequence[str]) -> set[str]:
    column = tables.provider_events.c.dedupe_key
    return set(connection.scalars(select(column).where(among(column, keys))))


def _count_again(connection: Connection, event: Event) -> None:
    """Told before. Nothing that is exported changes, so the row's version stays."""
    e = tables.provider_events
    connection.execute(
        update(e).where(e.c.dedupe_key == event.dedupe_key).values(n_seen=e.c.n_seen + 1)
    )


def _apply_new(
    connection: Connection,
    event: Event,
    matcher: Matcher,
    report: CollectReport,
    clock: Clock,
) -> None:
    match = matcher.match(event)
    if match.address:
        event = replace(event, address=match.address)
    event, wants_in = understand(connection, event, match)
    # Somebody who may not be the customer answers no message.
    answered = match if event.is_vouched_for else Match()
    connection.execute(tables.provider_events.insert(), _row(event, answered))
    report.waiting += remember(connection, event, answered)
    report.events += 1
    report.by_kind[event.kind] += 1
    report.unmatched += answered.message_id is None
    proven = bind(connection, event, match, at=clock.now())
    report.bound += proven == "news"
    report.sent_twice += proven == "twice"
    if event.suppress_reason:
        source = event.unsubscribe_list or f"{event.provider}_{event.kind}"
        told = replace(event, group=match.group or event.group)
        _silence(connection, told, source, report, clock)
    if event.kind == "opted_in":
        report.lifted += lift(
            connection,
            group=match.group or event.group,
            address=event.address,
            occurred_at=event.occurred_at,
            reasons=("unsubscribe",),
            source=event.unsubscribe_list,
        )
    apply_series_wish(connection, event, match, recorded_at=clock.now())
    _apply_wish(connection, event, report, clock)
    if wants_in:
        report.lifted += lift(
            connection, group="phone", address=event.address, occurred_at=event.occurred_at
        )


def _apply_wish(connection: Connection, event: Event, report: CollectReport, clock: Clock) -> None:
    if event.preference:
        report.stopped_messages += prefer(
            connection,
            event.preference,
            source=UNSUBSCRIBE_SOURCE,
            recorded_at=clock.now(),
        )
    if event.takes_back and event.message_id:
        report.lifted += withdraw(
            connection,
            message_id=event.message_id,
            chosen_at=event.takes_back,
            source=UNSUBSCRIBE_SOURCE,
            at=event.occurred_at,
        )


def _row(event: Event, match: Match) -> dict[str, object]:
    return {
        "dedupe_key": event.dedupe_key,
        "semantic_key": event.semantic_key,
        "raw_ref": event.ref,
        "provider": event.provider,
        "message_id": match.message_id,
        "provider_id": event.provider_id,
        "kind": event.kind,
        "occurred_at": event.occurred_at,
        "received_at": event.received_at,
        "is_machine": int(event.is_machine),
        "error_code": event.error_code,
        "link": event.link,
        "detail_json": json.dumps(_detail(event), sort_keys=True),
        "matched_by": match.by,
        "lapse_reason": event.lapse_reason,
        "intent": event.intent,
    }


def _detail(event: Event) -> dict[str, object]:
    return event.detail if event.intent is None else event.detail | {"intent": event.intent}
