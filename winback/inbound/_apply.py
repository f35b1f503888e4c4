"""What events do to the ledger: rows of their own, opt-outs, messages that turn out accepted.

Events of people who have nothing to do with each other are applied together, so that a thousand
stops cost hardly more than one; what one person did is applied in its order (_turns).
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.exc import OperationalError

from winback.base.clock import Clock
from winback.inbound._effects import (
    Effects,
    bind,
    effects_of,
    opted_out_among,
    remember,
    silence_of,
)
from winback.inbound._fetched import Suppressed
from winback.inbound._match import Match, Matcher
from winback.inbound._series import apply_series_wish
from winback.inbound._turns import turns
from winback.ledger import (
    ChannelGroup,
    Suppression,
    among,
    lift,
    prefer,
    suppress_all,
    tables,
    withdraw,
)
from winback.providers import Event, Unreadable

log = logging.getLogger(__name__)

# The source of suppressions that come from our own page.
UNSUBSCRIBE_SOURCE: Final = "winback_opted_out"
Parsed = Event | Suppressed | Unreadable


@dataclass
class CollectReport:
    """The outcome of one collection; the numbers add up over parts of the log."""

    parts: int = 0
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
    # Conversations that newly wait for a human.
    waiting: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)

    def add(self, other: CollectReport) -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


def apply(
    connection: Connection, parsed: Sequence[Parsed], clock: Clock, *, sets_aside: bool = False
) -> CollectReport:
    """Bring the events of a log part into the ledger: new ones with their effects, others counted.

    `sets_aside` leaves out those that can't be applied and counts them as unreadable: they stay
    in the log, for a replay by a version that can.
    """
    events = [event for event in parsed if isinstance(event, Event)]
    unreadable = sum(isinstance(item, Unreadable) for item in parsed)
    report = CollectReport(parts=1, unreadable=unreadable)
    _suppress_listed(connection, parsed, report, clock)
    known, new, again = _known(connection, events), list[Event](), list[Event]()
    for event in events:
        (again if event.dedupe_key in known else new).append(event)
        known.add(event.dedupe_key)
    matcher = Matcher(connection, new)
    for together in turns(new, matcher.whose(new)):
        if sets_aside:
            report.add(_apply_what_can_be(connection, together, matcher, clock))
        else:
            report.add(_apply_new(connection, together, matcher, clock))
    _count_again(connection, again)
    report.duplicates += len(again)
    return report


def _suppress_listed(
    connection: Connection, parsed: Sequence[Parsed], report: CollectReport, clock: Clock
) -> None:
    """Addresses of a provider's own lists: no events, for nothing of ours happened."""
    wishes = [
        Suppression("email", item.address, item.reason, item.source, item.occurred_at)
        for item in parsed
        if isinstance(item, Suppressed)
    ]
    report.suppressed += len(wishes)
    report.stopped_messages += suppress_all(connection, wishes, recorded_at=clock.now())[1]


def _apply_what_can_be(
    connection: Connection, events: Sequence[Event], matcher: Matcher, clock: Clock
) -> CollectReport:
    """Apply all of these that can be: of a batch that can't, each half, down to the one event."""
    try:
        with connection.begin_nested():
            return _apply_new(connection, events, matcher, clock)
    except OperationalError:
        raise
    except Exception as defect:  # noqa: BLE001  # it must not stop the callbacks behind it
        report, half = CollectReport(), len(events) // 2
        if half:
            for part in (events[:half], events[half:]):
                report.add(_apply_what_can_be(connection, part, matcher, clock))
            return report
        log.error("%s can't be applied: %s", events[0].ref, type(defect).__name__)
        report.unreadable = 1
        _hold(connection, events[0], report, clock)
        return report


def _hold(connection: Connection, event: Event, report: CollectReport, clock: Clock) -> None:
    """A person whose event could not be applied, or who asked for silence, gets nothing until a
    replay or an operator has resolved it."""
    if (event.reply is None and not silence_of(event)) or not event.address:
        return
    silenced = _silenced(event, event.group, "hold", f"{event.provider}_not_applied")
    try:
        with connection.begin_nested():
            stopped = suppress_all(connection, silenced, recorded_at=clock.now())[1]
            report.stopped_messages += stopped
            report.suppressed += len(silenced)
    except OperationalError:
        raise
    except Exception as defect:  # noqa: BLE001  # nor may this
        log.error("%s can't hold its sender: %s", event.ref, type(defect).__name__)


def _known(connection: Connection, events: Iterable[Event]) -> set[str]:
    column = tables.provider_events.c.dedupe_key
    keys = [event.dedupe_key for event in events]
    return set(connection.scalars(select(column).where(among(column, keys))))


_e = tables.provider_events.c
_COUNT_AGAIN = (
    update(tables.provider_events)
    .where(_e.dedupe_key == bindparam("key"))
    .values(n_seen=_e.n_seen + 1)
)


