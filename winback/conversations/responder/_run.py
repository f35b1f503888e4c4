"""Automated replies: a question gets one, or it stays with a human."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, cast

from sqlalchemy import Connection, Row, select

from winback import conversations, sending
from winback.base.clock import Clock
from winback.base.settings import Settings
from winback.conversations.responder._ask import ask
from winback.conversations.responder._facts import Catalog, facts_for, read_catalog
from winback.conversations.responder._input import OLDEST, Thread
from winback.conversations.responder._seam import Draft, HandOver, Responder
from winback.ledger import (
    CAMPAIGN,
    REPLIES,
    Ledger,
    LedgerFenced,
    channel_group,
    insert_new,
    is_suppressed,
    normalize,
    replies_in,
    standing_preferences,
    tables,
    waiting,
)
from winback.replies import Intent, their_words

# How long a planned reply may wait for its call; then a human has the question again.
LEAVES_WITHIN: Final = timedelta(minutes=30)

_r = tables.responses.c
_m = tables.messages.c


@dataclass
class RespondReport:
    """The outcome of one round of replies."""

    answered: int = 0
    # Left for a human, by reason.
    handed_over: Counter[str] = field(default_factory=Counter)
    sent: sending.SendReport | None = None
    # Conversations in which nobody owes a reply any more.
    closed: int = 0

    def summary(self) -> str:
        """One line with the numbers that matter."""
        return f"{self.closed} replied to, {self.handed_over.total()} handed over to a human"


@dataclass(frozen=True)
class _Open:
    """A conversation whose newest reply no responder was asked about yet."""

    conversation: Row[Any]
    newest: Row[Any]
    # The message of ours that it replies to; None: we can't tell who wrote.
    message: Row[Any] | None
    thread: Thread


def reply_to_questions(
    ledger: Ledger,
    settings: Settings,
    clock: Clock,
    responder: Responder,
    *,
    published: Path,
) -> RespondReport:
    """Ask the responder about each open question once; send what passes, leave the rest.

    Safe to run again after any end, and beside another run: the decision and the frozen
    reply are one commit, keyed by what they wrote, and the call is made by `send_due`. A question
    that comes outside of the person's hours waits for the next round inside them. Raises
    LedgerFenced for a copied ledger.
    """
    if ledger.fenced:
        raise LedgerFenced(ledger.fenced)
    report = RespondReport(closed=conversations.close_replied(ledger, clock))
    catalog: Catalog | None = None
    for found in _open_questions(ledger, settings, clock.now()):
        catalog = catalog or read_catalog(published, settings)
        given = _draft_reply(found, responder, catalog, settings, now=clock.now())
        _keep(ledger, settings, found, given, report, now=clock.now())
    # Replies that a dead round has planned go too.
    if any(step[0] == REPLIES for step in sending.steps_due(ledger, clock)):
        report.sent = sending.send_due(ledger, settings, clock, playbook_id=REPLIES)
        report.closed += conversations.close_replied(ledger, clock)
    return report


def _open_questions(ledger: Ledger, settings: Settings, now: datetime) -> list[_Open]:
    with ledger.read() as connection:
        found = [_look(connection, row, now) for row in waiting(connection)]
    return [
        one
        for one in found
        if one is not None
        and (
            one.message is None
            or now - one.newest.received_at > OLDEST
            or conversations.may_reply_now(one.message, settings, now=now)
        )
    ]


def _look(connection: Connection, conversation: Row[Any], now: datetime) -> _Open | None:
    """The thread as the fence before a responder needs it; None if a responder was asked
    already."""
    replies = replies_in(connection, conversation.conversation_id)
    asked = connection.execute(
        select(tables.responses).where(_r.conversation_id == conversation.conversation_id)
    ).all()
    newest = replies[-1]
    if newest.reply_id in {response.reply_id for response in asked}:
        return None
    message = connection.execute(
        select(tables.messages).where(_m.message_id == newest.message_id)
    ).first()
    since = conversation.waiting_since
    thread = Thread(
        unanswered=[
            (their_words(reply.text), cast("Intent", reply.intent))
            for reply in replies
            if reply.received_at >= since
        ],
        received_at=newest.received_at,
        channel="sms" if newest.channel_group == "phone" else "email",
        earlier=[their_words(reply.text) for reply in replies if reply.received_at < since],
        answered_at=_answered_at(connection, conversation.address),
        is_suppressed=_wants_silence(connection, conversation, message, now),
        has_human=_has_human(connection, conversation, asked),
    )
    return _Open(conversation, newest, message, thread)


def _has_human(connection: Connection, conversation: Row[Any], asked: Sequence[Row[Any]]) -> bool:
    """Whether a human is in it: what was handed over since they wait, or a human's own reply."""
    since = conversation.waiting_since
    return any(r.message_id is None and r.decided_at >= since for r in asked) or any(
        ours.written_by == "human"
        for ours in conversations.our_replies_in(connection, conversation.conversation_id)
    )


