"""What an event changes in the ledger beside its own row."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Final, Literal

from sqlalchemy import Connection

from winback.base.project import project_seed, project_vars
from winback.inbound._match import Match
from winback.inbound._read_ahead import read_event
from winback.inbound._series import SeriesWish, intent_of, series_wish
from winback.ledger import (
    LIFTED_BY_START,
    UNAUTHENTICATED,
    Proof,
    Written,
    is_withdrawn,
    keep_replies,
    prove_accepted,
    suppressed_among,
)
from winback.providers import Event, EventKind
from winback.replies import Intent, Reading, lapse_reason, lapse_words

# The content tag of the steps that ask why somebody stayed away.
FEEDBACK: Final = "feedback"
# SendGrid reports these kinds also of a batch that it discards because we cancelled it.
_SAID_OF_WITHDRAWN: Final[frozenset[EventKind]] = frozenset({"processed", "dropped"})
_ANY: Final = "*"
# From what happened (provider, kind, cause) to why its address must not be written to from now on;
# the first row that fits counts. Twilio's error codes follow from the seed delivery_errors.
SILENCES: Final[Mapping[tuple[str, str, str], str]] = {
    ("sendgrid", "complained", _ANY): "spam_report",
    ("sendgrid", "opted_out", _ANY): "unsubscribe",
    ("winback", "opted_out", _ANY): "unsubscribe",
    ("twilio", "opted_out", _ANY): "stop",
    # A block is the server's mood of the day, not the address's end.
    ("sendgrid", "bounced", "blocked"): "",
    ("sendgrid", "bounced", _ANY): "hard_bounce",
    # A card that came back.
    ("print", "bounced", _ANY): "hard_bounce",
    # Why SendGrid itself refuses to write to somebody: our own list should have known.
    ("sendgrid", "dropped", "Bounced Address"): "hard_bounce",
    ("sendgrid", "dropped", "Invalid"): "hard_bounce",
    ("sendgrid", "dropped", "Spam Reporting Address"): "spam_report",
    ("sendgrid", "dropped", "Unsubscribed Address"): "unsubscribe",
}


@dataclass(frozen=True)
class Effects:
    """The effects of an event, beside its own row."""

    # The kind under which it is kept: a reply that says stop is an opt-out.
    kind: EventKind
    # Why its addresses must not be written to from now on; empty: they may.
    silence: str = ""
    # Whether a stop at its number is over.
    lifts: bool = False
    # What a reply asks for: an `Intent`, `positive`, or a wish about a series.
    intent: str | None = None
    # Why somebody stayed away, coded from their reply.
    lapse_reason: str | None = None
    # The listed phrase that it was coded by.
    lapse_words: str | None = None
    series: SeriesWish | None = None


# From what a reply asks for to what follows.
REPLIES: Final[Mapping[str, Effects]] = {
    "stop": Effects("opted_out", silence="stop", intent="stop"),
    "hold": Effects("replied", silence="hold", intent="hold"),
}


def silence_of(event: Event) -> str:
    """Why the address of what happened must not be written to from now on; empty: it may."""
    table = _silences()
    rows = (
        (event.provider, event.kind, event.cause),
        (event.provider, _ANY, event.cause),
        (event.provider, event.kind, _ANY),
    )
    return next((table[row] for row in rows if row in table), "")


@cache
def _silences() -> Mapping[tuple[str, str, str], str]:
    codes = {
        (row["provider"], _ANY, row["error_code"]): row["suppress_reason"]
        for row in project_seed("delivery_errors")
        if row["provider"] == "twilio"
    }
    return {**SILENCES, **codes}


def opted_out_among(connection: Connection, events: Iterable[Event]) -> set[str]:
    """The phones of these replies from which a stop came that START takes back."""
    # A stop counts whether its sender is opted out or not, so the many stops of a batch cost no
    # query.
    asked = {
        event.address
        for event in events
        if event.group == "phone"
        and event.reply is not None
        and (event.reply.reading is None or event.reply.reading.intent != "stop")
    }
    if not asked:
        return asked
    return suppressed_among(connection, group="phone", addresses=asked, reasons=LIFTED_BY_START)


def effects_of(
    connection: Connection, event: Event, match: Match, opted_out: Collection[str]
) -> Effects:
    """What follows from an event; of a reply, from what it asks for."""
    reply = event.reply
    if reply is None:
        return Effects(event.kind, silence=silence_of(event))
    reading = reply.reading or read_event(connection, event, match)
    is_opted_out = (
        reading.intent != "stop" and event.group == "phone" and event.address in opted_out
    )
    intent: Intent = reply.provider_intent or reading.intent_of(is_opted_out=is_opted_out)
    if not event.is_vouched_for:
        return _of_anybody(intent)
    wish = series_wish(event, match, intent, reading.words, is_opted_out=is_opted_out)
    if wish is None:
        return _of_a_reply(event, intent, reading, match)
    if wish.kind == "leave" and intent == "hold":
        return replace(REPLIES["hold"], series=wish)
    return Effects(event.kind, intent=intent_of(wish, match), series=wish)


def _of_anybody(intent: Intent) -> Effects:
    """A reply that may be somebody else's: it silences the address, and counts as no reply of the
    customer's."""
    if intent == "stop":
        return REPLIES["stop"]
    return Effects("replied", silence="hold" if intent == "hold" else "", intent=UNAUTHENTICATED)


