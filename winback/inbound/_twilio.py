"""Twilio's callbacks: message status and inbound texts, mapped to events."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Final, Literal
from urllib.parse import parse_qsl

from winback.inbound._event import Event, Kind, Reply, Unreadable, clean
from winback.inbound._segments import Record
from winback.project import project_seed

KINDS: Final[dict[str, Kind]] = {
    "accepted": "processed",
    "scheduled": "processed",
    "queued": "processed",
    "sending": "processed",
    "sent": "sent",
    "partially_delivered": "sent",
    "delivered": "delivered",
    "read": "opened",
    "undelivered": "undelivered",
    "failed": "failed",
    "canceled": "failed",
}
OPT_OUT_TYPES: Final[dict[str, Literal["stop", "start", "help"]]] = {
    "STOP": "stop",
    "START": "start",
    "HELP": "help",
}
MAX_TEXT: Final = 2000
NAME: Final = "twilio"


def status(record: Record) -> Event:
    """The event of a status callback; Twilio doesn't say when, so it is when it came in."""
    form, ours = _parameters(record.body.decode(errors="replace")), _parameters(record.query)
    sid, name = form.get("MessageSid", ""), form.get("MessageStatus", "").lower()
    if not sid or name not in KINDS:
        raise Unreadable("not a message status")
    error_code = form.get("ErrorCode") or None
    key = "tw:" + "|".join((sid, name, error_code or "", ours.get("m", "")))
    return Event(
        provider=NAME,
        kind=KINDS[name],
        dedupe_key=key,
        semantic_key=key,
        occurred_at=record.received_at,
        received_at=record.received_at,
        ref=record.ref,
        group="phone",
        message_id=ours.get("m") or None,
        attempt_id=ours.get("a") or None,
        provider_id=sid,
        address=phone(form.get("To", "")),
        error_code=error_code,
        detail={"status": name},
        suppress_reason=_suppress_reasons().get(error_code or "", ""),
    )


def fetched(record: Record) -> Event:
    """The event of what Twilio's own records say: as its callback, and at the time they name."""
    event = status(record)
    updated = _parameters(record.body.decode(errors="replace")).get("DateUpdated", "")
    try:
        at = datetime.fromisoformat(updated)
    except ValueError:
        return event
    return replace(event, occurred_at=min(at, record.received_at)) if at.tzinfo else event


def inbound(record: Record) -> Event:
    """The event of a text that somebody sent us."""
    form = _parameters(record.body.decode(errors="replace"))
    sid, sender = form.get("MessageSid", ""), phone(form.get("From", ""))
    if not sid or not sender:
        raise Unreadable("not an inbound message")
    text = form.get("Body", "")[:MAX_TEXT]
    return Event(
        provider=NAME,
        kind="replied",
        dedupe_key=f"twi:{sid}",
        semantic_key=f"twi:{sid}",
        occurred_at=record.received_at,
        received_at=record.received_at,
        ref=record.ref,
        group="phone",
        provider_id=sid,
        address=sender,
        detail={"text": text, "from": sender},
        reply=Reply(text, OPT_OUT_TYPES.get(form.get("OptOutType", "").upper(), "")),
    )


@cache
def _suppress_reasons() -> dict[str, str]:
    """What an error says about the address itself, by code."""
    errors = project_seed("delivery_errors")
    return {row["error_code"]: row["suppress_reason"] for row in errors if row["provider"] == NAME}


def phone(address: str) -> str:
    """The number without its channel: one stop covers texts, RCS and WhatsApp alike."""
    return address.rpartition(":")[2].strip()


def _parameters(encoded: str) -> dict[str, str]:
    return {name: clean(value) for name, value in parse_qsl(encoded, keep_blank_values=True)}
