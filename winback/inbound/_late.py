"""Choices on our own pages by messages that a restored ledger did not know when it read them.

They name a message and no address. Once the message is known after all, by a plan that makes it
anew, the choice counts for it. Where a provider's records show the message, the choice has
silenced its address already (_match).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import Connection, select

from winback.base.clock import Clock
from winback.base.settings import Settings
from winback.inbound._apply import CollectReport, apply_late
from winback.inbound._log import read_log_part
from winback.ledger import Ledger, read_adopted, read_restored, tables
from winback.providers import Event, Unreadable, preferred, unsubscribed

# Whoever enters a playbook anew does so within days of the adoption, or not by the same message.
_DAYS: Final = timedelta(days=30)
_CHOICES: Final = {"unsubscribe": unsubscribed, "preference": preferred}
_e = tables.provider_events.c


def take_late(ledger: Ledger, settings: Settings, clock: Clock) -> CollectReport:
    """Apply the choices whose message is known by now. Costs one look in any other ledger."""
    report = CollectReport()
    with ledger.read() as connection:
        if not _was_restored(connection, clock):
            return report
        query = select(_e.raw_ref).where(
            _e.kind.in_(("opted_out", "preferred")),
            _e.provider == "winback",
            _e.message_id.is_(None),
        )
        refs = list(connection.scalars(query.order_by(_e.occurred_at)))
    events = [event for ref in refs if (event := _read(settings, ref)) is not None]
    if events:
        with ledger.write() as connection:
            apply_late(connection, events, clock, report)
    return report


def _was_restored(connection: Connection, clock: Clock) -> bool:
    if read_restored(connection) is not None:
        return True
    adopted = read_adopted(connection)
    return adopted is not None and clock.now() - adopted.adopted_at < _DAYS


def _read(settings: Settings, ref: str) -> Event | None:
    """The choice at a place in the log; None where it was erased since."""
    name = ref.rpartition(":")[0]
    path = settings.events_dir / name
    records = read_log_part(path) if path.exists() else iter(())
    record = next((it for it in records if it.ref == ref), None)
    parse = _CHOICES.get(record.endpoint) if record is not None else None
    if record is None or parse is None:
        return None
    try:
        return parse(record)
    except (Unreadable, ValueError, LookupError):
        return None
