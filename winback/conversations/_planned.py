"""Our reply to what somebody wrote: a message like any other, except that they asked for it.

Whoever writes it, a human or a responder, it passes the same states, the same guard and the same
one call, and what somebody wrote gets one reply, of whoever is first. Frequency caps and the
pause of a conversation are for what we begin, so they don't hold it back; opt-outs and hours do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, Row, select

from winback.base.clock import Clock
from winback.base.project import project_vars
from winback.base.settings import Settings
from winback.content import count_sms_parts, payloads
from winback.conversations._payloads import frozen
from winback.ledger import (
    HOLD,
    REPLIES,
    REPLY,
    WAITING,
    Ledger,
    Purpose,
    State,
    WrittenBy,
    close,
    insert_new,
    is_suppressed,
    replies_in,
    tables,
    waiting,
)
from winback.sending import Found, Hours, is_local_hour

# Why a reply of ours was not planned.
Refusal = Literal[
    "suppressed", "hours", "no_sender", "under_way", "may_have_left", "same_words", "answered"
]

# States of a reply that will not leave any more: another reply may be planned.
_OVER: Final[frozenset[State]] = frozenset({"rejected", "expired", "suppressed", "cancelled"})
# States in which nobody knows whether a reply left.
_IN_DOUBT: Final[frozenset[State]] = frozenset({"sending", "unknown"})
# The variant under which `messages` publishes them.
_VARIANTS: Final = {"responder": "automated", "human": "human", "template": "confirmation"}
_m = tables.messages.c


@dataclass(frozen=True)
class Planned:
    """The message that is our reply, and waits for its call."""

    message_id: str


@dataclass(frozen=True)
class NotPlanned:
    """No message was planned, for this reason."""

    reason: Refusal


def may_reply_now(message: Row[Any], settings: Settings, *, now: datetime) -> bool:
    """Whether a program's reply to this message's reader may leave now: the message's hours."""
    hours = _hours_of(message.channel, message, "responder", settings)
    return is_local_hour(hours, now, settings.shop_timezone)


def our_replies_in(connection: Connection, conversation_id: str) -> list[Row[Any]]:
    """Our replies in a conversation, whoever wrote them and whatever they came to, oldest first."""
    ids = [reply.reply_id for reply in replies_in(connection, conversation_id)]
    return _our_replies_to(connection, ids)


def words_of(message: Row[Any]) -> str:
    """What a reply of ours says."""
    return payloads.words_of(message.payload_json)


def plan_reply(
    connection: Connection,
    settings: Settings,
    *,
    to: Row[Any],
    message: Row[Any] | None,
    text: str,
    written_by: WrittenBy,
    now: datetime,
    leaves_by: datetime,
    again: bool = False,
    purpose: Purpose = REPLY,
    series_id: str | None = None,
) -> Planned | NotPlanned:
    """Plan our reply `to` what somebody wrote, who answered our `message` if we know of one.

    One reply may have left for what they wrote; `again` allows a human another, in other
    words. The same words that still wait are the same message. `series_id`: what confirms a
    join counts toward no cap, and ends with the join. The caller holds the write
    transaction; the words are frozen here and never change.
    """
    despite = (HOLD,) if written_by == "human" else ()
    group = to.channel_group
    if is_suppressed(connection, group=group, address=to.address, despite=despite):
        return NotPlanned("suppressed")
    earlier = _our_replies_to(connection, [to.reply_id])
    found = _standing(earlier, text, written_by, now=now, again=again)
    if found is not None:
        return found
    channel = "email" if group == "email" else "sms"
    hours = _hours_of(channel, message, written_by, settings)
    if not is_local_hour(hours, now, settings.shop_timezone):
        return NotPlanned("hours")
    sender, words = frozen(settings, to, message, text, written_by)
    if not sender or channel not in settings.enabled_channels:
        return NotPlanned("no_sender")
    payload, step = payloads.to_json(words), len(earlier)
    row = {
        "message_id": _identity(to.reply_id, step),
        "enrollment_id": _enrollment_id(to.reply_id),
        "playbook_id": REPLIES,
        "step": step,
        "customer_id": _whose(connection, to, message),
        "channel": channel,
        "variant": _VARIANTS[written_by],
        "purpose": purpose,
        "written_by": written_by,
        "address": to.address,
        "sender": sender,
        "payload_json": payload,
        "payload_sha256": hashlib.sha256(payload.encode()).hexdigest(),
        "template_version": "",
        "cap_scope": series_id,
        "segments": count_sms_parts(text, toll_free=settings.sms_toll_free)
        if channel == "sms"
        else None,
        "not_before": now,
        "window_closes_at": leaves_by,
        "expires_at": leaves_by,
        "zones": hours.zones,
        "local_opens_minute": hours.local_opens_minute,
        "local_closes_minute": hours.local_closes_minute,
        "state": "planned",
        "planned_at": now,
        "updated_at": now,
    }
    refusal = _while_lost(connection, row, to, now=now)
    insert_new(connection, tables.messages, [row])
    return NotPlanned(refusal) if refusal else Planned(str(row["message_id"]))


