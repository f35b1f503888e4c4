"""Deciding: what a person may say to a request, by the command or by a form."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from winback.base.clock import WallClock
from winback.base.errors import UsageError, WinbackError
from winback.ledger import Approval, Decision, Ledger, read_approvals
from winback.ledger import decide as write_decision

LONGEST_NOTE = 500


def decide(
    ledger: Ledger,
    approval_id: str,
    decision: Decision,
    *,
    by: str,
    note: str = "",
    now: datetime | None = None,
) -> Approval:
    """Approve or refuse a request, and return it; the same decision again changes nothing.

    What was refused may be approved, and the other way round. Raises UsageError for a request that
    isn't there, WinbackError for a yes to one that has expired or speaks of less than waits now.
    """
    now = now or WallClock().now()
    with ledger.write() as connection:
        requests = read_approvals(connection)
        found = next((it for it in requests if it.approval_id == approval_id), None)
        if found is None:
            raise UsageError(f"there is no request {approval_id!r}. Next: winback approvals")
        if found.decision == decision:
            return found
        if decision == "yes":
            _refuse_stale(found, requests, now)
        told = " ".join(note.split())[:LONGEST_NOTE]
        at = _after_all(requests, now)
        write_decision(connection, approval_id, decision, by=by, note=told, at=at)
    return replace(found, decision=decision, decided_by=by, decided_at=at, note=told)


def _after_all(requests: list[Approval], now: datetime) -> datetime:
    """Now, or just after the last decision: a machine whose clock is slow decides no earlier."""
    decided = [it.decided_at for it in requests if it.decided_at is not None]
    return max([now, *(at + timedelta(microseconds=1) for at in decided)])


def _refuse_stale(found: Approval, requests: list[Approval], now: datetime) -> None:
    step = (found.playbook_id, found.step)
    newest = [it for it in requests if (it.playbook_id, it.step) == step][-1]
    if newest.approval_id != found.approval_id:
        raise WinbackError(
            f"step {found.step} of {found.playbook_id} has changed since {found.approval_id} was "
            f"asked. Next: winback approve {newest.approval_id}"
        )
    if found.decision is None and not found.is_open(now):
        raise WinbackError(
            f"request {found.approval_id} has expired: what waits may have changed. "
            "Next: winback approvals"
        )
