"""Cards that came back: a print shop reports by a file, which a person hands to us."""

from __future__ import annotations

import json
from datetime import datetime

from winback.providers._event import Event, Unreadable, digest
from winback.providers._record import Record


def returned_record(message_id: str, at: datetime) -> Record:
    """What a card that came back leaves in the event log."""
    body = json.dumps({"message_id": message_id}).encode()
    return Record("print", "returned", at, "", {}, body)


def returned(record: Record) -> Event:
    """Its event, the same however often the file is read. Raises Unreadable."""
    body = json.loads(record.body)
    if not isinstance(body, dict) or not body.get("message_id"):
        raise Unreadable("a card that came back without a message")
    key = digest("print:", body["message_id"], "returned")
    return Event(
        provider="print",
        kind="bounced",
        dedupe_key=key,
        semantic_key=key,
        occurred_at=record.received_at,
        received_at=record.received_at,
        ref=record.ref,
        group="post",
        message_id=str(body["message_id"]),
    )
