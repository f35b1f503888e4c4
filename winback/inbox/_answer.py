"""Answering: one message to one person, by the protocol of every send.

The intent is committed before the call and its outcome after it, so that whoever dies in between
leaves an answer that may have left, and that is never sent again by itself. An answer is no
marketing: no cap and no window hold it, but nobody who opted out gets one.
"""

from __future__ import annotations

import hashlib
import html
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal

from sqlalchemy import Connection, Row, select, update

from winback.channels import Channel, Outcome, Outgoing, Request, open_channel
from winback.clock import Clock
from winback.errors import UsageError, WinbackError
from winback.inbox._read import find
from winback.ledger import (
    Ledger,
    LedgerFenced,
    close,
    insert_new,
    is_suppressed,
    replies_in,
    tables,
)
from winback.settings import Settings

State = Literal["sent", "failed", "unknown"]

# A provider drops what it could not hand over by then: a late answer answers nothing.
LEAVES_WITHIN: Final = timedelta(hours=1)
# What Twilio takes as one message; longer mails are no answers either.
LONGEST: Final = 1_600
_CHANNELS: Final = {"phone": "sms", "email": "email"}
_a = tables.answers.c


@dataclass(frozen=True)
class Answered:
    """What an answer came to; `is_open` if the conversation waits for something more."""

    state: State
    reason: str
    is_open: bool


def answer(ledger: Ledger, settings: Settings, clock: Clock, reference: str, text: str) -> Answered:
    """Send one answer to who waits, once.

    An answer that left closes the conversation, unless it holds a doubt (`hold`) that only
    `resolve` releases, or more was written meanwhile. Raises LedgerFenced for a copied ledger,
    UsageError for a wrong reference, text or setting, WinbackError where it must not be sent.
    """
    if ledger.fenced:
        raise LedgerFenced(ledger.fenced)
    text = text.strip()
    if not 0 < len(text) <= LONGEST:
        raise UsageError(f"an answer has 1 to {LONGEST:,} characters, this one {len(text):,}")
    with ledger.read() as connection:
        conversation, _ = find(connection, reference)
    channel = open_channel(_CHANNELS[conversation.channel_group], settings)
    try:
        answer_id, request, seen = _begin(ledger, settings, clock, channel, reference, text)
        outcome = channel.send(request)
    finally:
        channel.close()
    return _finish(ledger, clock, conversation.conversation_id, answer_id, outcome, seen)


def _begin(  # noqa: PLR0917 - private
    ledger: Ledger, settings: Settings, clock: Clock, channel: Channel, reference: str, text: str
) -> tuple[str, Request, int]:
    """Look again and record the intent, in one transaction, durable when this returns."""
    now = clock.now()
    with ledger.write() as connection:
        conversation, replies = find(connection, reference)
        if _CHANNELS[conversation.channel_group] != channel.name:
            raise WinbackError(f"{reference} goes on elsewhere. Next: winback inbox")
        answer_id = _identity(conversation, replies, text)
        _refuse(connection, conversation, answer_id, reference)
        outgoing = Outgoing(
            answer_id, conversation.address, _payload(settings, channel.name, text),
            leaves_by=now + LEAVES_WITHIN,
        )  # fmt: skip
        (request,) = channel.prepare([outgoing], now=now)
        row = {
            "answer_id": answer_id,
            "conversation_id": conversation.conversation_id,
            "channel": channel.name,
            "address": conversation.address,
            "text": text,
            "state": "sending",
            "attempt_id": request.attempt_id,
            "started_at": now,
        }
        if not insert_new(connection, tables.answers, [row]):  # one that failed, tried again
            connection.execute(
                update(tables.answers).where(_a.answer_id == answer_id).values(**row)
            )
    return answer_id, request, len(replies)


def _identity(conversation: Row[Any], replies: Sequence[Row[Any]], text: str) -> str:
    parts = (conversation.conversation_id, replies[-1].reply_id, text)
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]


def _refuse(connection: Connection, conversation: Row[Any], answer_id: str, reference: str) -> None:
    """Raise where no answer may go now. A hold alone waits for just this human."""
    s = tables.suppressions.c
    group, address = conversation.channel_group, conversation.address
    reasons = set(connection.scalars(select(s.reason).distinct())) - {"hold"}
    if is_suppressed(connection, group=group, address=address, reasons=reasons):
        raise WinbackError(
            f"{reference} is suppressed: they opted out, or the address is bad, and no answer may "
            f"go there. Next: winback inbox resolve {reference}"
        )
    known = connection.execute(
        select(_a.answer_id, _a.state).where(_a.conversation_id == conversation.conversation_id)
    ).all()
    if any(row.state in {"sending", "unknown"} for row in known):
        raise WinbackError(
            f"an answer in {reference} may have left and is never sent again. Next: look at the "
            f"provider's log, then winback inbox resolve {reference}"
        )
    if any(row.answer_id == answer_id and row.state == "sent" for row in known):
        raise WinbackError(f"{reference} has got this very answer. Next: winback inbox")


def _payload(settings: Settings, channel: str, text: str) -> dict[str, Any]:
    if channel == "sms":
        if not settings.twilio_messaging_service_sid:
            raise UsageError("texts have no sender: set WINBACK_TWILIO_MESSAGING_SERVICE_SID")
        return {"body": text, "messaging_service_sid": settings.twilio_messaging_service_sid}
    if not settings.from_email:
        raise UsageError("emails have no sender: set WINBACK_FROM_EMAIL")
    name = settings.from_name or settings.brand_name
    payload = {
        "from": {"email": settings.from_email, "name": name},
        "subject": f"Re: your message to {settings.brand_name}",
        "text": text,
        "html": f"<p>{html.escape(text)}</p>".replace("\n", "<br>"),
        "headers": {},
    }
    if settings.reply_to:
        payload["reply_to"] = {"email": settings.reply_to}
    return payload


def _finish(  # noqa: PLR0917 - private
    ledger: Ledger,
    clock: Clock,
    conversation_id: str,
    answer_id: str,
    outcome: Outcome,
    seen: int,
) -> Answered:
    """Record what the call came to, and close the conversation if nothing else is owed."""
    now, state = clock.now(), _state(outcome)
    with ledger.write() as connection:
        connection.execute(
            update(tables.answers)
            .where(_a.answer_id == answer_id)
            .values(
                state=state,
                state_reason=outcome.reason,
                provider_id=outcome.provider_id,
                finished_at=now,
            )
        )
        is_open = state != "sent" or _is_owed_more(connection, conversation_id, seen)
        if not is_open:
            close(connection, conversation_id, at=now)
    return Answered(state, outcome.reason, is_open)


def _is_owed_more(connection: Connection, conversation_id: str, seen: int) -> bool:
    replies = replies_in(connection, conversation_id)
    places = {(reply.channel_group, reply.address) for reply in replies}
    return len(replies) > seen or any(
        is_suppressed(connection, group=group, address=address, reasons=["hold"])
        for group, address in places
    )


def _state(outcome: Outcome) -> State:
    match outcome.kind:
        case "accepted":
            return "sent"
        case "unknown":
            return "unknown"
        case _:
            return "failed"
