"""Writing down what was found out: each message in its own transaction, its evidence with it.

A message that moved on meanwhile, as by a callback, stays as it is.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from winback.ledger import (
    CAMPAIGN,
    EvidenceKind,
    Ledger,
    Proof,
    State,
    bound_elsewhere,
    keep_duplicate,
    keep_evidence,
    prove_accepted,
    transition,
)
from winback.providers import Listed
from winback.reconcile._decide import may_let_go
from winback.reconcile._report import ReconcileReport
from winback.reconcile._unresolved import Unresolved

_OPEN: tuple[State, ...] = ("unknown",)


class Book:
    """The ledger as it is written by one run of reconciling."""

    def __init__(self, ledger: Ledger, report: ReconcileReport, now: datetime) -> None:
        self._ledger, self._report, self._now = ledger, report, now

    def settle_listed(
        self, unresolved: Unresolved, listed: tuple[Listed, ...], kind: EvidenceKind
    ) -> bool:
        """Act on what a provider's records show; False where none of it is this message.

        One that surely is: accepted. Several: it went out more than once. One that may be:
        nobody will ever know.
        """
        with self._ledger.write() as connection:
            ids = [it.provider_id for it in listed]
            others = bound_elsewhere(connection, ids, message_id=unresolved.message.message_id)
            own = [it for it in listed if it.provider_id not in others]
            same = [it for it in own if it.is_same]
            if same:
                self._accept(connection, unresolved, same, kind)
            elif own:
                self._keep(
                    connection, unresolved, "unclear", ",".join(it.provider_id for it in own)
                )
                self._give_up(connection, unresolved, "unclear")
        return bool(own)

    def accept_with_request(self, unresolved: Unresolved) -> None:
        """Another message of its request was taken."""
        with self._ledger.write() as connection:
            self._prove(connection, unresolved, "request", unresolved.started_at)

    def keep_absence(self, unresolved: Unresolved, kind: EvidenceKind) -> None:
        """Keep that its provider's records don't have it; let a text go that they twice missed."""
        with self._ledger.write() as connection:
            self._keep(connection, unresolved, kind)
            if kind == "not_listed" and may_let_go(unresolved, now=self._now):
                self._let_go(connection, unresolved, kind)

    def let_go_withdrawn(self, group: list[Unresolved]) -> None:
        """Keep that a batch will be discarded, and let its messages go in the same breath."""
        with self._ledger.write() as connection:
            attempt_id = group[0].attempt_id
            keep_evidence(
                connection,
                "withdrawn",
                seen_at=self._now,
                attempt_id=attempt_id,
                payload=group[0].batch_id or "",
                what="once",
            )
            for unresolved in group:
                self._let_go(connection, unresolved, "withdrawn")

    def keep_end_of_withdrawal(self, attempt_id: str) -> None:
        with self._ledger.write() as connection:
            keep_evidence(
                connection,
                "withdrawal_ended",
                seen_at=self._now,
                attempt_id=attempt_id,
                what="once",
            )

    def give_up(self, unresolved: Unresolved, reason: str) -> None:
        """Take it as sent, for good."""
        with self._ledger.write() as connection:
            self._keep(connection, unresolved, "silence", reason)
            self._give_up(connection, unresolved, reason)

    def _accept(
        self, connection: Connection, unresolved: Unresolved, same: list[Listed], kind: EvidenceKind
    ) -> None:
        first, *more = same
        # Neither before it was tried nor after now, whatever the provider's clock says.
        accepted_at = min(max(first.created_at, unresolved.started_at), self._now)
        self._prove(connection, unresolved, kind, accepted_at, first)
        for again in more:
            self._report.sent_twice.append(unresolved.message.message_id)
            keep_duplicate(
                connection,
                message_id=unresolved.message.message_id,
                # One attempt that was taken twice: the second id tells the two apart.
                attempt_id=None,
                provider_id=again.provider_id,
                at=self._now,
            )

    def _prove(
        self,
        connection: Connection,
        unresolved: Unresolved,
        kind: EvidenceKind,
        accepted_at: datetime,
        listed: Listed | None = None,
    ) -> None:
        proof = Proof(
            kind,
            unresolved.message.message_id,
            (listed.attempt_id if listed else "") or unresolved.attempt_id or None,
            accepted_at=accepted_at,
            seen_at=self._now,
            provider_id=listed.provider_id if listed else None,
            source=listed.provider_id if listed else "",
        )
        self._report.accepted += prove_accepted(connection, proof, at=self._now) == "news"

    def _let_go(self, connection: Connection, unresolved: Unresolved, reason: str) -> None:
        moved = let_go(connection, unresolved.message, reason=f"let_go:{reason}", at=self._now)
        self._report.planned_again += moved == "planned"
        self._report.expired += moved == "expired"

    def _give_up(self, connection: Connection, unresolved: Unresolved, reason: str) -> None:
        row = {
            "message_id": unresolved.message.message_id,
            "state_reason": f"unknown:{reason}",
            "claim_token": None,
            "lease_until": None,
        }
        self._report.unknown_final += transition(
            connection, [row], "unknown_final", from_states=_OPEN, at=self._now
        )

    def _keep(
        self, connection: Connection, unresolved: Unresolved, kind: EvidenceKind, payload: str = ""
    ) -> None:
        keep_evidence(
            connection,
            kind,
            seen_at=self._now,
            message_id=unresolved.message.message_id,
            attempt_id=unresolved.attempt_id or None,
            payload=payload,
        )


def let_go(
    connection: Connection,
    message: Row[Any],
    *,
    reason: str,
    at: datetime,
    from_states: tuple[State, ...] = _OPEN,
) -> State | None:
    """Plan a message again that provably did not leave; the state it went to, or None.

    Its next attempt counts as another. It has no window until a plan gives it one, by a new look
    in SQL; a reply, of which no plan knows, keeps its own. Past its range it expires.
    """
    row: dict[str, Any] = {
        "message_id": message.message_id,
        "state_reason": reason,
        "claim_token": None,
        "lease_until": None,
        "next_at": None,
    }
    to: State = "expired" if message.expires_at <= at else "planned"
    if to == "planned" and message.purpose == CAMPAIGN:
        row["not_before"] = None
    return to if transition(connection, [row], to, from_states=from_states, at=at) else None
