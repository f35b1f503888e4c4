"""What an event changes in the ledger beside its own row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import Connection

from winback.base.project import project_vars
from winback.inbound._match import Match
from winback.inbound._read_ahead import read_event
from winback.inbound._series import intent_of, series_wish
from winback.ledger import (
    LIFTED_BY_START,
    UNAUTHENTICATED,
    Proof,
    Written,
    is_suppressed,
    is_withdrawn,
    keep_replies,
    prove_accepted,
)
from winback.providers import Event, EventKind
from winback.replies import Intent, Reading, lapse_reason

# The content tag of the steps that ask why somebody stayed away.
FEEDBACK: Final = "feedback"
# What is also told of a batch that SendGrid discards because we cancelled it.
_SAID_OF_WITHDRAWN: Final[frozenset[EventKind]] = frozenset({"processed", "dropped"})


def understand(connection: Connection, event: Event, match: Match) -> tuple[Event, bool]:
    """A reply with its intent, and whether it asks to be written to again."""
    reply = event.reply
    if reply is None:
        return event, False
    reading = reply.reading or read_event(connection, event, match)
    # Who says stop says it, opted out or not: the many stops of a batch cost no query.
    is_opted_out = (
        reading.intent != "stop"
        and event.group == "phone"
        and is_suppressed(connection, group="phone", address=event.address, reasons=LIFTED_BY_START)
    )
    intent: Intent = reply.provider_intent or reading.intent_of(is_opted_out=is_opted_out)
    if not event.is_vouched_for:
        return _of_anybody(event, intent), False
    wish = series_wish(event, match, intent, reading.words, is_opted_out=is_opted_out)
    if wish is not None:
        event = replace(event, series=wish)
        if wish.kind != "leave" or intent != "hold":
            return replace(event, intent=intent_of(wish, match)), False
    return _acted_on(event, intent, reading, match)


def _of_anybody(event: Event, intent: Intent) -> Event:
    """What may be somebody else's: it silences the address, and is no customer's answer."""
    if intent == "stop":
        return replace(event, kind="opted_out", intent=intent, suppress_reason="stop")
    held = "hold" if intent == "hold" else ""
    return replace(event, intent=UNAUTHENTICATED, suppress_reason=held)


def _acted_on(event: Event, intent: Intent, reading: Reading, match: Match) -> tuple[Event, bool]:
    if intent == "other" and match.content_tag == FEEDBACK and not reading.is_reaction:
        intent = "feedback"  # asked why, they said something: that is the answer
    event = replace(event, intent=intent)
    if intent == "stop":
        return replace(event, kind="opted_out", suppress_reason="stop"), False
    if intent == "hold":
        return replace(event, suppress_reason="hold"), False
    if intent == "feedback":
        return replace(event, lapse_reason=lapse_reason(reading.words) or "other"), False
    if intent == "other" and reading.is_praise:
        return replace(event, intent="positive"), False
    return event, intent == "start" and event.group == "phone"


def remember(connection: Connection, answered: Iterable[tuple[Event, Match]]) -> int:
    """Keep replies in their people's conversations; to how many a human is newly owed.

    One that may be somebody else's has a conversation of its own, and none where it says stop.
    """
    replies = [reply for event, match in answered if (reply := _written(event, match))]
    gap = timedelta(days=project_vars()["conversation_gap_days"])
    return keep_replies(connection, replies, gap=gap)


def _written(event: Event, match: Match) -> Written | None:
    if event.reply is None or not event.address or event.intent is None:
        return None
    if not event.is_vouched_for and event.intent == "stop":
        return None
    return Written(
        reply_id=event.dedupe_key,
        group=match.group or event.group,
        address=event.address,
        customer_id=match.customer_id,
        message_id=match.message_id,
        text=event.reply.text,
        intent=event.intent,
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
    """As the answer to our call would have named it: of a SendGrid event, its request."""
    if event.provider == "sendgrid" and event.provider_id:
        return event.provider_id.partition(".")[0]
    return event.provider_id
