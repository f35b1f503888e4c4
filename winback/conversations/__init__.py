"""Conversations: our replies to what somebody wrote, by a human, a responder or a series."""

from winback.conversations._planned import (
    NotPlanned,
    Planned,
    close_replied,
    may_reply_now,
    our_replies_in,
    plan_reply,
    words_of,
)

__all__ = [
    "NotPlanned",
    "Planned",
    "close_replied",
    "may_reply_now",
    "our_replies_in",
    "plan_reply",
    "words_of",
]
