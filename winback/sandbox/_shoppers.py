"""What the people at the other end do with a message: each act becomes its signed webhooks."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from winback.sandbox import _sendgrid, _twilio
from winback.sandbox._state import State
from winback.sandbox._store import Filter, Message, Webhook

Name = Literal[
    "delivered", "deferred", "open", "click", "bounce", "dropped", "spamreport", "unsubscribe",
    "group_unsubscribe", "reply", "sent", "undelivered", "failed", "read",
]  # fmt: skip

EMAIL_ACTS: Final = frozenset({
    "delivered", "deferred", "open", "click", "bounce", "dropped", "spamreport", "unsubscribe",
    "group_unsubscribe", "reply",
})  # fmt: skip
TEXT_ACTS: Final = frozenset(["sent", "delivered", "undelivered", "failed", "read", "reply"])

# Whole messages that Twilio itself acts on, before anybody's webhook (its default keywords).
STOP_WORDS: Final = frozenset(
    ["STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"]
)
START_WORDS: Final = frozenset(["START", "YES", "UNSTOP"])


class Impossible(ValueError):
    """An act that can't happen: no such message, or not on its channel."""


class Act(BaseModel):
    """One act, on the message with our `message_id` or the provider's `provider_id`."""

    model_config = ConfigDict(extra="forbid")

    event: Name
    message_id: str | None = None
    provider_id: str | None = None
    # When it happens; without it, now by the sandbox's clock. It is told at once either way.
    at: AwareDatetime | None = None
    body: str = ""
    url: str = ""
    reason: str = ""
    useragent: str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
    is_machine: bool = False
    error_code: int | None = None
    group_id: int | None = None


def perform(state: State, acts: Sequence[Act]) -> int:
    """Perform all acts; return how many webhooks follow. Raises Impossible before the first."""
    targets = [(act, _target(state, act)) for act in acts]
    bodies = [state.store.request_body(message.request_id) for _, message in targets]
    for (act, _), body in zip(targets, bodies, strict=True):
        if act.event == "click" and not _tracks_clicks(body):
            raise Impossible("SendGrid hears of no click in this mail: open its link instead")
    webhooks: list[Webhook] = []
    for (act, message), body in zip(targets, bodies, strict=True):
        at = (act.at or state.clock.now()).astimezone(UTC)
        follow = _email_act if message.provider == "sendgrid" else _text_act
        webhooks += follow(state, act, message, body, at)
    state.outbox.add(webhooks)
    return len(webhooks)


def _target(state: State, act: Act) -> Message:
    if act.provider_id is not None:
        message = state.store.message(act.provider_id)
    elif act.message_id is not None:
        found = state.store.messages(Filter(our_id=act.message_id, newest_first=True, limit=1))
        message = found[0] if found else None
    else:
        raise Impossible("name the message: message_id or provider_id")
    if message is None:
        raise Impossible(f"no accepted message {act.provider_id or act.message_id}")
    possible = EMAIL_ACTS if message.provider == "sendgrid" else TEXT_ACTS
    if act.event not in possible:
        raise Impossible(f"{act.event} can't happen to a message of {message.provider}")
    return message


def _tracks_clicks(mail: dict[str, Any]) -> bool:
    """As a mail's own settings say; without them, as the account's: it does."""
    settings = mail.get("tracking_settings", {}).get("click_tracking", {})
    return bool(settings.get("enable", True))


def _email_act(
    state: State, act: Act, message: Message, mail: dict[str, Any], at: datetime
) -> list[Webhook]:
    if act.event == "reply":
        return [_parsed_mail(message, mail, act.body, at)]
    if act.event in _sendgrid.DROP_REASONS:
        state.store.opt_out("sendgrid", message.recipient.lower(), act.event)
    return [_sendgrid.event(mail, message, act.event, at, **_EMAIL_DETAILS[act.event](act))]


_EMAIL_DETAILS: Final[dict[str, Callable[[Act], dict[str, object]]]] = {
    "delivered": lambda _: {"response": "250 2.0.0 OK"},
    "deferred": lambda act: {"response": act.reason or "451 try again later", "attempt": "1"},
    "dropped": lambda act: {"reason": act.reason or "Invalid"},
    "bounce": lambda act: {
        "type": "bounce",
        "status": "5.1.1",
        "reason": act.reason or "550 5.1.1 The account does not exist",
        "bounce_classification": "Invalid Address",
    },
    "open": lambda act: {
        "useragent": act.useragent,
        "ip": "192.0.2.1",
        "sg_machine_open": act.is_machine,
    },
    "click": lambda act: {"useragent": act.useragent, "ip": "192.0.2.1", "url": act.url},
    "spamreport": lambda _: {},
    "unsubscribe": lambda _: {},
    "group_unsubscribe": lambda act: {"asm_group_id": act.group_id or 0},
}


def _parsed_mail(message: Message, mail: dict[str, Any], text: str, at: datetime) -> Webhook:
    """The recipient answers by mail: the form that Inbound Parse posts."""
    reply_to = mail.get("reply_to", mail["from"])["email"]
    headers = {
        "From": message.recipient,
        "To": reply_to,
        "Date": format_datetime(at),
        "Message-ID": f"<{secrets.token_hex(16)}@example.com>",
        "In-Reply-To": f"<{message.request_id}@sandbox.invalid>",
    }
    form = {
        "headers": "".join(f"{name}: {value}\n" for name, value in headers.items()),
        "from": message.recipient,
        "to": reply_to,
        "subject": "Re: " + _sendgrid.rendered(mail, message)["subject"],
        "text": text,
        "envelope": json.dumps({"to": [reply_to], "from": message.recipient}),
        "charsets": json.dumps({"text": "UTF-8", "subject": "UTF-8"}),
        "attachments": "0",
    }
    return Webhook("sendgrid_inbound", form)


def _text_act(
    state: State, act: Act, message: Message, parameters: dict[str, Any], at: datetime
) -> list[Webhook]:
    if act.event == "reply":
        word = act.body.strip().upper()
        if word in STOP_WORDS:
            state.store.opt_out("twilio", message.recipient, "stop")
        elif word in START_WORDS:
            state.store.opt_in("twilio", message.recipient)
        return [_twilio.inbound(state, message, act.body)]
    state.store.set_status(
        message.provider_id, status=act.event, at=at.isoformat(), error_code=act.error_code
    )
    if not parameters.get("StatusCallback"):
        return []
    return [_twilio.status_callback(state, parameters, message, act.event, act.error_code)]
