"""Evidence: what shows whether a message left the house, and what a proof does to its state.

Whatever is believed of a message, the provider's own word that it took it is stronger: the
message is accepted, so that nothing sends it again. Two attempts that were both taken are a
duplicate, kept for everybody to see.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import Connection, select, union

from winback.ledger import _tables as t
from winback.ledger._among import among
from winback.ledger._insert import insert_new
from winback.ledger._messages import note_reason, transition
from winback.ledger._states import TRANSITIONS, State

EvidenceKind = Literal[
    # Proofs that the provider has it: a signed callback, a late response to our own call, its
    # list, its log, another message of the same request, the word of an operator who looked.
    "callback", "response", "listed", "logged", "request", "settled",
    # Its list or log was read to the end and does not have it, or has what may or may not be it.
    "not_listed", "not_logged", "unclear",
    # The provider holds a cancellation of the attempt's batch; the cancellation was ended.
    "withdrawn", "withdrawal_ended",
    # No evidence came within the time in which it could have.
    "silence",
    # An operator lets it go again.
    "released",
    # A second attempt was taken as well.
    "duplicate",
]  # fmt: skip
PROOFS: Final[tuple[EvidenceKind, ...]] = (
    "callback", "response", "listed", "logged", "request", "settled",
)  # fmt: skip
# Why a message that went out twice is accepted; every report counts these.
TWICE: Final = "accepted_twice"
_PROVABLE: Final[tuple[State, ...]] = tuple(
    state for state, targets in TRANSITIONS.items() if "accepted" in targets
)

_e = t.evidence.c


@dataclass(frozen=True)
class Proof:
    """That a provider took a message."""

    kind: EvidenceKind
    message_id: str
    # Null if the callback names no attempt.
    attempt_id: str | None
    accepted_at: datetime
    seen_at: datetime
    # The ids and times that it names; null keeps those of the ledger.
    provider: str | None = None
    provider_id: str | None = None
    # Where to read it again: a part of the event log and its line, an id of the provider's.
    source: str = ""


def keep_evidence(
    connection: Connection,
    kind: EvidenceKind,
    *,
    seen_at: datetime,
    message_id: str | None = None,
    attempt_id: str | None = None,
    payload: str = "",
    what: str = "",
) -> bool:
    """Keep one piece of evidence; False where the same was kept before.

    Two pieces are the same if all but the payload is, so a thing seen again later is another
    one. `what` sets pieces of one instant apart. Payloads hold no contact data.
    """
    parts = (kind, message_id, attempt_id, what or seen_at.isoformat())
    key = hashlib.sha256("|".join(str(part) for part in parts).encode()).hexdigest()[:32]
    row = {
        "evidence_id": key,
        "attempt_id": attempt_id,
        "message_id": message_id,
        "kind": kind,
        "seen_at": seen_at,
        "payload": payload,
    }
    return insert_new(connection, t.evidence, [row]) == 1


def prove_accepted(
    connection: Connection, proof: Proof, *, at: datetime
) -> Literal["news", "known", "twice"]:
    """Act on a proof, in whatever state the message is. Safe to repeat.

    `news`: the message is accepted by it. `known`: it was already. `twice`: another attempt
    was accepted before, so the message went out twice.
    """
    row: dict[str, object] = {
        "message_id": proof.message_id,
        "state_reason": f"proven_by_{proof.kind}",
        "accepted_at": proof.accepted_at,
        "matched_by": proof.kind,
        "claim_token": None,
        "lease_until": None,
        "next_at": None,
    }
    if proof.provider is not None:
        row["provider"] = proof.provider
    if proof.provider_id is not None:
        row["provider_id"] = proof.provider_id
    if transition(connection, [row], "accepted", from_states=_PROVABLE, at=at):
        keep_evidence(
            connection,
            proof.kind,
            seen_at=proof.seen_at,
            message_id=proof.message_id,
            attempt_id=proof.attempt_id,
            payload=proof.source,
        )
        return "news"
    if not _is_of_another_attempt(connection, proof):
        return "known"
    keep_duplicate(
        connection,
        message_id=proof.message_id,
        attempt_id=proof.attempt_id,
        provider_id=proof.provider_id,
        at=at,
    )
    return "twice"


def keep_duplicate(
    connection: Connection,
    *,
    message_id: str,
    attempt_id: str | None,
    provider_id: str | None,
    at: datetime,
) -> None:
    """Keep that a message went out twice, and let it show wherever the message does."""
    is_new = keep_evidence(
        connection,
        "duplicate",
        seen_at=at,
        message_id=message_id,
        attempt_id=attempt_id,
        payload=provider_id or "",
        # One alarm a second attempt, or a second id of the provider's where no attempt is named.
        what=attempt_id or provider_id or "unnamed",
    )
    if is_new:
        note_reason(connection, message_id, TWICE, in_states=("accepted",), at=at)


def accepted_attempts(connection: Connection, message_id: str) -> set[str]:
    """The attempts of a message that its provider took, as far as is known."""
    a, link = t.attempts.c, t.attempt_messages.c
    answered = (
        select(a.attempt_id)
        .join(t.attempt_messages, link.attempt_id == a.attempt_id)
        .where(link.message_id == message_id, a.outcome == "accepted")
    )
    proven = select(_e.attempt_id).where(
        _e.message_id == message_id, _e.kind.in_(PROOFS), _e.attempt_id.is_not(None)
    )
    return {str(key) for key in connection.scalars(union(answered, proven))}


def is_withdrawn(connection: Connection, attempt_id: str | None) -> bool:
    """Whether the provider confirmed that it will discard what an attempt handed over."""
    found = select(_e.evidence_id).where(_e.attempt_id == attempt_id, _e.kind == "withdrawn")
    return connection.scalar(found.limit(1)) is not None


def bound_elsewhere(
    connection: Connection, provider_ids: Iterable[str], *, message_id: str
) -> set[str]:
    """Which of the provider's ids belong to another message of ours."""
    m = t.messages.c
    others = select(m.provider_id).where(
        among(m.provider_id, provider_ids), m.message_id != message_id
    )
    return {str(key) for key in connection.scalars(others)}


def sent_twice(connection: Connection) -> Sequence[str]:
    """The messages that went out twice, in order."""
    found = select(_e.message_id).where(_e.kind == "duplicate").distinct()
    return [str(key) for key in connection.scalars(found.order_by(_e.message_id))]


def _is_of_another_attempt(connection: Connection, proof: Proof) -> bool:
    if proof.attempt_id is not None:
        known = accepted_attempts(connection, proof.message_id)
        return bool(known) and proof.attempt_id not in known
    m = t.messages.c
    bound = connection.scalar(select(m.provider_id).where(m.message_id == proof.message_id))
    if not bound or not proof.provider_id:
        return False
    # SendGrid's ids of one request's messages all begin with the request's.
    return not proof.provider_id.startswith(str(bound))
