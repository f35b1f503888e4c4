"""An answer to what somebody wrote: a message like any other, save that they asked for it.

It passes the same states, the same guard and the same one call. Frequency caps and the pause
of a conversation are for what we begin, so they don't hold it back; opt-outs and hours do.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row

from winback.ledger import insert_new, is_suppressed, tables
from winback.messages import count_segments
from winback.sending._guard import ANSWERS, is_local_hour
from winback.settings import Settings

_STEP: Final = 0


def answer_id(reply_id: str) -> str:
    """The one message that may ever answer a reply."""
    return hashlib.md5(f"{ANSWERS}|{reply_id}".encode(), usedforsecurity=False).hexdigest()


def may_answer_now(message: Row[Any], settings: Settings, *, now: datetime) -> bool:
    """Whether an answer to who got this message may leave now: the hours of their places."""
    return is_local_hour(message, now, settings.shop_timezone)


def plan_answer(
    connection: Connection,
    settings: Settings,
    *,
    reply: Row[Any],
    message: Row[Any],
    text: str,
    written_by: str,
    now: datetime,
    leaves_by: datetime,
) -> str | None:
    """Plan a text that answers `reply`, which answered our `message`; its id, or None.

    None: the reply has its answer already, or its sender must not be written to. The caller
    holds the write transaction; the words are frozen here and never change.
    """
    if is_suppressed(connection, group="phone", address=reply.address):
        return None
    sender = settings.twilio_messaging_service_sid
    payload = json.dumps(
        {"body": text, "messaging_service_sid": sender}, ensure_ascii=False, sort_keys=True
    )
    row = {
        "message_id": answer_id(reply.reply_id),
        "enrollment_id": f"{ANSWERS}:{reply.reply_id}",
        "playbook_id": ANSWERS,
        "step": _STEP,
        "customer_id": message.customer_id,
        "channel": "sms",
        "variant": written_by,
        "address": reply.address,
        "sender": sender,
        "payload_json": payload,
        "payload_sha256": hashlib.sha256(payload.encode()).hexdigest(),
        "template_version": "",
        "segments": count_segments(text),
        "not_before": now,
        "window_closes_at": leaves_by,
        "expires_at": leaves_by,
        "zones": message.zones,
        "local_opens_minute": message.local_opens_minute,
        "local_closes_minute": message.local_closes_minute,
        "state": "planned",
        "planned_at": now,
        "updated_at": now,
    }
    return str(row["message_id"]) if insert_new(connection, tables.messages, [row]) else None
