"""What an operator knows: letting a message go again, or settling that it arrived.

For messages that no evidence settles. Both ask for a reason, which is kept as evidence.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from winback.base.clock import Clock
from winback.base.errors import UsageError, WinbackError
from winback.ledger import (
    Ledger,
    LedgerFenced,
    Proof,
    State,
    keep_evidence,
    prove_accepted,
    tables,
)
from winback.reconcile._settle import let_go
from winback.reconcile._unresolved import FIRST_TO_LAST

_OPEN: tuple[State, ...] = ("unknown", "unknown_final")
_m, _a, _link = tables.messages.c, tables.attempts.c, tables.attempt_messages.c


def release(ledger: Ledger, clock: Clock, message_id: str, *, because: str) -> State:
    """Let a message go again that did not leave; its new state, planned or expired.

    The operator takes the responsibility: if it did leave, the person gets it twice.
    """
    now = clock.now()
    with _require_reason(ledger, because).write() as connection:
        message, attempt_id, _ = _unknown(connection, message_id)
        to = let_go(connection, message, reason="let_go:by_hand", at=now, from_states=_OPEN)
        keep_evidence(
            connection,
            "released",
            seen_at=now,
            message_id=message_id,
            attempt_id=attempt_id,
            payload=because,
        )
    return to or message.state


def settle_as_sent(ledger: Ledger, clock: Clock, message_id: str, *, because: str) -> State:
    """Take a message as accepted that did leave."""
    now = clock.now()
    with _require_reason(ledger, because).write() as connection:
        message, attempt_id, started_at = _unknown(connection, message_id)
        proof = Proof(
            "settled",
            message_id,
            attempt_id,
            accepted_at=started_at or message.updated_at,
            seen_at=now,
            source=because,
        )
        prove_accepted(connection, proof, at=now)
    return "accepted"


def _require_reason(ledger: Ledger, because: str) -> Ledger:
    if ledger.fenced:
        raise LedgerFenced(ledger.fenced)
    if not because.strip():
        raise UsageError('say why: --because "what you saw, and where"')
    return ledger


def _unknown(
    connection: Connection, message_id: str
) -> tuple[Row[Any], str | None, datetime | None]:
    """The message, and its last attempt with its beginning."""
    message = connection.execute(select(tables.messages).where(_m.message_id == message_id)).first()
    if message is None:
        raise UsageError(f"there is no message {message_id!r}. Next: winback reconcile list")
    if message.state not in _OPEN:
        raise WinbackError(
            f"message {message_id} is {message.state}: only what is unknown is settled by hand. "
            "Next: winback reconcile list"
        )
    attempts = connection.execute(
        select(_a.attempt_id, _a.started_at)
        .join(tables.attempt_messages, _link.attempt_id == _a.attempt_id)
        .where(_link.message_id == message_id)
        .order_by(*FIRST_TO_LAST)
    ).all()
    return (message, *attempts[-1]) if attempts else (message, None, None)
