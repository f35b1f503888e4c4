"""SendGrid's v3 surface: mail/send, and the events that follow a message."""

from __future__ import annotations

import json
import secrets
from datetime import datetime
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from winback.sandbox import _mail_rules
from winback.sandbox._state import State
from winback.sandbox._store import Message, Webhook

MAX_BODY_BYTES: Final = 30 * 1024 * 1024

# What SendGrid says when it drops mail to somebody it must not write to.
DROP_REASONS: Final = {
    "bounce": "Bounced Address",
    "spamreport": "Spam Reporting Address",
    "unsubscribe": "Unsubscribed Address",
    "group_unsubscribe": "Unsubscribed Address",
}


def routes() -> list[Route]:
    return [Route("/v3/mail/send", send_mail, methods=["POST"])]


def _refuse(status: int, problems: list[_mail_rules.Problem]) -> JSONResponse:
    errors = [
        {"message": message, "field": field} if field else {"message": message}
        for message, field in problems
    ]
    return JSONResponse({"errors": errors}, status_code=status)


async def send_mail(request: Request) -> Response:
    """202 once the request is durable; 400, 401, 413 or 415 as the real one answers."""
    state: State = request.app.state.sandbox
    raw = await request.body()
    if refused := _refused_unread(state, request, raw):
        return refused
    try:
        mail = json.loads(raw)
    except ValueError:
        return _refuse(400, [("Bad Request", None)])
    if problems := _mail_rules.problems(mail):
        return _refuse(400, problems)
    if mail.get("mail_settings", {}).get("sandbox_mode") == {"enable": True}:
        return Response(status_code=200)  # validated and thrown away
    request_id = secrets.token_urlsafe(16)
    await run_in_threadpool(_accept, state, mail, request_id)
    return Response(status_code=202, headers={"X-Message-Id": request_id})


def _refused_unread(state: State, request: Request, raw: bytes) -> Response | None:
    """The refusals that need no look into the body."""
    given = request.headers.get("authorization", "").encode()
    if not secrets.compare_digest(given, f"Bearer {state.credentials.api_key}".encode()):
        message = "The provided authorization grant is invalid, expired, or revoked"
        return _refuse(401, [(message, None)])
    if not request.headers.get("content-type", "").startswith("application/json"):
        return _refuse(415, [("Content-Type should be application/json.", None)])
    if len(raw) > MAX_BODY_BYTES:
        return _refuse(413, [("The JSON payload is too large.", None)])
    return None


def _accept(state: State, mail: dict[str, Any], request_id: str) -> None:
    now = state.clock.now()
    messages, webhooks = [], []
    for position, entry in enumerate(mail["personalizations"]):
        people = [*entry["to"], *entry.get("cc", []), *entry.get("bcc", [])]
        for person in people:
            message = Message(
                provider="sendgrid",
                provider_id=f"{request_id}.recvd-{secrets.token_hex(6)}-{position}",
                request_id=request_id,
                position=position,
                our_id=_custom_args(mail, position).get("wb_message"),
                recipient=person["email"],
                sender=mail["from"]["email"],
                accepted_at=now.isoformat(),
                status="processed",
                updated_at=now.isoformat(),
            )
            messages.append(message)
            webhooks += _first_events(state, mail, message, now)
    state.outbox.accept(body=mail, messages=messages, webhooks=webhooks)


def _first_events(
    state: State, mail: dict[str, Any], message: Message, now: datetime
) -> list[Webhook]:
    reason = state.store.opt_out_reason("sendgrid", message.recipient.lower())
    if reason is not None:
        return [event(mail, message, "dropped", now, reason=DROP_REASONS[reason])]
    first = [event(mail, message, "processed", now)]
    if state.delivers:
        first.append(event(mail, message, "delivered", now, response="250 2.0.0 OK"))
    return first


def _custom_args(mail: dict[str, Any], position: int) -> dict[str, str]:
    entry = mail["personalizations"][position]
    return {**mail.get("custom_args", {}), **entry.get("custom_args", {})}


def event(
    mail: dict[str, Any], message: Message, name: str, at: datetime, **details: object
) -> Webhook:
    """One event as the Event Webhook tells it; custom args lie flat beside its fields."""
    body: dict[str, Any] = {
        **_custom_args(mail, message.position),
        "email": message.recipient,
        "timestamp": int(at.timestamp()),
        "smtp-id": f"<{message.request_id}@sandbox.invalid>",
        "event": name,
        "sg_event_id": secrets.token_urlsafe(24),
        "sg_message_id": message.provider_id,
        **details,
    }
    if mail.get("categories"):
        body["category"] = mail["categories"]
    return Webhook("sendgrid_events", body)


def rendered(mail: dict[str, Any], message: Message) -> dict[str, Any]:
    """What the recipient sees: subject and bodies with the substitutions made."""
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
