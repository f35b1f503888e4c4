"""Twilio's callbacks: status of messages and calls, texts and keys pressed, mapped to events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final, Literal
from urllib.parse import parse_qsl

from winback.providers._event import Event, EventKind, Reply, Unreadable, clean
from winback.providers._record import Record
from winback.replies import shortened

KINDS: Final[dict[str, EventKind]] = {
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
CALL_KINDS: Final[dict[str, EventKind]] = {
    "queued": "processed",
    "initiated": "processed",
    "ringing": "processed",
    "in-progress": "sent",
    "completed": "delivered",
    "busy": "undelivered",
    "no-answer": "undelivered",
    "failed": "failed",
    "canceled": "failed",
}
UNTAKEN: Final = frozenset({"busy", "no-answer"})
MAX_TEXT: Final = 2000
NAME: Final = "twilio"


def status(record: Record) -> Event:
    """The event of a status callback; Twilio doesn't say when, so it is when it came in."""
    form, ours = parameters(record.body.decode(errors="replace")), parameters(record.query)
    if "CallSid" in form:
        sid, name, kinds = form["CallSid"], form.get("CallStatus", "").lower(), CALL_KINDS
    else:
        sid, name, kinds = form.get("MessageSid", ""), form.get("MessageStatus", "").lower(), KINDS
    if not sid or name not in kinds:
        raise Unreadable("not the status of a message or a call")
    # That nobody took a call is told by its status alone.
    error_code = form.get("ErrorCode") or (name if name in UNTAKEN else None)
    key = "tw:" + "|".join((sid, name, error_code or "", ours.get("m", "")))
    return Event(
        provider=NAME,
        kind=kinds[name],
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
        cause=error_code or "",
    )


def fetched(record: Record) -> Event:
    """The event of what Twilio's own records say: as its callback, and at the time they name."""
    event = status(record)
    updated = parameters(record.body.decode(errors="replace")).get("DateUpdated", "")
    try:
        at = datetime.fromisoformat(updated)
    except ValueError:
        return event
    return replace(event, occurred_at=min(at, record.received_at)) if at.tzinfo else event


def inbound(record: Record) -> Event:
    """The event of a text that somebody sent us."""
    form = parameters(record.body.decode(errors="replace"))
    sid, sender = form.get("MessageSid", ""), phone(form.get("From", ""))
    if not sid or not sender:
        raise Unreadable("not an inbound message")
    text = shortened(form.get("Body", ""))
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
        detail={"text": text[:MAX_TEXT], "from": sender},
        reply=Reply(text, OPT_OUT_TYPES.get(form.get("OptOutType", "").upper(), "")),
    )


def pressed(record: Record) -> Event | None:
    """A key pressed in a call of ours, or of somebody who called to be left alone; None before."""
    form, ours = parameters(record.body.decode(errors="replace")), parameters(record.query)
    sid = form.get("CallSid", "")
    person = phone(form.get("From" if is_to_us(form) else "To", ""))
    if not sid or not person:
        raise Unreadable("not a call")
    if not has_key(form):
        return None
    key = f"twv:{sid}"
    return Event(
        provider=NAME,
        kind="opted_out",
        dedupe_key=key,
        semantic_key=key,
        occurred_at=record.received_at,
        received_at=record.received_at,
        ref=record.ref,
        group="phone",
        message_id=ours.get("m") or None,
        attempt_id=ours.get("a") or None,
        provider_id=sid,
        address=person,
        detail={"key": True},
    )


def has_key(form: Mapping[str, str]) -> bool:
    """Whether a key was pressed; any says the same."""
    return bool(form.get("Digits"))


def is_to_us(form: Mapping[str, str]) -> bool:
    """Whether somebody called us, by what Twilio tells of a call."""
    return form.get("Direction", "").lower() == "inbound"


def phone(address: str) -> str:
    """The number without its channel: one stop covers texts, RCS and WhatsApp alike."""
    return address.rpartition(":")[2].strip()


def parameters(encoded: str) -> dict[str, str]:
    """A form or a query; of a name that is repeated the last value."""
    return {name: clean(value) for name, value in parse_qsl(encoded, keep_blank_values=True)}
