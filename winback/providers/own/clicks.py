"""Clicks on the links of our messages: who asked for one, and what is kept of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from winback.base.addresses import page_of, without_analytics
from winback.ledger import Link
from winback.providers._event import Event, Unreadable, clean, digest
from winback.providers._machines import is_machine_agent
from winback.providers._record import Record

# Headers with which a browser says that it looks ahead, and nobody has clicked yet.
_AHEAD: Final = ("purpose", "sec-purpose", "x-purpose", "x-moz")
_KEPT: Final = ("user-agent", *_AHEAD)
_MAX_HEADER: Final = 300


def click_record(
    link: Link, method: str, headers: Mapping[str, str], received_at: datetime
) -> Record:
    """What a request for a click link leaves in the event log; no address of the asker."""
    kept = {name: clean(headers[name])[:_MAX_HEADER] for name in _KEPT if name in headers}
    body = {"message_id": link.message_id, "pos": link.pos, "url": link.url, "method": method}
    return Record(
        provider="winback",
        endpoint="click",
        received_at=received_at,
        query="",
        headers=kept,
        body=json.dumps(body).encode(),
    )


def clicked(record: Record) -> Event:
    """Its event. Whoever clicks a link twice did one thing, told twice; a machine did another."""
    body = json.loads(record.body)
    if not isinstance(body, dict) or not body.get("message_id"):
        raise Unreadable("a click without a message")
    url = body.get("url")
    is_machine = _is_machine(body.get("method"), record.headers)
    happening = (body["message_id"], "clicked", body.get("pos"), is_machine)
    return Event(
        provider="winback",
        kind="clicked",
        dedupe_key=digest("wb:", *happening, record.ref),
        semantic_key=digest("wb:", *happening),
        occurred_at=record.received_at,
        received_at=record.received_at,
        ref=record.ref,
        group="email",
        message_id=body["message_id"],
        is_machine=is_machine,
        link=digest("", without_analytics(url)) if url else None,
        link_pos=body.get("pos"),
        link_address=page_of(url) if url else None,
        detail={"url": url, "useragent": record.headers.get("user-agent", "")},
    )


def _is_machine(method: object, headers: Mapping[str, str]) -> bool:
    agent = headers.get("user-agent", "")
    looks_ahead = any(
        word in headers.get(name, "").lower()
        for name in _AHEAD
        for word in ("prefetch", "prerender", "preview")
    )
    return method != "GET" or not agent or looks_ahead or is_machine_agent(agent)
