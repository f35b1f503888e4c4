"""The sweep: messages that dead runs left behind, and messages that waited too long."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select, update

from winback.base.clock import Clock
from winback.ledger import WAITING, Ledger, State, tables, transition
from winback.sending._owner import dead_among, forget_the_dead

_m = tables.messages.c


@dataclass(frozen=True)
class SweepReport:
    """What a sweep found."""

    released: int = 0
    expired: int = 0
    # The run died between the record of the intent and the record of the response: the message may
    # have been sent.
    unknown_ids: list[str] = field(default_factory=list)


def sweep(ledger: Ledger, clock: Clock) -> SweepReport:
    """Free dead claims, call interrupted sends unknown, expire what is past its range.

    A message that was `sending` never goes back to planned: it may have left the house.
    """
    now = clock.now()
    with ledger.write() as connection:
        claimed = _abandoned(connection, "claimed", now)
        free = [{"message_id": key, "claim_token": None, "lease_until": None} for key in claimed]
        released = transition(connection, free, "planned", from_states=("claimed",), at=now)
        unknown = _abandoned(connection, "sending", now)
        _interrupt(connection, unknown, now)
        overdue = connection.scalars(
            select(_m.message_id).where(_m.state.in_(WAITING), _m.expires_at <= now)
        )
        late = [{"message_id": key, "state_reason": "range"} for key in overdue]
        expired = transition(connection, late, "expired", from_states=WAITING, at=now)
        forget_the_dead(connection)
    return SweepReport(released, expired, unknown)


def release(ledger: Ledger, clock: Clock, token: str) -> None:
    """Give back messages that a run has claimed and not begun to send."""
    with ledger.write_own() as connection:
        keys = connection.scalars(
            select(_m.message_id).where(_m.state == "claimed", _m.claim_token == token)
        )
        free = [{"message_id": key, "claim_token": None, "lease_until": None} for key in keys]
        transition(connection, free, "planned", from_states=("claimed",), at=clock.now())


def _abandoned(connection: Connection, state: State, now: datetime) -> list[str]:
    held = connection.execute(
        select(_m.message_id, _m.claim_token, _m.lease_until).where(_m.state == state)
    ).all()
    dead = dead_among(connection, {row.claim_token for row in held})
    return [
        row.message_id
        for row in held
        if row.claim_token in dead or (row.lease_until is not None and row.lease_until <= now)
    ]


def _interrupt(connection: Connection, message_ids: list[str], now: datetime) -> None:
    rows = [{"message_id": key, "state_reason": "interrupted"} for key in message_ids]
    transition(connection, rows, "unknown", from_states=("sending",), at=now)
    links, attempts = tables.attempt_messages.c, tables.attempts
    for message_id in message_ids:
        mine = select(links.attempt_id).where(links.message_id == message_id)
        connection.execute(
            update(attempts)
            .where(attempts.c.attempt_id.in_(mine), attempts.c.outcome.is_(None))
            .values(outcome="unknown", error_text="interrupted", finished_at=now)
        )
