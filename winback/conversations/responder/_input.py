"""The fence before a responder: the conversations that it is asked about, and what it sees of
them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from winback.conversations.responder._seam import Conversation, HandOver
from winback.conversations.responder._words import clean, pattern
from winback.replies import Intent, classify

# A longer message than two texts is a story, and a machine's guess at it a risk.
LONGEST: Final = 320
# A reply that comes a day late surprises more than it helps.
OLDEST: Final = timedelta(hours=24)
# Enough to understand "and when does it end?".
EARLIER_SHOWN: Final = 4
_LINK: Final = re.compile(r"(?i)\b(?:https?|ftp)\b\s*:|\bwww\.|<[a-z!/]")
_EMAIL: Final = re.compile(r"\S+@\S+")
_LONG_NUMBER: Final = re.compile(r"\+?\d(?:[\s().\-/]{0,3}\d){5,}")


@dataclass(frozen=True)
class Thread:
    """One person's thread at the moment of the look, oldest message first.

    `unanswered` are their messages since our last reply, with the intent of each; `earlier`
    is what they wrote before; `answered_at` are the times of automated replies to them.
    """

    unanswered: Sequence[tuple[str, Intent]]
    received_at: datetime
    channel: str = "sms"
    earlier: Sequence[str] = ()
    answered_at: Sequence[datetime] = ()
    is_suppressed: bool = False
    has_human: bool = False


def conversation_of(
    thread: Thread, *, now: datetime, replies_per_day: int
) -> Conversation | HandOver:
    """The part of a thread that a responder may see, or why none is asked."""
    reason = _standing(thread, now, replies_per_day) or _reason_in_words(thread)
    if reason:
        return HandOver(reason)
    shown = [without_contact_data(text) for text, _ in thread.unanswered]
    earlier = [without_contact_data(text) for text in thread.earlier[-EARLIER_SHOWN:]]
    return Conversation(tuple(shown), tuple(earlier), thread.channel)


def without_contact_data(text: str) -> str:
    """A message without email addresses and numbers long enough to be somebody's."""
    return _LONG_NUMBER.sub("[number]", _EMAIL.sub("[email]", text))


def _standing(thread: Thread, now: datetime, replies_per_day: int) -> str:
    if thread.is_suppressed:
        return "suppressed"
    if thread.has_human:
        return "a_human_has_it"
    if now - thread.received_at > OLDEST:
        return "too_old"
    day_ago = now - timedelta(hours=24)
    if sum(at > day_ago for at in thread.answered_at) >= replies_per_day:
        return "replies_per_day"
    return ""


def _reason_in_words(thread: Thread) -> str:
    """Nothing but questions, as they were understood on arrival and as they read now."""
    reasons = [_reason_of(text, intent) for text, intent in thread.unanswered]
    if not reasons or any(reasons):
        return next(filter(None, reasons), "nothing_to_reply_to")
    if sum(len(text) for text, _ in thread.unanswered) > LONGEST:
        return "too_long"
    asked = {clean(text) for text, _ in thread.unanswered}
    return "asked_again" if asked & {clean(text) for text in thread.earlier} else ""


def _reason_of(text: str, intent: str) -> str:
    words = clean(text)
    if pattern("fences.toml", "auto_replies").search(words):
        return "auto_reply"
    if intent != "question" or classify(text) != "question":
        return "not_a_question"
    if not words:
        return "empty"
    return "holds_a_link" if _LINK.search(text) else ""
