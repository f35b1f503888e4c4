"""What an event changes in the ledger beside its own row."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from winback.inbound._classify import Intent, classify, is_positive, lapse_reason
from winback.inbound._event import Event
from winback.inbound._match import Match
from winback.ledger import LIFTED_BY_START, is_suppressed, keep_reply, tables, transition
from winback.project import project_vars

# The content tag of the steps that ask why somebody stayed away.
FEEDBACK: Final = "feedback"


def understand(connection: Connection, event: Event, match: Match) -> tuple[Event, bool]:
    """A reply with its intent, and whether it asks to be written to again."""
    reply = event.reply
    if reply is None:
        return event, False
    intent: Intent = reply.provider_intent or classify(
        reply.text,
        is_opted_out=event.group == "phone"
        and is_suppressed(
            connection, group="phone", address=event.address, reasons=LIFTED_BY_START
        ),
    )
    if intent == "other" and match.content_tag == FEEDBACK:
        intent = "feedback"  # asked why, they said something: that is the answer
    event = replace(event, intent=intent)
    if intent == "stop":
        return replace(event, kind="opted_out", suppress_reason="stop"), False
    if intent == "hold":
        return replace(event, suppress_reason="hold"), False
    if intent == "feedback":
        return replace(event, lapse_reason=lapse_reason(reply.text) or "other"), False
    if intent == "other" and is_positive(reply.text):
        return replace(event, intent="positive"), False
    return event, intent == "start" and event.group == "phone"


def remember(connection: Connection, event: Event, match: Match) -> bool:
    """Keep a reply in its person's conversation; whether a human is newly owed to somebody."""
    if event.reply is None or not event.address or event.intent is None:
        return False
    return keep_reply(
        connection,
        reply_id=event.dedupe_key,
        group=match.group or event.group,
        address=event.address,
        customer_id=match.customer_id,
        message_id=match.message_id,
        text=event.reply.text,
        intent=event.intent,
        received_at=event.received_at,
        gap=timedelta(days=project_vars()["conversation_gap_days"]),
    )


def bind(connection: Connection, event: Event, match: Match, *, at: datetime) -> int:
    """A signed callback that names our message proves that the provider has it."""
    if match.by != "message_id" or event.provider == "winback":
        return 0
    row = {
        "message_id": match.message_id,
        "accepted_at": event.occurred_at,
        "provider": event.provider,
        "provider_id": event.provider_id,
        "matched_by": "callback",
        "claim_token": None,
        "lease_until": None,
    }
    moved = transition(connection, [row], "accepted", from_states=("sending", "unknown"), at=at)
    if moved:
        connection.execute(
            tables.evidence.insert(),
            {
                "evidence_id": event.dedupe_key,
                "attempt_id": event.attempt_id,
                "message_id": match.message_id,
                "kind": "callback",
                "seen_at": event.received_at,
                "payload": event.ref,
            },
        )
    return moved
