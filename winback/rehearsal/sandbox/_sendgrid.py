"""SendGrid's mail/send: accepted requests, waiting mail, and the events that follow."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from winback.rehearsal.sandbox import _departures, _mail_rules
from winback.rehearsal.sandbox._records import Message, Move, Webhook
from winback.rehearsal.sandbox._sendgrid_responses import Problem, authorized, json_body, refuse
from winback.rehearsal.sandbox._state import State

MAX_BODY_BYTES: Final = 30 * 1024 * 1024


def routes() -> list[Route]:
    return [Route("/v3/mail/send", authorized(send_mail), methods=["POST"])]


async def send_mail(request: Request) -> Response:
    """Respond with 202 once the request is durable; with 400, 401, 413 or 415 as SendGrid does."""
    state: State = request.app.state.sandbox
    mail = await json_body(request, max_bytes=MAX_BODY_BYTES)
    if problems := await run_in_threadpool(_problems, state, mail):
        return refuse(400, problems)
    if mail.get("mail_settings", {}).get("sandbox_mode", {}).get("enable"):
        return Response(status_code=200)  # validated and thrown away
    request_id = secrets.token_urlsafe(16)
    await run_in_threadpool(_accept, state, mail, request_id)
    return Response(status_code=202, headers={"X-Message-Id": request_id})


def _problems(state: State, mail: Any) -> list[Problem]:
    found = _mail_rules.problems(mail, now=state.clock.now().timestamp())
    if found or "batch_id" not in mail or state.batches.exists(mail["batch_id"]):
        return found
    return [("invalid batch id", "batch_id")]


def _accept(state: State, mail: dict[str, Any], request_id: str) -> None:
    now = state.clock.now()
    messages: list[Message] = []
    webhooks: list[Webhook] = []
    for position, entry in enumerate(mail["personalizations"]):
        send_at = entry.get("send_at", mail.get("send_at", 0))
        due_at = float(send_at) if send_at > now.timestamp() else None
        people = [*entry["to"], *entry.get("cc", []), *entry.get("bcc", [])]
        for person in people:
            message = Message(
                provider="sendgrid",
                kind="mail",
                provider_id=f"{request_id}.recvd-{secrets.token_hex(6)}-{position}",
                request_id=request_id,
                position=position,
                our_id=_custom_args(mail, position).get("wb_message"),
                recipient=person["email"],
                sender=mail["from"]["email"],
                accepted_at=now.isoformat(),
                status="scheduled" if due_at else "processed",
                updated_at=now.isoformat(),
                batch_id=mail.get("batch_id"),
                due_at=due_at,
                due_status="processed" if due_at else None,
            )
            if due_at is None:
                move, events = depart(state, mail, message, now)
                message = _moved(message, move)
                webhooks += events
            messages.append(message)
    state.outbox.accept(body=mail, messages=messages, webhooks=webhooks)
    _departures.expect(state, min((m.due_at for m in messages if m.due_at), default=None))


def _moved(message: Message, move: Move) -> Message:
    sent_at = move.at if move.is_sent else None
    return Message(**{**vars(message), "status": move.status, "sent_at": sent_at})


def depart(
    state: State, mail: dict[str, Any], message: Message, at: datetime
) -> tuple[Move, list[Webhook]]:
    """Let mail leave, unless its recipient is on a list by now."""
    group_id = mail.get("asm", {}).get("group_id")
    reason = state.suppressions.drop_reason(message.recipient, group_id)
    if reason is not None:
        move = Move(message.provider_id, "dropped", at.isoformat(), is_sent=False)
        return move, [event(mail, message, "dropped", at, reason=reason)]
    events = [event(mail, message, "processed", at)]
    if state.delivers:
        events.append(event(mail, message, "delivered", at, response="250 2.0.0 OK"))
    status = "delivered" if state.delivers else "processed"
    return Move(message.provider_id, status, at.isoformat()), events


def discard(
    mail: dict[str, Any], message: Message, at: datetime, *, reason: str
) -> tuple[Move, list[Webhook]]:
    """End cancelled mail without a webhook; only the logs show it."""
    told = event(mail, message, "cancel_drop", at, reason=reason)
    move = Move(message.provider_id, "dropped", at.isoformat(), is_sent=False)
    return move, [Webhook("log", told.body, about=told.about)]


def _custom_args(mail: dict[str, Any], position: int) -> dict[str, str]:
    entry, of_all = mail["personalizations"][position], mail.get("custom_args", {})
    return {**(of_all if isinstance(of_all, dict) else {}), **entry.get("custom_args", {})}


def event(
    mail: dict[str, Any], message: Message, name: str, at: datetime, **details: object
) -> Webhook:
    """Return an event as the Event Webhook posts it; custom args lie flat beside its fields."""
    body: dict[str, Any] = {
        **_custom_args(mail, message.position),
        "email": message.recipient,
        "timestamp": int(at.astimezone(UTC).timestamp()),
        "smtp-id": f"<{message.request_id}@sandbox.invalid>",
        "event": name,
        "sg_event_id": secrets.token_urlsafe(24),
        "sg_message_id": message.provider_id,
        **details,
    }
    if mail.get("categories"):
        body["category"] = mail["categories"]
    return Webhook("sendgrid_events", body, about=message.provider_id)


def rendered(mail: dict[str, Any], message: Message) -> dict[str, Any]:
    """Return what the recipient sees: subject and bodies with the substitutions made."""
    entry = mail["personalizations"][message.position]
    pairs = entry.get("substitutions", {}).items()

    def fill(text: str) -> str:
        for mark, value in pairs:
            text = text.replace(mark, value)
        return text

    return {
        "subject": fill(entry.get("subject") or mail.get("subject", "")),
        "content": {part["type"]: fill(part["value"]) for part in mail.get("content", [])},
        "template_id": mail.get("template_id"),
        "dynamic_template_data": entry.get("dynamic_template_data", {}),
        "headers": {**mail.get("headers", {}), **entry.get("headers", {})},
        "custom_args": _custom_args(mail, message.position),
    }
