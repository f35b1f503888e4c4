"""The unknown messages, for an operator to read: ids and facts, no contact data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from winback.ledger import Ledger, tables

_m, _a, _link = tables.messages.c, tables.attempts.c, tables.attempt_messages.c


@dataclass(frozen=True)
class Open:
    """One message of unknown outcome, or of none that anybody will ever know."""

    message_id: str
    customer_id: str
    playbook_id: str
    step: int
    channel: str
    state: str
    reason: str
    # When its last attempt began; None where the ledger has none.
    started_at: datetime | None


def open_messages(ledger: Ledger) -> list[Open]:
    """All of them, the newest attempt first."""
    started_at = func.max(_a.started_at, type_=tables.UtcDateTime).label("started_at")
    columns = (
        _m.message_id, _m.customer_id, _m.playbook_id, _m.step, _m.channel, _m.state,
        _m.state_reason,
    )  # fmt: skip
    query = (
        select(*columns, started_at)
        .outerjoin(tables.attempt_messages, _link.message_id == _m.message_id)
        .outerjoin(tables.attempts, _a.attempt_id == _link.attempt_id)
        .where(_m.state.in_(("unknown", "unknown_final")))
        .group_by(*columns)
        .order_by(_m.state, started_at.desc(), _m.message_id)
    )
    with ledger.read() as connection:
        rows = connection.execute(query).all()
    return [
        Open(
            row.message_id,
            row.customer_id,
            row.playbook_id,
            row.step,
            row.channel,
            row.state,
            row.state_reason or "",
            row.started_at,
        )
        for row in rows
    ]