def _wants_silence(
    connection: Connection, conversation: Row[Any], message: Row[Any] | None, now: datetime
) -> bool:
    """Whether they opted out, or asked for a break: a human may answer in one, no program does."""
    if is_suppressed(connection, group=conversation.channel_group, address=conversation.address):
        return True
    wishes = standing_preferences(connection, [message], now=now) if message else {}
    return any(wish & {"stop", "pause"} for wish in wishes.values())


def _answered_at(connection: Connection, address: str) -> Sequence[datetime]:
    """When replies to this address were planned, in whatever conversation."""
    query = select(_m.planned_at).where(_m.address == address, _m.purpose != CAMPAIGN)
    return list(connection.scalars(query))


def _draft_reply(
    found: _Open, responder: Responder, catalog: Catalog, settings: Settings, *, now: datetime
) -> Draft | HandOver:
    message = found.message
    if message is None or not _is_its_reader(message, found):
        return HandOver("unknown_sender")
    if message.channel == "whatsapp":
        # Their consent is to that app: a human decides whether a text may be the reply.
        return HandOver("other_app")
    facts = facts_for(
        catalog,
        settings,
        customer_id=message.customer_id,
        text=" ".join(text for text, _ in found.thread.unanswered),
        now=now,
        zones=message.zones,
    )
    limit = settings.responder_replies_per_day
    return ask(responder, found.thread, facts, now=now, replies_per_day=limit)


def _is_its_reader(message: Row[Any], found: _Open) -> bool:
    """Whether the writer is the person who got our message, at the address where they got it."""
    group = channel_group(message.channel)
    return bool(
        message.customer_id == found.conversation.customer_id
        and group == found.newest.channel_group
        and normalize(group, message.address) == found.newest.address
    )


def _keep(
    ledger: Ledger,
    settings: Settings,
    found: _Open,
    given: Draft | HandOver,
    report: RespondReport,
    *,
    now: datetime,
) -> None:
    """The decision and its message, in one commit; nothing if they wrote on meanwhile."""
    with ledger.write() as connection:
        newest = replies_in(connection, found.conversation.conversation_id)[-1]
        if newest.reply_id != found.newest.reply_id:
            return
        decided: HandOver | conversations.Planned = HandOver("")
        if isinstance(given, HandOver):
            decided = given
        elif found.message is not None:
            decided = _plan(connection, settings, newest, found.message, text=given.text, now=now)
        message_id = decided.message_id if isinstance(decided, conversations.Planned) else None
        reason = decided.reason if isinstance(decided, HandOver) else None
        row = {
            "reply_id": newest.reply_id,
            "conversation_id": newest.conversation_id,
            "message_id": message_id,
            "reason": reason,
            "decided_at": now,
        }
        if not insert_new(connection, tables.responses, [row]):
            return
    if reason is None:
        report.answered += 1
    else:
        report.handed_over[reason] += 1


def _plan(
    connection: Connection,
    settings: Settings,
    reply: Row[Any],
    message: Row[Any],
    *,
    text: str,
    now: datetime,
) -> conversations.Planned | HandOver:
    planned = conversations.plan_reply(
        connection,
        settings,
        to=reply,
        message=message,
        text=text,
        written_by="responder",
        now=now,
        leaves_by=now + LEAVES_WITHIN,
    )
    if isinstance(planned, conversations.Planned):
        return planned
    # A human was faster, or a rule forbids every reply now.
    is_answered = planned.reason in {"under_way", "may_have_left", "same_words", "answered"}
    return HandOver("a_human_has_it" if is_answered else planned.reason)
