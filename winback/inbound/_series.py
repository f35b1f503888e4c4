"""What a reply means to a content series: somebody joins it, says yes or no, or leaves it.

A word of a series is the whole message, and never one that means stop, start or help: those come
first. A yes counts only where it answers the text that asked for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import Connection, select

from winback.base.content_series import Series, content_series
from winback.content.payloads import words_of
from winback.inbound._match import Match
from winback.ledger import (
    SERIES_ASK,
    ask_to_join,
    end_joins,
    grant_join,
    is_hidden,
    is_suppressed,
    normalize,
    open_join,
    tables,
)
from winback.providers import Event
from winback.replies import Intent, is_listed, is_one_of

# A person joins from a number to which no message of ours had gone: a human has to look.
UNKNOWN_JOINER: Final = "unknown_joiner"
# These are no words of a series, even if a seed lists them.
_NEVER: Final = frozenset({"stop", "start", "help"})


@dataclass(frozen=True)
class SeriesWish:
    """A wish about a content series, said by one word."""

    kind: Literal["join", "confirm", "decline", "leave"]
    series_id: str


def series_wish(
    event: Event, match: Match, intent: Intent, words: str, *, is_opted_out: bool
) -> SeriesWish | None:
    """What a text asks of a series; None for all other replies.

    `words` are theirs alone, `intent` is how they read otherwise. Who is opted out means START by
    a yes.
    """
    if event.reply is None or event.group != "phone":
        return None
    given = _answer_to_the_question(words, match, is_opted_out=is_opted_out)
    return given or (None if intent in _NEVER else _word_of_a_series(words, intent))


def _answer_to_the_question(text: str, match: Match, *, is_opted_out: bool) -> SeriesWish | None:
    if match.purpose != SERIES_ASK or not match.cap_scope:
        return None
    if is_listed(text, "confirm") and not is_opted_out:
        return SeriesWish("confirm", match.cap_scope)
    return SeriesWish("decline", match.cap_scope) if is_listed(text, "decline") else None


def _word_of_a_series(text: str, intent: Intent) -> SeriesWish | None:
    for series in content_series():
        # "Stop tips" speaks of one series; what else it may mean a human reads.
        leaves = [series.leave_keyword, *(f"stop {word}" for word in series.keywords)]
        if is_one_of(text, leaves):
            return SeriesWish("leave", series.series_id)
        if intent != "hold" and series.is_enabled and is_one_of(text, series.keywords):
            return SeriesWish("join", series.series_id)
    return None


def is_word_of_a_series(words: str) -> bool:
    """Whether these words may ask anything of a series."""
    return _word_of_a_series(words, "other") is not None


def intent_of(wish: SeriesWish, match: Match) -> str:
    """The intent that the reply is kept with."""
    return UNKNOWN_JOINER if wish.kind == "join" and not _customer(match) else wish.kind


def apply_series_wish(
    connection: Connection,
    event: Event,
    match: Match,
    wish: SeriesWish | None,
    *,
    recorded_at: datetime,
) -> None:
    """Bring a wish into the ledger: with who, which series, when, their words and what they
    answered. Safe to repeat."""
    reply = event.reply
    if wish is None or reply is None:
        return
    address = normalize("phone", event.address)
    if wish.kind in {"decline", "leave"}:
        end_joins(
            connection,
            address=address,
            ended_by="left" if wish.kind == "leave" else "declined",
            ended_at=event.occurred_at,
            at=recorded_at,
            series_ids=[wish.series_id],
        )
        return
    found = open_join(connection, series_id=wish.series_id, address=address)
    if wish.kind == "confirm" and found is not None:
        granted = grant_join(
            connection,
            found.join_id,
            words=reply.text,
            reply_id=event.dedupe_key,
            terms=_words_of(connection, match.message_id),
            at=event.occurred_at,
        )
        if granted:
            return
    is_open = found is not None and (
        found.granted_at is not None
        or (found.confirm_by is not None and found.confirm_by >= event.occurred_at)
    )
    # A stop is taken back by START and by nothing else; and who is in needs no second join.
    if is_open or is_suppressed(connection, group="phone", address=address):
        return
    series = _of(wish.series_id)
    if series is None or not series.is_enabled:
        return
    days = series.confirm_within_days
    ask_to_join(
        connection,
        series_id=series.series_id,
        customer_id=_customer(match),
        address=address,
        words=reply.text,
        reply_id=event.dedupe_key,
        message_id=match.message_id,
        asked_at=event.occurred_at,
        confirm_by=event.occurred_at + timedelta(days=days) if days else None,
        terms=series.call_to_action or None,
        recorded_at=recorded_at,
    )


def _of(series_id: str) -> Series | None:
    return next((it for it in content_series() if it.series_id == series_id), None)


def _customer(match: Match) -> str | None:
    """The customer; a stranger to whom a human replied has a hash for an id."""
    known = match.customer_id
    return None if known is None or is_hidden(known) else known


def _words_of(connection: Connection, message_id: str | None) -> str:
    """The text that they said yes to, as it was sent."""
    m = tables.messages.c
    payload = connection.scalar(select(m.payload_json).where(m.message_id == message_id))
    return words_of(payload)
