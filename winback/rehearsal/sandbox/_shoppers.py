"""The shoppers' acts on a message; each act becomes its signed webhooks."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from winback.rehearsal.sandbox import _calls, _departures, _sendgrid, _texts
from winback.rehearsal.sandbox._records import Filter, Message, Move, Webhook
from winback.rehearsal.sandbox._state import State
from winback.rehearsal.sandbox._suppressions import Kind, Suppression

Name = Literal[
    "delivered", "deferred", "open", "click", "bounce", "blocked", "dropped", "spamreport",
    "unsubscribe", "group_unsubscribe", "reply", "sent", "undelivered", "failed", "read",
    "ringing", "answered", "completed", "busy", "no-answer", "press",
]  # fmt: skip

EMAIL_ACTS: Final = frozenset({
    "delivered", "deferred", "open", "click", "bounce", "blocked", "dropped", "spamreport",
    "unsubscribe", "group_unsubscribe", "reply",
})  # fmt: skip
TEXT_ACTS: Final = frozenset(["sent", "delivered", "undelivered", "failed", "read", "reply"])
CALL_ACTS: Final = frozenset(
    ["ringing", "answered", "completed", "busy", "no-answer", "failed", "press"]
)
_ACTS: Final = {"mail": EMAIL_ACTS, "text": TEXT_ACTS, "call": CALL_ACTS}

# Whole messages that Twilio itself acts on, before anybody's webhook (its default keywords).
STOP_WORDS: Final = frozenset(
    ["STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"]
)
START_WORDS: Final = frozenset(["START", "YES", "UNSTOP"])


class Impossible(ValueError):
    """An error for an act that can't happen: no such message, or not on its channel."""


class Act(BaseModel):
    """An act on the message with our `message_id` or the provider's `provider_id`."""

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
    # Who took a call: human, machine_start, fax, unknown.
    answered_by: str | None = None
    # An event that bears neither the message's id nor our arguments, only the address.
    is_bare: bool = False
    group_id: int | None = None


def perform(state: State, acts: Sequence[Act]) -> int:
    """Perform all acts; return how many webhooks follow. Raises Impossible before the first."""
    _departures.catch_up(state)
    targets = [(act, _target(state, act)) for act in acts]
    bodies = [state.store.request_body(message.request_id) for _, message in targets]
    for (act, _), body in zip(targets, bodies, strict=True):
        if act.event == "press" and not _calls.listens_at(body):
            raise Impossible("this call listens to no keys")
        if act.event == "click" and not _tracks_clicks(body):
            raise Impossible("SendGrid hears of no click in this mail: open its link instead")
    webhooks: list[Webhook] = []
    for (act, message), body in zip(targets, bodies, strict=True):
        at = (act.at or state.clock.now()).astimezone(UTC)
        webhooks += _FOLLOW[message.kind](state, act, message, body, at)
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
    if act.event not in _ACTS[message.kind]:
        raise Impossible(f"{act.event} can't happen to a {message.kind} of {message.provider}")
    if message.due_at is not None:
        raise Impossible("nobody has this message yet: it waits at the provider")
    return message


def _tracks_clicks(mail: dict[str, Any]) -> bool:
    """Tell whether clicks are tracked: by the mail's own settings, else by the account's (yes)."""
    settings = mail.get("tracking_settings", {}).get("click_tracking", {})
    return bool(settings.get("enable", True))


def _email_act(
    state: State, act: Act, message: Message, mail: dict[str, Any], at: datetime
) -> list[Webhook]:
    if act.event == "reply":
        return [_parsed_mail(message, mail, act.body, at)]
    details = _EMAIL_DETAILS[act.event](act)
    if act.event == "group_unsubscribe":
        details["asm_group_id"] = act.group_id or mail.get("asm", {}).get("group_id", 0)
    if act.event in _LISTS:
        state.suppressions.add(_suppression(act, message, details, at))
    name = "bounce" if act.event == "blocked" else act.event
    told = _sendgrid.event(mail, message, name, at, **details)
    return [_without_ids(told) if act.is_bare else told]


