"""One-click unsubscribe: the link's token names a message, and a POST ends writing to it."""

from __future__ import annotations

import json
from datetime import datetime

from winback.inbound._event import Event, Unreadable, digest
from winback.inbound._segments import Record


def unsubscribe_record(message_id: str, received_at: datetime) -> Record:
    """What a POST to the unsubscribe link leaves in the raw segments."""
    return Record(
        provider="winback",
        endpoint="unsubscribe",
        received_at=received_at,
        query="",
        headers={},
        body=json.dumps({"message_id": message_id}).encode(),
    )


def unsubscribed(record: Record) -> Event:
    """Its event. Each click is one, so that a later one counts even if the first was lifted."""
    message_id = json.loads(record.body).get("message_id")
    if not message_id:
        raise Unreadable("an unsubscribe without a message")
    return Event(
        provider="winback",
        kind="opted_out",
        dedupe_key=digest("wb:", message_id, "unsubscribe", record.ref),
        semantic_key=digest("wb:", message_id, "unsubscribe"),
        occurred_at=record.received_at,
        received_at=record.received_at,
        ref=record.ref,
        group="email",
        message_id=message_id,
        suppress_reason="unsubscribe",
    )
