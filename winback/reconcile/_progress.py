"""The poll sweep: how far texts have come whose callbacks are missing.

Twilio posts a status for at most fifteen seconds, and then never again. So a text without a
final one is asked for after ten minutes, an hour, half a day and a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, exists, or_, select, update

from winback.base.clock import Clock
from winback.base.settings import Settings
from winback.inbound import keep_progress
from winback.ledger import Ledger, insert_new, tables
from winback.providers import Progress
from winback.reconcile._ask import Records
from winback.reconcile._report import ReconcileReport

ASKED_AT: Final = (
    timedelta(minutes=10), timedelta(hours=1), timedelta(hours=12), timedelta(hours=24),
)  # fmt: skip
# What was accepted before this sweep existed is not asked for any more.
NOT_AFTER: Final = timedelta(days=7)
MOST_POLLS: Final = 200
# No further news: what may follow is that somebody read it.
_LAST_WORDS: Final = ("delivered", "undelivered", "failed", "opened")

_m, _p, _event = tables.messages.c, tables.polls.c, tables.provider_events.c


def poll(
    ledger: Ledger,
    settings: Settings,
    clock: Clock,
    records: Records,
    report: ReconcileReport,
) -> None:
    """Ask for what is due, and keep the responses as callbacks are kept; the caller collects."""
    now = clock.now()
    with ledger.read() as connection:
        due = _due(connection, now)
    asked: list[Row[Any]] = []
    news: list[tuple[str, Mapping[str, str]]] = []
    for message in due:
        finding = records.ask(message.channel, Progress(message.provider_id))
        if finding.kind == "progress":
            news.append((message.message_id, finding.fields))
        elif finding.stops_asking:
            continue
        asked.append(message)
    # The responses are kept before the texts are ticked off: asking twice is better than never.
    keep_progress(settings, clock, news)
    with ledger.write() as connection:
        for message in asked:
            _tick_off(connection, message, now)
    report.polled += len(asked)


def _due(connection: Connection, now: datetime) -> list[Row[Any]]:
    ended = exists().where(_event.message_id == _m.message_id, _event.kind.in_(_LAST_WORDS))
    query = (
        select(_m.message_id, _m.channel, _m.provider_id, _m.accepted_at)
        .outerjoin(tables.polls, _p.message_id == _m.message_id)
        .where(
            _m.accepted_at <= now - ASKED_AT[0],
            _m.accepted_at > now - NOT_AFTER,
            # Joined to nothing, so that SQLite reads these days and not all that was ever accepted.
            _m.state.concat("") == "accepted",
            _m.provider == "twilio",
            _m.provider_id.is_not(None),
            or_(_p.message_id.is_(None), _p.next_at <= now),
            ~ended,
        )
        .order_by(_m.accepted_at, _m.message_id)
        .limit(MOST_POLLS)
    )
    return list(connection.execute(query))


def _tick_off(connection: Connection, message: Row[Any], now: datetime) -> None:
    coming = [message.accepted_at + after for after in ASKED_AT]
    next_at = next((at for at in coming if at > now), None)
    row = {"message_id": message.message_id, "polled_at": now, "n_polls": 1, "next_at": next_at}
    if not insert_new(connection, tables.polls, [row]):
        connection.execute(
            update(tables.polls)
            .where(_p.message_id == message.message_id)
            .values(polled_at=now, n_polls=_p.n_polls + 1, next_at=next_at)
        )
