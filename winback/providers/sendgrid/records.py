"""SendGrid's records as evidence: what it has cancelled, and its Email Logs."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any, Final

from winback.providers._bounds import name_of
from winback.providers._look_up import (
    LOOK_UP_SECONDS,
    EndWithdrawal,
    Finding,
    Listed,
    Search,
    Withdraw,
)
from winback.providers._seam import Outcome
from winback.providers.sendgrid.client import SendGrid

# Reading one takes a call of its own; nobody gets so many mails within a message's life.
MOST_DETAILS: Final = 20
# What SendGrid logs of mail that it threw away because its batch was cancelled.
_DISCARDED: Final = "cancel_drop"


def withdraw(sendgrid: SendGrid, question: Withdraw) -> Finding:
    """Cancel a batch, then read what SendGrid has of it: only that is a confirmation."""
    if question.may_ask:
        sendgrid.cancel_batch(question.batch_id)
    outcome, status = sendgrid.batch_status(question.batch_id)
    if outcome.kind != "accepted":
        return _unreadable(outcome)
    return Finding("withdrawn" if status == "cancel" else "not_withdrawn")


def end_withdrawal(sendgrid: SendGrid, question: EndWithdrawal) -> Finding:
    """Delete a cancellation; one that is not there any more is ended too."""
    outcome = sendgrid.forget_cancellation(question.batch_id)
    is_gone = outcome.kind == "accepted" or outcome.status == 404
    return Finding("ended") if is_gone else _unreadable(outcome)


def search_logs(sendgrid: SendGrid, question: Search) -> Finding:
    """Find a message in the Email Logs, which know no filter by our ids.

    SendGrid doesn't say how long a message takes to show there, so absence is weak.
    """
    address = question.message.address
    if '"' in address or "\\" in address:
        return Finding("unreadable", reason="an address that can't be asked for")
    since = question.since.astimezone(UTC)
    query = (
        f'to_email = "{address}" AND '
        f'sg_message_id_created_at >= TIMESTAMP "{since:%Y-%m-%dT%H:%M:%SZ}"'
    )
    body = {"query": query, "limit": MOST_DETAILS + 1}
    outcome, response = sendgrid.ask(
        lambda: sendgrid.client.logs.post(request_body=body), taken=200
    )
    rows = response.json().get("messages")
    if outcome.kind != "accepted" or not isinstance(rows, list):
        return _unreadable(outcome)
    if len(rows) > MOST_DETAILS:
        return Finding("unreadable", reason="too long")
    found: list[Listed] = []
    until = time.monotonic() + LOOK_UP_SECONDS
    for row in rows:
        if time.monotonic() > until:
            return Finding("unreadable", reason="took too long", stops_asking=True)
        listed = _listed(sendgrid, row, question)
        if isinstance(listed, Finding):
            return listed
        if listed is not None:
            found.append(listed)
    found.sort(key=lambda it: (it.created_at, it.provider_id))
    return Finding("found", tuple(found)) if found else Finding("absent")


def _listed(sendgrid: SendGrid, row: Any, question: Search) -> Listed | Finding | None:
    """A row of the log as the message, None if it is another, or why that can't be told."""
    sg_message_id = name_of(row.get("sg_message_id")) if isinstance(row, dict) else None
    if not sg_message_id:
        return Finding("unreadable", reason="unreadable")
    outcome, response = sendgrid.ask(sendgrid.client.logs._(sg_message_id).get, taken=200)
    if outcome.kind != "accepted":
        return _unreadable(outcome)
    ours, events = response.json().get("custom_args"), response.json().get("events")
    if not isinstance(events or [], list):
        return Finding("unreadable", reason="unreadable")
    names = [e.get("event") for e in events or [] if isinstance(e, dict)]
    if not isinstance(ours, dict) or ours.get("wb_message") != question.message.message_id:
        return None
    if _DISCARDED in names:
        return None
    try:
        created = datetime.fromisoformat(str(row.get("sg_message_id_created_at")))
        created = created.astimezone(UTC) if created.tzinfo else created.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        created = question.since
    return Listed(sg_message_id, created, attempt_id=name_of(ours.get("wb_attempt")) or "")


def _unreadable(outcome: Outcome) -> Finding:
    reason = f"http_{outcome.status}" if outcome.status else outcome.reason
    return Finding("unreadable", reason=reason, stops_asking=True)