def _while_lost(
    connection: Connection, row: dict[str, Any], to: Row[Any], *, now: datetime
) -> Refusal | None:
    """In a ledger that was restored from a backup: whether the reply had left since, or may have.

    What may have left holds back programs. A human sees the conversation, and decides.
    """
    found = Found.of(connection)
    if found is None:
        return None
    wrote_at = to.received_at if row["written_by"] != "human" else datetime.max.replace(tzinfo=UTC)
    left, held = found.settle([row], {row["message_id"]: wrote_at}, at=now)
    return "answered" if left else "may_have_left" if held else None


def close_replied(ledger: Ledger, clock: Clock) -> int:
    """Close the conversations whose newest words have a reply that the provider took.

    One whose fate is unknown stays with a human, and so does a doubt (`hold`), which only
    `winback inbox resolve` releases. The number closed.
    """
    closed = 0
    with ledger.write() as connection:
        for conversation in waiting(connection):
            replies = replies_in(connection, conversation.conversation_id)
            ours = _our_replies_to(connection, [replies[-1].reply_id])
            taken = any(message.state == "accepted" for message in ours)
            if taken and not _is_held(connection, replies):
                closed += close(connection, conversation.conversation_id, at=clock.now())
    return closed


def _is_held(connection: Connection, replies: Sequence[Row[Any]]) -> bool:
    places = {(reply.channel_group, reply.address) for reply in replies}
    return any(
        is_suppressed(connection, group=group, address=address, reasons=[HOLD])
        for group, address in places
    )


def _our_replies_to(connection: Connection, reply_ids: Sequence[str]) -> list[Row[Any]]:
    ids = [_enrollment_id(reply_id) for reply_id in reply_ids]
    query = select(tables.messages).where(_m.enrollment_id.in_(ids))
    return list(connection.execute(query.order_by(_m.planned_at, _m.step)))


def _enrollment_id(reply_id: str) -> str:
    return f"{REPLIES}:{reply_id}"


def _identity(reply_id: str, step: int) -> str:
    """The same for the same reply, so that nobody plans it twice."""
    key = f"{REPLIES}|{reply_id}" + (f"|{step}" if step else "")
    return hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()


def _standing(
    earlier: Sequence[Row[Any]], text: str, written_by: WrittenBy, *, now: datetime, again: bool
) -> Planned | NotPlanned | None:
    """What our replies that are there already leave to do; None: a new one may be planned."""
    for ours in earlier:
        is_late = ours.state in WAITING and ours.expires_at <= now
        if ours.state in _OVER or is_late:
            continue
        if ours.state in _IN_DOUBT:
            return NotPlanned("may_have_left")
        says_the_same = words_of(ours) == text
        if ours.state in WAITING and says_the_same and ours.written_by == written_by:
            return Planned(ours.message_id)
        if ours.state not in {"accepted", "unknown_final"}:
            return NotPlanned("under_way")
        if says_the_same:
            return NotPlanned("same_words")
        if not again:
            return NotPlanned("may_have_left" if ours.state == "unknown_final" else "answered")
    return None


def _whose(connection: Connection, reply: Row[Any], message: Row[Any] | None) -> str:
    """The customer; the keyed hash of the address stands for a stranger."""
    known = message.customer_id if message is not None else reply.customer_id
    c = tables.conversations.c
    hidden = select(c.hidden_address).where(c.conversation_id == reply.conversation_id)
    return str(known or connection.scalar(hidden))


def _hours_of(
    channel: str, message: Row[Any] | None, written_by: WrittenBy, settings: Settings
) -> Hours:
    """When a reply of ours may arrive. An email wakes nobody; a human's text, and what
    confirms a join, keep the law's hours."""
    zones = message.zones if message is not None else ""
    if channel == "email":
        return Hours(channel, zones, 0, 24 * 60)
    if written_by != "responder" or message is None:
        rules = project_vars()
        opens, closes = rules["reply_opens_minute"], rules["reply_closes_minute"]
        # The place of a stranger is unknown; they write when they are awake.
        return Hours(channel, zones or settings.shop_timezone, opens, closes)
    return Hours(channel, zones, message.local_opens_minute, message.local_closes_minute)
