"""SendGrid's callbacks: the Event Webhook and Inbound Parse, mapped to events."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import Message
from email.parser import BytesParser, HeaderParser
from email.utils import parseaddr
from typing import Any, Final

from winback.inbound._event import Event, Kind, Reply, Unreadable, clean, digest
from winback.inbound._html import text_of
from winback.inbound._machines import is_machine_agent
from winback.inbound._plain import clean as plain
from winback.inbound._quoted import own_words, shortened
from winback.inbound._segments import Record
from winback.inbound._stops import is_keyword

KINDS: Final[dict[str, Kind]] = {
    "processed": "processed",
    "delivered": "delivered",
    "deferred": "deferred",
    "bounce": "bounced",
    "dropped": "dropped",
    "open": "opened",
    "click": "clicked",
    "spamreport": "complained",
    "unsubscribe": "opted_out",
    "group_unsubscribe": "opted_out",
    "group_resubscribe": "opted_in",
}
# Why SendGrid itself refuses to write to somebody: our own list should have known.
DROP_REASONS: Final = {
    "Bounced Address": "hard_bounce",
    "Invalid": "hard_bounce",
    "Spam Reporting Address": "spam_report",
    "Unsubscribed Address": "unsubscribe",
}
DETAILS: Final = (
    "url", "type", "status", "reason", "response", "bounce_classification", "asm_group_id",
    "useragent", "category", "attempt",
)  # fmt: skip
# What makes two posts the same happening; the event's own id may differ between them.
IDENTITY: Final = (
    "sg_message_id", "email", "event", "timestamp", "url", "asm_group_id", "reason",
)  # fmt: skip
MAX_TEXT: Final = 2000
_ANSWERS: Final = re.compile(r"(re|aw|antw|sv|vs|rv|tr|fw|fwd|wg)\s*:\s*", re.IGNORECASE)
_MAIL_ID: Final = re.compile(r"<[!-;=?-~]{1,250}>")
_LONGEST_SUBJECT: Final = 1000


def events(record: Record) -> Iterator[Event | Unreadable]:
    """Each event of a webhook post; what makes no sense in between is told apart."""
    try:
        posted = json.loads(record.body)
    except ValueError:
        posted = None
    if not isinstance(posted, list):
        yield Unreadable("not a JSON array")
        return
    for place, item in enumerate(posted):
        if isinstance(item, dict) and isinstance(item.get("event"), str):
            if item["event"] in KINDS:
                yield _event(record, item, place)
        else:
            yield Unreadable("not an event")


def _event(record: Record, item: dict[str, Any], place: int) -> Event:
    semantic_key = digest("sgx:", *(item.get(name) for name in IDENTITY))
    event_id = _text(item, "sg_event_id")
    agent = _text(item, "useragent")
    kind = KINDS[item["event"]]
    return Event(
        provider="sendgrid",
        kind=kind,
        dedupe_key=f"sg:{event_id}" if event_id else semantic_key,
        semantic_key=semantic_key,
        occurred_at=_instant(item.get("timestamp"), record.received_at),
        received_at=record.received_at,
        ref=f"{record.ref}#{place}",
        group="email",
        message_id=_text(item, "wb_message") or None,
        attempt_id=_text(item, "wb_attempt") or None,
        provider_id=_text(item, "sg_message_id") or None,
        address=_text(item, "email"),
        is_machine=item.get("sg_machine_open") is True
        or (kind in {"opened", "clicked"} and is_machine_agent(agent)),
        error_code=_text(item, "status") or None,
        # A link may be a person's key: whether two are the same is all that must be known.
        link=digest("", url) if kind == "clicked" and (url := _text(item, "url")) else None,
        detail={name: _short(item[name]) for name in DETAILS if name in item},
        suppress_reason=_suppress_reason(item),
        unsubscribe_list=_unsubscribe_list(item),
    )


def _suppress_reason(item: dict[str, Any]) -> str:
    match item["event"]:
        case "spamreport":
            return "spam_report"
        case "unsubscribe" | "group_unsubscribe":
            return "unsubscribe"
        case "bounce":  # a block is the server's mood of the day, not the address's end
            return "" if item.get("type") == "blocked" else "hard_bounce"
        case "dropped":
            return DROP_REASONS.get(_text(item, "reason"), "")
    return ""


def _unsubscribe_list(item: dict[str, Any]) -> str:
    """Coming back to one group takes back that somebody left that group, and nothing else."""
    if item["event"] in {"group_unsubscribe", "group_resubscribe"}:
        return f"sendgrid_group_{item.get('asm_group_id')}"
    return ""


def _text(item: dict[str, Any], name: str) -> str:
    value = item.get(name)
    return clean(value) if isinstance(value, str) else ""


def _short(value: object) -> object:
    return value[:MAX_TEXT] if isinstance(value, str) else value


def _instant(seconds: object, otherwise: datetime) -> datetime:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError, OSError):
        return otherwise


def parsed_mail(record: Record) -> Event:
    """The one event of an Inbound Parse post: a reply by email. Raises Unreadable."""
    form = _form(record)
    headers = HeaderParser().parsestr(form.get("headers", ""))
    address = _envelope_sender(form) or parseaddr(form.get("from", ""))[1]
    if not address:
        raise Unreadable("a mail without a sender")
    text = shortened(_text_of(form))
    subject = form.get("subject", "").strip()[:_LONGEST_SUBJECT]
    own = own_words(text).text
    whole = _written(subject, own, text)
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
        address=address,
        is_machine=is_machine,
        detail={"text": _written(subject, own, own)[:MAX_TEXT], "from": address},
        reply=None if is_machine else Reply(whole, mail_id=_mail_id(headers.get("Message-ID"))),
    )


def _form(record: Record) -> dict[str, str]:
    """The text fields of a multipart form; attachments stay in the raw segment."""
    head = f"Content-Type: {record.headers.get('content-type', '')}\r\n\r\n".encode()
    posted = BytesParser().parsebytes(head + record.body)
    parts = posted.get_payload()
    if not isinstance(parts, list):
        raise Unreadable("not a multipart form")
    fields = dict[str, bytes]()
    for part in parts:
        if not isinstance(part, Message):
            continue
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and not part.get_filename() and isinstance(content, bytes):
            fields[name] = content
    charsets = _charsets(fields.get("charsets", b""))
    return {name: clean(_decoded(value, charsets.get(name))) for name, value in fields.items()}


def _charsets(field: bytes) -> dict[str, object]:
    """In which characters SendGrid says that a field is written: those of the mail's part."""
    try:
        told = json.loads(field)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _decoded(value: bytes, charset: object) -> str:
    """UTF-8 where it is and nothing shifts; else as it is said to be, if Python knows it."""
    if b"\x1b" not in value:
        try:
            return value.decode()
        except UnicodeDecodeError:
            pass
    try:
        return value.decode(charset if isinstance(charset, str) else "utf-8", errors="replace")
    except (LookupError, ValueError):
        return value.decode(errors="replace")


def _text_of(form: dict[str, str]) -> str:
    """What the mail says; of one that came as HTML alone, what its page shows."""
    text = form.get("text", "")
    return text if text.strip() else text_of(form.get("html", ""))


def _envelope_sender(form: dict[str, str]) -> str:
    try:
        envelope = json.loads(form.get("envelope", ""))
    except ValueError:
        return ""
    sender = envelope.get("from") if isinstance(envelope, dict) else None
    return sender if isinstance(sender, str) else ""


def _mail_id(header: object) -> str | None:
    """A Message-ID as it should be: a foreign header that goes back out must be nothing else."""
    found = _MAIL_ID.fullmatch(str(header or "").strip())
    return found[0] if found else None


def _written(subject: str, own: str, text: str) -> str:
    """A mail's words: its subject too, unless it is that of the mail which they answer. A subject
    that says stop and nothing else never is."""
    said = _ANSWERS.sub("", subject)
    if plain(own) and _ANSWERS.match(subject) and not is_keyword(plain(said)):
        return text
    return f"{said}\n{text}".strip()
