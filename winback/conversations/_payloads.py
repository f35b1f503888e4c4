"""Our reply as a payload, as the channels take it."""

from __future__ import annotations

import html
from typing import Any

from sqlalchemy import Row

from winback.base.settings import Settings
from winback.content import one_line
from winback.content.payloads import Email, Payload, Text, subject_of
from winback.ledger import WrittenBy


def frozen(
    settings: Settings,
    to: Row[Any],
    message: Row[Any] | None,
    text: str,
    written_by: WrittenBy,
) -> tuple[str, Payload]:
    """Who sends our reply `to` what they wrote, empty where nobody is set to, and its payload."""
    if to.channel_group == "email":
        return settings.from_email, _email(settings, to, message, text, written_by)
    sender = settings.twilio_messaging_service_sid
    return sender, Text(text, sender)


def _email(
    settings: Settings,
    to: Row[Any],
    message: Row[Any] | None,
    text: str,
    written_by: WrittenBy,
) -> Email:
    name = settings.from_name or settings.brand_name
    thread = {"In-Reply-To": to.mail_id, "References": to.mail_id} if to.mail_id else {}
    # This header keeps two programs from writing to each other for ever.
    machine = {"Auto-Submitted": "auto-replied"} if written_by == "responder" else {}
    return Email(
        from_email=settings.from_email,
        from_name=name,
        subject=_subject(settings, message),
        text=text,
        html=f"<p>{html.escape(text)}</p>".replace("\n", "<br>"),
        headers={**thread, **machine},
        reply_to=settings.reply_to,
    )


def _subject(settings: Settings, message: Row[Any] | None) -> str:
    """The subject of the mail that they replied to: it is ours, and so is every word of it."""
    ours = ""
    if message is not None and message.channel == "email":
        ours = one_line(subject_of(message.payload_json))
    return f"Re: {ours or f'your message to {settings.brand_name}'}"