def _count_again(connection: Connection, events: Sequence[Event]) -> None:
    """The event is known. Nothing that is exported changes, so the row's version stays."""
    if events:
        connection.execute(_COUNT_AGAIN, [{"key": event.dedupe_key} for event in events])


def _apply_new(
    connection: Connection, events: Sequence[Event], matcher: Matcher, clock: Clock
) -> CollectReport:
    report, now = CollectReport(), clock.now()
    told, kept = list[tuple[Event, Match, Effects]](), list[tuple[Event, Match, Effects]]()
    matches = matcher.match_all(events)
    found = [
        replace(event, address=match.address) if match.address else event
        for event, match in zip(events, matches, strict=True)
    ]
    opted_out = opted_out_among(connection, found)
    for event, match in zip(found, matches, strict=True):
        effects = effects_of(connection, event, match, opted_out)
        told.append((event, match, effects))
        # A reply that may not be the customer's belongs to no message.
        kept.append((event, match if event.is_vouched_for else Match(), effects))
    connection.execute(tables.provider_events.insert(), [_row(*one) for one in kept])
    report.waiting = remember(connection, kept)
    report.events = len(kept)
    report.by_kind.update(effects.kind for _, _, effects in kept)
    report.unmatched = sum(match.message_id is None for _, match, _ in kept)
    proven = Counter(bind(connection, event, match, at=now) for event, match, _ in told)
    report.bound, report.sent_twice = proven["news"], proven["twice"]
    silenced = [each for one in told for each in _stops(*one)]
    report.suppressed = len(silenced)
    report.stopped_messages = suppress_all(connection, silenced, recorded_at=now)[1]
    for event, match, effects in told:
        _apply_wishes(connection, event, match, effects, report, clock)
    for event in (event for event, _, effects in told if effects.lifts):
        report.lifted += lift(
            connection, group="phone", address=event.address, occurred_at=event.occurred_at
        )
    return report


def apply_late(
    connection: Connection, events: Sequence[Event], clock: Clock, report: CollectReport
) -> None:
    """Do what events say whose message was not known when they came in; safe to repeat.

    Where the message is known by now, they are of it from here on.
    """
    for event, match in zip(events, Matcher(connection, events).match_all(events), strict=True):
        if not match.address:
            continue
        told = replace(event, address=match.address)
        effects = effects_of(connection, told, match, ())
        news, stopped = suppress_all(
            connection, _stops(told, match, effects), recorded_at=clock.now()
        )
        report.suppressed += news
        report.stopped_messages += stopped
        if match.message_id is None:
            continue
        _apply_wishes(connection, told, match, effects, report, clock)
        connection.execute(
            update(tables.provider_events)
            .where(_e.dedupe_key == event.dedupe_key)
            .values(message_id=match.message_id, matched_by=match.by, version=_e.version + 1)
        )


def _stops(event: Event, match: Match, effects: Effects) -> list[Suppression]:
    source = event.unsubscribe_list or f"{event.provider}_{effects.kind}"
    return _silenced(event, match.group or event.group, effects.silence, source)


def _silenced(event: Event, group: ChannelGroup, why: str, source: str) -> list[Suppression]:
    """A suppression for each address of the event, if there is a reason for silence."""
    return [
        Suppression(group, address, why, source, event.occurred_at)
        for address in dict.fromkeys((event.address, event.other_address))
        if address and why
    ]


def _apply_wishes(  # noqa: PLR0917 - private
    connection: Connection,
    event: Event,
    match: Match,
    effects: Effects,
    report: CollectReport,
    clock: Clock,
) -> None:
    """The event's wish that is not, or not only, silence at this address."""
    if event.kind == "opted_in":
        report.lifted += lift(
            connection,
            group=match.group or event.group,
            address=event.address,
            occurred_at=event.occurred_at,
            reasons=("unsubscribe",),
            source=event.unsubscribe_list,
        )
    apply_series_wish(connection, event, match, effects.series, recorded_at=clock.now())
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


def _row(event: Event, match: Match, effects: Effects) -> dict[str, object]:
    return {
        "dedupe_key": event.dedupe_key,
        "semantic_key": event.semantic_key,
        "raw_ref": event.ref,
        "provider": event.provider,
        "message_id": match.message_id,
        "provider_id": event.provider_id,
        "kind": effects.kind,
        "occurred_at": event.occurred_at,
        "received_at": event.received_at,
        "is_machine": int(event.is_machine),
        "error_code": event.error_code,
        "link": event.link,
        "link_pos": event.link_pos,
        "link_address": event.link_address,
        "detail_json": json.dumps(_detail(event, effects), sort_keys=True),
        "matched_by": match.by,
        "lapse_reason": effects.lapse_reason,
        "lapse_words": effects.lapse_words,
        "intent": effects.intent,
    }


def _detail(event: Event, effects: Effects) -> dict[str, object]:
    return event.detail if effects.intent is None else event.detail | {"intent": effects.intent}
