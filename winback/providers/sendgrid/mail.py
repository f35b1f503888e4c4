"""SendGrid's Inbound Parse, mapped to an event: a reply by email."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from email.message import Message
from email.parser import HeaderParser
from typing import Final

from winback.providers._event import Event, Reply, Unreadable, digest
from winback.providers._record import Record
from winback.providers.sendgrid.mail_form import LONGEST_JSON, form_of
from winback.providers.sendgrid.mail_proof import sender_of
from winback.providers.sendgrid.mail_text import mail_text
from winback.replies import UNREAD, is_keyword, own_words, shortened
from winback.replies import clean as plain

log = logging.getLogger(__name__)

MAX_TEXT: Final = 2000
_REPLY_PREFIX: Final = re.compile(r"(re|aw|antw|sv|vs|rv|tr|fw|fwd|wg)\s*:\s*", re.IGNORECASE)
_MAIL_ID: Final = re.compile(r"<[!-;=?-~]{1,250}>")
_LONGEST_SUBJECT: Final = 1000


def parsed_mail(record: Record) -> Event:
    """The one event of an Inbound Parse post. Raises Unreadable."""
    form = form_of(record)
    headers = HeaderParser().parsestr(form.get("headers", "")[:LONGEST_JSON])
    sender = sender_of(form)
    if not sender.address:
        raise Unreadable("a mail without a sender")
    reply, own = _read(record, form, headers)
    is_machine = headers.get("Auto-Submitted", "no").lower() != "no"
    key = digest("sgp:", headers.get("Message-ID") or record.body)
    return Event(
        provider="sendgrid",
        kind="replied",
        dedupe_key=key,
        semantic_key=key,
        occurred_at=record.received_at,
        received_at=record.received_at,
        ref=record.ref,
        group="email",
        address=sender.address,
        other_address=sender.other,
        is_machine=is_machine,
        detail={"text": own, "from": sender.address},
        reply=None if is_machine else reply,
        is_vouched_for=sender.is_vouched_for,
    )


def _read(record: Record, form: Mapping[str, str], headers: Message) -> tuple[Reply, str]:
    """A mail's words, and what of them is theirs; one that can't be read is a person's to read."""
    mail_id = _mail_id(headers.get("Message-ID"))
    try:
        text = shortened(mail_text(form))
        subject = form.get("subject", "").strip()[:_LONGEST_SUBJECT]
        own = own_words(text).text
        reply = Reply(_written(subject, own, text), mail_id=mail_id)
        return reply, _written(subject, own, own)[:MAX_TEXT]
    except Exception as defect:  # noqa: BLE001  # whatever a stranger wrote, it may be a stop
        log.error("%s can't be read: %s", record.ref, type(defect).__name__)
        text = (form.get("text", "") or form.get("html", ""))[:MAX_TEXT]
        return Reply(text, mail_id=mail_id, reading=UNREAD), text


def _mail_id(header: object) -> str | None:
    """A Message-ID as it should be: a foreign header that goes back out must be nothing else."""
    found = _MAIL_ID.fullmatch(str(header or "").strip())
    return found[0] if found else None


def _written(subject: str, own: str, text: str) -> str:
    """A mail's words: its subject too, unless it is that of the mail which they answer. A subject
    that says stop and nothing else never is."""
    own_subject = _REPLY_PREFIX.sub("", subject)
    if plain(own) and _REPLY_PREFIX.match(subject) and not is_keyword(plain(own_subject)):
        return text
    return f"{own_subject}\n{text}".strip()
