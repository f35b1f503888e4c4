"""What was spent on messages, as the ledger counts it: each that left or may have left, at the
price that it was planned for."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, Numeric, bindparam, func, select

from winback.ledger import _tables as t
from winback.ledger._notes import keep_note, read_note

_KEY: Final = "planning_began_at"
_m = t.messages.c
_cost = func.coalesce(func.sum(_m.cost_cents, type_=Numeric(asdecimal=False)), 0.0)
_since = bindparam("since", type_=t.UtcDateTime)
# Built once: the last look asks it before every call. What was accepted stays so.
_SPENT = select(
    select(_cost).where(_m.accepted_at >= _since).scalar_subquery(),
    # An in-doubt message is paid for by the day on which it was tried last, or a later one.
    select(_cost)
    .where(_m.state.in_(("sending", "unknown", "unknown_final")), _m.updated_at >= _since)
    .scalar_subquery(),
)


def spent_since(connection: Connection, since: datetime) -> Decimal:
    """Cents, four places, of the messages that left or may have left from `since` on."""
    settled, in_doubt = connection.execute(_SPENT, {"since": since}).one()
    return Decimal(str(float(settled) + float(in_doubt))).quantize(Decimal("0.0001"))


def note_planning(connection: Connection, *, at: datetime) -> None:
    """A plan begins: what is sent from now on is of its run."""
    keep_note(connection, _KEY, at.isoformat())


def planning_began_at(connection: Connection) -> datetime | None:
    """When the last plan began, by the clock of its run; None before the first."""
    kept = read_note(connection, _KEY)
    return None if kept is None else datetime.fromisoformat(kept)
