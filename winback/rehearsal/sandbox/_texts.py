"""A text's stages: waiting at Twilio, departure, and the callbacks about it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from winback.rehearsal.sandbox import _twilio_rules
from winback.rehearsal.sandbox._records import Message, Move, Webhook
from winback.rehearsal.sandbox._state import State

LONGEST_VALIDITY: Final = 36_000
# Free text on WhatsApp needs the customer's own words within a day.
WHATSAPP_WINDOW_SECONDS: Final = 24 * 3600
OUTSIDE_WINDOW: Final = 63016
EXPIRED: Final = 30036


def our_id(parameters: Mapping[str, Any]) -> str | None:
    """Return our message id from the status callback's URL."""
    query = urlsplit(parameters.get("StatusCallback", "")).query
    return next(iter(parse_qs(query).get("m", [])), None)


def moved(message: Message, move: Move) -> Message:
    return replace(
        message,
        status=move.status,
        error_code=move.error_code,
        sent_at=move.at if move.is_sent else None,
        answered_by=move.answered_by,
    )


def waits(state: State, parameters: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return when a waiting message leaves the queue or expires."""
    start = _twilio_rules.scheduled_at(parameters) or now
    validity = int(parameters.get("ValidityPeriod", LONGEST_VALIDITY))
    is_late = state.queue_seconds > validity
    due = start + timedelta(seconds=min(state.queue_seconds, validity))
    if due <= now:
        return {}
    return {"due_at": due.timestamp(), "due_status": "failed" if is_late else "sent"}


def depart(
    state: State, message: Message, parameters: Mapping[str, Any], at: datetime
) -> tuple[Move, list[Webhook]]:
    """Let a message leave, or fail, with the callbacks about it."""
    error = _failure(state, message, parameters, at)
    statuses = ["failed"] if error else ["sent", *(["delivered"] if state.delivers else [])]
    webhooks = [
        status_callback(state, parameters, message, status, error)
        for status in (statuses if parameters.get("StatusCallback") else ())
    ]
    move = Move(message.provider_id, statuses[-1], at.isoformat(), error, is_sent=not error)
    return move, webhooks


def _failure(
    state: State, message: Message, parameters: Mapping[str, Any], at: datetime
) -> int | None:
    if message.due_status == "failed":
        return EXPIRED
    if message.recipient.startswith("whatsapp:") and not parameters.get("ContentSid"):
        last = state.store.last_reply(message.recipient)
        if last is None or at.timestamp() - last > WHATSAPP_WINDOW_SECONDS:
            return OUTSIDE_WINDOW
    return None


def status_callback(
    state: State,
    parameters: Mapping[str, Any],
    message: Message,
    status: str,
    error_code: int | None = None,
) -> Webhook:
    """Return what Twilio posts to the message's own StatusCallback."""
    body = {
        "SmsSid": message.provider_id,
        "SmsStatus": status,
        "MessageStatus": status,
        "To": message.recipient,
        "MessageSid": message.provider_id,
        "AccountSid": state.credentials.account_sid,
        "From": message.sender,
        "ApiVersion": "2010-04-01",
    }
    if service := parameters.get("MessagingServiceSid"):
        body["MessagingServiceSid"] = service
    if error_code is not None:
        body["ErrorCode"] = str(error_code)
    return Webhook("twilio_status", body, url=parameters["StatusCallback"])


def inbound(state: State, message: Message, text: str) -> Webhook:
    """Return what Twilio posts when the recipient of `message` replies by text."""
    sid = f"SM{secrets.token_hex(16)}"
    body = {
        "MessageSid": sid,
        "SmsMessageSid": sid,
        "SmsSid": sid,
        "SmsStatus": "received",
        "AccountSid": state.credentials.account_sid,
        "MessagingServiceSid": state.credentials.messaging_service_sid,
        "From": message.recipient,
        "To": message.sender,
        "Body": text,
        "NumMedia": "0",
        "NumSegments": "1",
        "ApiVersion": "2010-04-01",
    }
    return Webhook("twilio_inbound", body)
