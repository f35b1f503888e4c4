"""SendGrid's Event Webhook, mapped to events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from winback.base.addresses import without_analytics
from winback.providers._event import Event, EventKind, Unreadable, clean, digest
from winback.providers._machines import is_machine_agent
from winback.providers._record import Record

KINDS: Final[dict[str, EventKind]] = {
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
DETAILS: Final = (
    "url", "type", "status", "reason", "response", "bounce_classification", "asm_group_id",
    "useragent", "category", "attempt",
)  # fmt: skip
# What makes two posts the same happening; the event's own id may differ between them.
IDENTITY: Final = (
    "sg_message_id", "email", "event", "timestamp", "url", "asm_group_id", "reason",
)  # fmt: skip
MAX_TEXT: Final = 2000


def events(record: Record) -> Iterator[Event | Unreadable]:
    """Each event of a webhook post; what makes no sense in between is told apart."""
    try:
        posted = json.loads(record.body)
    except (ValueError, RecursionError):
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
        link=digest("", without_analytics(url))
        if kind == "clicked" and (url := _text(item, "url"))
        else None,
        detail={name: _short(item[name]) for name in DETAILS if name in item},
        cause=_cause(item),
        unsubscribe_list=_unsubscribe_list(item),
    )


def _cause(item: dict[str, Any]) -> str:
    """Of a bounce its type, of a mail that was let fall the reason."""
    return _text(item, {"bounce": "type", "dropped": "reason"}.get(item["event"], ""))


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
