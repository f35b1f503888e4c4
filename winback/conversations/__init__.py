"""Conversations: what we answer to what somebody wrote, by a human, a responder or a series."""

from winback.conversations._planned import (
    NotPlanned,
    Planned,
    answers_in,
    close_answered,
    may_answer_now,
    plan_answer,
    words_of,
)

__all__ = [
    "NotPlanned",
    "Planned",
    "answers_in",
    "close_answered",
    "may_answer_now",
    "plan_answer",
    "words_of",
]
