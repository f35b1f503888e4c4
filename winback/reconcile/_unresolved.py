"""The messages of which nobody knows whether they left, and what has been found out so far."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, case, func, or_, select

from winback.content import payloads
from winback.ledger import PROOFS, among, is_hidden, tables
from winback.providers import Outgoing, Search

_m, _a, _link = tables.messages.c, tables.attempts.c, tables.attempt_messages.c
_e = tables.evidence.c


@dataclass(frozen=True)
class Unresolved:
    """One message of unknown outcome, its last attempt, and the evidence so far."""

    message: Row[Any]
    # Empty where the ledger has no attempt.
    attempt_id: str
    started_at: datetime
    batch_id: str | None = None
    send_at: datetime | None = None
    # When its absence from the provider's records was first and last seen.
    first_absent_at: datetime | None = None
    last_absent_at: datetime | None = None
    # The provider took another message of the same request, or confirmed to discard them all.
    is_request_proven: bool = False
    is_withdrawn: bool = False

    @property
    def channel(self) -> str:
        return str(self.message.channel)

    @property
    def is_batch(self) -> bool:
        """Its request is one for many people, taken or refused as a whole."""
        return self.channel == "email"


def search_for(message: Row[Any], *, since: datetime, attempt_id: str = "") -> Search | None:
    """The question about a message; None where nothing is left to ask by."""
    if is_hidden(message.address):
        return None
    payload = payloads.from_json(message.channel, message.payload_json)
    outgoing = Outgoing(message.message_id, message.address, payload, leaves_by=message.expires_at)
    return Search(outgoing, since, attempt_id)


def unresolved_messages(connection: Connection) -> list[Unresolved]:
    """All of them, attempt by attempt: first what may still be withdrawn, then by age."""
    messages = connection.execute(
        select(tables.messages).where(_m.state == "unknown").order_by(_m.message_id)
    ).all()
    attempts = _last_attempts(connection, [row.message_id for row in messages])
    found = _Evidence(connection, {row.attempt_id for row in attempts.values()})
    found_so_far = [_unresolved(row, attempts.get(row.message_id), found) for row in messages]
    # Attempts of one moment must not mix: a replay's clock stands still.
    return sorted(
        found_so_far,
        key=lambda it: (
            it.batch_id is None,
            it.started_at,
            it.attempt_id,
            it.message.message_id,
        ),
    )


def _unresolved(message: Row[Any], attempt: Row[Any] | None, found: _Evidence) -> Unresolved:
    if attempt is None:
        return Unresolved(message, "", message.updated_at)
    absences = found.absences[message.message_id, attempt.attempt_id]
    return Unresolved(
        message,
        attempt.attempt_id,
        attempt.started_at,
        attempt.sg_batch_id,
        attempt.sg_send_at,
        min(absences, default=None),
        max(absences, default=None),
        is_request_proven=attempt.attempt_id in found.proven,
        is_withdrawn=attempt.attempt_id in found.withdrawn,
    )


class _Evidence:
    """What the ledger keeps about these attempts."""

    def __init__(self, connection: Connection, attempt_ids: set[str]) -> None:
        self.absences: dict[tuple[str, str], list[datetime]] = defaultdict(list)
        self.proven: set[str] = set()
        self.withdrawn: set[str] = set()
        kept = select(tables.evidence).where(among(_e.attempt_id, attempt_ids))
        for row in connection.execute(kept):
            if row.kind in {"not_listed", "not_logged"}:
                self.absences[row.message_id, row.attempt_id].append(row.seen_at)
            elif row.kind in PROOFS:
                self.proven.add(row.attempt_id)
            elif row.kind == "withdrawn":
                self.withdrawn.add(row.attempt_id)


# The attempt of unknown outcome comes last: it is what a message waits for. Time alone doesn't
# tell: a replay's clock stands still, and the clocks of two workers differ.
FIRST_TO_LAST: Final = (
    case((or_(_a.outcome.is_(None), _a.outcome == "unknown"), 1), else_=0),
    func.coalesce(_link.attempt_no, 0),
    _a.started_at,
    _a.attempt_id,
)


def _last_attempts(connection: Connection, message_ids: Sequence[str]) -> dict[str, Row[Any]]:
    rows = connection.execute(
        select(_link.message_id, tables.attempts)
        .join(tables.attempts, _a.attempt_id == _link.attempt_id)
        .where(among(_link.message_id, message_ids))
        .order_by(*FIRST_TO_LAST)
    )
    return {row.message_id: row for row in rows}