def _of_a_reply(event: Event, intent: Intent, reading: Reading, match: Match) -> Effects:
    if intent == "other" and match.content_tag == FEEDBACK and not reading.is_reaction:
        intent = "feedback"  # we asked why, and this is what they said
    if intent in REPLIES:
        return REPLIES[intent]
    if intent == "feedback":
        why = lapse_reason(reading.words) or "other"
        words = lapse_words(reading.words)
        return Effects(event.kind, intent=intent, lapse_reason=why, lapse_words=words)
    if intent == "other" and reading.is_praise:
        return Effects(event.kind, intent="positive")
    lifts = intent == "start" and event.group == "phone"
    return Effects(event.kind, intent=intent, lifts=lifts)


def remember(connection: Connection, answered: Iterable[tuple[Event, Match, Effects]]) -> int:
    """Keep replies in their people's conversations; how many newly wait for a human.

    One that may be somebody else's has a conversation of its own, and none where it says stop.
    """
    replies = [reply for one in answered if (reply := _written(*one))]
    gap = timedelta(days=project_vars()["conversation_gap_days"])
    return keep_replies(connection, replies, gap=gap)


def _written(event: Event, match: Match, effects: Effects) -> Written | None:
    if event.reply is None or not event.address or effects.intent is None:
        return None
    if not event.is_vouched_for and effects.intent == "stop":
        return None
    return Written(
        reply_id=event.dedupe_key,
        group=match.group or event.group,
        address=event.address,
        customer_id=match.customer_id,
        message_id=match.message_id,
        text=event.reply.text,
        intent=effects.intent,
        received_at=event.received_at,
        mail_id=event.reply.mail_id,
    )


def bind(
    connection: Connection, event: Event, match: Match, *, at: datetime
) -> Literal["news", "known", "twice"]:
    """A signed callback that names our message proves that the provider has it.

    It does so in whatever state we believe the message to be: one that was given up is accepted
    after all, one that waits for its next attempt is not sent again, and one whose other attempt
    was taken too went out twice.
    """
    if match.by != "message_id" or match.message_id is None or event.provider == "winback":
        return "known"
    if match.state == "accepted" and not _may_be_another_attempt(event, match):
        return "known"
    if event.kind in _SAID_OF_WITHDRAWN and is_withdrawn(connection, event.attempt_id):
        return "known"
    proof = Proof(
        "callback",
        match.message_id,
        event.attempt_id,
        accepted_at=event.occurred_at,
        seen_at=event.received_at,
        provider=event.provider,
        provider_id=_request_id(event),
        source=event.ref,
    )
    return prove_accepted(connection, proof, at=at)


def _may_be_another_attempt(event: Event, match: Match) -> bool:
    """A first look, so that the many events of messages that are well cost no query."""
    if event.kind == "dropped":  # the provider let it fall: nobody got it
        return False
    if match.attempt_no > 1:
        return True
    return bool(
        event.provider_id
        and match.provider_id
        and not event.provider_id.startswith(match.provider_id)
    )


def _request_id(event: Event) -> str | None:
    """As the response to our call would have named it: of a SendGrid event, its request."""
    if event.provider == "sendgrid" and event.provider_id:
        return event.provider_id.partition(".")[0]
    return event.provider_id
