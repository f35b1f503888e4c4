"""What people choose behind the link of a message: its records and its events.

One-click unsubscribe (RFC 8058) is the choice of silence at the address that got the message.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

from winback.ledger import Preference, PreferenceKind
from winback.providers._event import Event, Unreadable, digest
from winback.providers._record import Record

Choice = Literal["channel", "all", "fewer", "pause"]

# What each choice beyond the one channel is kept as.
_KEPT_AS: Final[dict[str, PreferenceKind]] = {"all": "stop", "fewer": "fewer", "pause": "pause"}


def unsubscribe_record(message_id: str, received_at: datetime) -> Record:
    """What a one-click POST, or the choice of this channel, leaves in the event log."""
    return _record("unsubscribe", received_at, {"message_id": message_id})


def preference_record(
    message_id: str, choice: Choice, received_at: datetime, *, until_at: datetime | None
) -> Record:
    """What any other choice leaves there; the end of a pause is settled when it is chosen."""
    until = until_at.isoformat() if until_at else None
    body = {"message_id": message_id, "choice": choice, "until_at": until}
    return _record("preference", received_at, body)


def undo_record(message_id: str, chosen_at: datetime, received_at: datetime) -> Record:
    """What taking a choice back leaves there."""
    body = {"message_id": message_id, "choice": "undo", "chosen_at": chosen_at.isoformat()}
    return _record("preference", received_at, body)


def unsubscribed(record: Record) -> Event:
    """The event of an unsubscribe. Each is one, so that a later one counts if one was lifted."""
    message_id = _body(record)["message_id"]
    return _event(record, message_id, "unsubscribe", kind="opted_out")


def preferred(record: Record) -> Event:
    """The event of any other choice, or of one that is taken back. Raises Unreadable."""
    body = _body(record)
    message_id, choice = body["message_id"], str(body.get("choice"))
    if choice == "undo":
        chosen_at = datetime.fromisoformat(body["chosen_at"])
        return _event(record, message_id, choice, kind="preferred", takes_back=chosen_at)
    if choice not in _KEPT_AS:
        raise Unreadable("a choice that nobody offered")
    until_at = datetime.fromisoformat(body["until_at"]) if body.get("until_at") else None
    wish = Preference(_KEPT_AS[choice], message_id, record.received_at, until_at)
    if choice == "all":
        return _event(record, message_id, choice, kind="opted_out", preference=wish)
    return _event(record, message_id, choice, kind="preferred", preference=wish)


def _event(record: Record, message_id: str, choice: str, **fields: Any) -> Event:
    return Event(
        provider="winback",
        dedupe_key=digest("wb:", message_id, choice, record.ref),
        semantic_key=digest("wb:", message_id, choice),
        occurred_at=record.received_at,
        received_at=record.received_at,
        ref=record.ref,
        group="email",
        message_id=message_id,
        detail={"choice": choice},
        **fields,
    )


def _record(endpoint: str, received_at: datetime, body: Mapping[str, str | None]) -> Record:
    return Record(
        provider="winback",
        endpoint=endpoint,
        received_at=received_at,
        query="",
        headers={},
        body=json.dumps(body).encode(),
    )


def _body(record: Record) -> dict[str, Any]:
    body = json.loads(record.body)
    if not isinstance(body, dict) or not body.get("message_id"):
        raise Unreadable("a choice without a message")
    return body