# The list on which an act puts the address.
_LISTS: Final[dict[str, Kind]] = {
    "bounce": "bounce",
    "blocked": "block",
    "dropped": "invalid",
    "spamreport": "spamreport",
    "unsubscribe": "unsubscribe",
    "group_unsubscribe": "group_unsubscribe",
}


def _suppression(act: Act, message: Message, details: dict[str, Any], at: datetime) -> Suppression:
    return Suppression(
        "sendgrid",
        message.recipient.lower(),
        _LISTS[act.event],
        int(at.timestamp()),
        group_id=details.get("asm_group_id", 0),
        reason=details.get("reason", ""),
        status=details.get("status", ""),
    )


def _without_ids(told: Webhook) -> Webhook:
    """Strip an event's ids: a bounce that comes much later may know no more than the address."""
    names = {"email", "timestamp", "event", "sg_event_id", *_EMAIL_ONLY}
    body = {name: value for name, value in told.body.items() if name in names}
    return replace(told, body={**body, "sg_message_id": ""})


_EMAIL_ONLY: Final = ("type", "status", "reason", "bounce_classification")


_EMAIL_DETAILS: Final[dict[str, Callable[[Act], dict[str, Any]]]] = {
    "delivered": lambda _: {"response": "250 2.0.0 OK"},
    "deferred": lambda act: {"response": act.reason or "451 try again later", "attempt": "1"},
    "dropped": lambda act: {"reason": act.reason or "Invalid"},
    "bounce": lambda act: {
        "type": "bounce",
        "status": "5.1.1",
        "reason": act.reason or "550 5.1.1 The account does not exist",
        "bounce_classification": "Invalid Address",
    },
    "blocked": lambda act: {
        "type": "blocked",
        "status": "4.2.2",
        "reason": act.reason or "452 4.2.2 The mailbox is full",
        "bounce_classification": "Mailbox Unavailable",
    },
    "open": lambda act: {
        "useragent": act.useragent,
        "ip": "192.0.2.1",
        "sg_machine_open": act.is_machine,
    },
    "click": lambda act: {"useragent": act.useragent, "ip": "192.0.2.1", "url": act.url},
    "spamreport": lambda _: {},
    "unsubscribe": lambda _: {},
    "group_unsubscribe": lambda _: {},
}


def _parsed_mail(message: Message, mail: dict[str, Any], text: str, at: datetime) -> Webhook:
    """Return the form that Inbound Parse posts when the recipient replies by mail."""
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
        "SPF": "pass",
        "dkim": f"{{@{message.recipient.rpartition('@')[2]} : pass}}",
        "attachments": "0",
    }
    return Webhook("sendgrid_inbound", form)


def _text_act(
    state: State, act: Act, message: Message, parameters: dict[str, Any], at: datetime
) -> list[Webhook]:
    if act.event == "reply":
        word = act.body.strip().upper()
        if word in STOP_WORDS:
            stopped = Suppression("twilio", message.recipient, "stop", int(at.timestamp()))
            state.suppressions.add(stopped)
        elif word in START_WORDS:
            state.suppressions.lift("twilio", message.recipient, "stop")
        state.store.note_reply(message.recipient, at.timestamp())
        return [_texts.inbound(state, message, act.body)]
    state.store.move([Move(message.provider_id, act.event, at.isoformat(), act.error_code)])
    if not parameters.get("StatusCallback"):
        return []
    return [_texts.status_callback(state, parameters, message, act.event, act.error_code)]


def _call_act(
    state: State, act: Act, call: Message, parameters: dict[str, Any], at: datetime
) -> list[Webhook]:
    if act.event == "press":
        return [_calls.pressed(state, parameters, call, act.body or "1")]
    status = "in-progress" if act.event == "answered" else act.event
    is_answered = status in {"in-progress", "completed"}
    move = Move(
        call.provider_id,
        status,
        at.isoformat(),
        is_sent=is_answered,
        answered_by=act.answered_by if is_answered else None,
    )
    state.store.move([move])
    return _calls.progress(state, parameters, call, status, at, act.answered_by)


_FOLLOW: Final = {"mail": _email_act, "text": _text_act, "call": _call_act}
