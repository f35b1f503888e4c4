"""What Twilio charged: a list of each day's messages and calls, once its prices are there.

A message has no price when it is taken; most have one within hours, a picture message within a day.
So a day is asked for when it has been over for a day, once: a call a thousand messages.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, select

from winback.base.clock import Clock
from winback.ledger import Ledger, among, insert_new, keep_note, read_note, tables
from winback.providers import Charged, Prices
from winback.reconcile._ask import Records
from winback.reconcile._report import ReconcileReport

# By channel whose driver reads a list, the channels that the list is of.
LISTS: Final = {"sms": ("sms", "mms", "rcs", "whatsapp"), "voice": ("voice",)}
FINAL_AFTER: Final = timedelta(days=2)
NOT_AFTER: Final = timedelta(days=8)
# Twilio tells a charge as a negative amount.
_AMOUNT: Final = re.compile(r"-?\d{1,6}(\.\d{1,8})?")
_UNIT: Final = re.compile(r"[A-Z]{3}")
_m = tables.messages.c


def learn_prices(ledger: Ledger, clock: Clock, records: Records, report: ReconcileReport) -> None:
    """Ask for the days that are due, and keep what their messages cost."""
    now = clock.now()
    last = (now - FINAL_AFTER).astimezone(UTC).date()
    for channel, channels in LISTS.items():
        with ledger.read() as connection:
            days = _due_days(connection, channel, channels, now=now, last=last)
        for day in days:
            since = _midnight(day)
            finding = records.ask(channel, Prices(since, since + timedelta(days=1)))
            if finding.kind != "priced":
                break
            with ledger.write() as connection:
                report.priced += _keep(connection, finding.charged, at=now)
                _note(connection, channel, day)


def _due_days(
    connection: Connection, channel: str, channels: tuple[str, ...], *, now: datetime, last: date
) -> list[date]:
    """The days with messages of ours that were not asked for, oldest first."""
    kept = read_note(connection, _key(channel))
    first = (now - NOT_AFTER).astimezone(UTC).date()
    if kept is not None:
        first = max(first, date.fromisoformat(kept) + timedelta(days=1))
    days = [first + timedelta(days=n) for n in range((last - first).days)]
    return [day for day in days if _has_messages(connection, channels, day)]


def _has_messages(connection: Connection, channels: tuple[str, ...], day: date) -> bool:
    since = _midnight(day)
    query = select(_m.message_id).where(
        _m.accepted_at >= since,
        _m.accepted_at < since + timedelta(days=1),
        _m.channel.in_(channels),
        _m.provider_id.is_not(None),
    )
    return connection.scalar(query.limit(1)) is not None


def _keep(connection: Connection, charged: tuple[Charged, ...], *, at: datetime) -> int:
    """Keep the prices of messages of ours; others of the account are nobody's here."""
    costs = {it.provider_id: it for it in charged if _is_price(it)}
    rows = connection.execute(
        select(_m.message_id, _m.provider_id).where(among(_m.provider_id, list(costs)))
    )
    return insert_new(
        connection,
        tables.prices,
        [
            {
                "message_id": row.message_id,
                "cost_cents": 100 * abs(Decimal(costs[row.provider_id].amount)),
                "currency": costs[row.provider_id].currency.upper(),
                "told_at": at,
            }
            for row in rows
        ],
    )


def _is_price(charged: Charged) -> bool:
    return bool(_AMOUNT.fullmatch(charged.amount) and _UNIT.fullmatch(charged.currency.upper()))


def _note(connection: Connection, channel: str, day: date) -> None:
    keep_note(connection, _key(channel), day.isoformat())


def _key(channel: str) -> str:
    return f"prices_asked:{channel}"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
