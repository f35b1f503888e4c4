"""Replies are kept in conversations, and who waits for a human is known at once."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pyarrow.parquet as pq
import pytest
from inbound_parts import NOW, PHONE, Provider, add_message, rows

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.inbound import collect
from winback.ledger import Ledger, close, export_ledger
from winback.replies import classify
from winback.replies._classify import is_positive

DAY = timedelta(days=1)


@pytest.fixture
def says(provider: Provider, ledger: Ledger, settings: Settings, clock: FixedClock) -> Any:
    """Have somebody text us after so much time; the ledger's replies and conversations."""
    sids = iter(range(1000))

    def text(body: str, *, after: timedelta = timedelta(0), sender: str = PHONE) -> Any:
        clock.advance(after)
        provider.text(body, sid=f"SM{next(sids)}", sender=sender)
        collect(ledger, settings, clock)
        return rows(ledger, "replies"), rows(ledger, "conversations")

    return text


def sms(ledger: Ledger, message_id: str = "m1", **changes: object) -> None:
    add_message(ledger, message_id, **({"channel": "sms", "address": PHONE} | changes))


@pytest.mark.parametrize(
    ("text", "intent", "waits"),
    [
        ("Do you have it in blue?", "question", True),
        ("can you cancel my order", "hold", True),
        ("I am in Denver this week", "other", True),
        ("STOP", "stop", False),
        ("START", "start", False),
        ("HELP", "help", False),
        ("Too expensive for me", "feedback", False),
        ("Thank you so much!", "positive", False),
        ("❤️", "positive", False),
    ],
)
def test_a_reply_is_kept_with_its_intent_and_the_unclear_wait_for_a_human(
    ledger: Ledger, says: Any, text: str, intent: str, waits: bool
) -> None:
    sms(ledger)
    ((reply,), (conversation,)) = says(text)
    assert (reply["text"], reply["intent"], reply["received_at"]) == (text, intent, NOW)
    assert (reply["message_id"], reply["customer_id"]) == ("m1", "c-m1")
    assert (reply["channel_group"], reply["address"]) == ("phone", PHONE)
    assert conversation["conversation_id"] == reply["conversation_id"]
    assert conversation["waiting_since"] == (NOW if waits else None)
    (event,) = rows(ledger, "provider_events")
    assert (event["intent"], json.loads(event["detail_json"])["intent"]) == (intent, intent)


def test_who_was_never_written_to_has_a_conversation_by_address_alone(says: Any) -> None:
    ((reply,), (conversation,)) = says("Are you open on Sunday?")
    assert (reply["customer_id"], reply["message_id"]) == (None, None)
    assert (conversation["customer_id"], conversation["address"]) == (None, PHONE)


def test_a_reply_within_the_gap_goes_on_with_the_conversation_and_a_later_one_does_not(
    ledger: Ledger, says: Any
) -> None:
    sms(ledger)
    says("Thanks!")
    _, one = says("lovely", after=7 * DAY - timedelta(seconds=1))
    assert [row["last_reply_at"] - NOW for row in one] == [7 * DAY - timedelta(seconds=1)]
    _, two = says("great", after=7 * DAY)
    assert len(two) == 2
    assert len({row["conversation_id"] for row in rows(ledger, "replies")}) == 2


def test_who_waits_for_an_answer_stays_in_the_conversation_however_long(
    ledger: Ledger, says: Any
) -> None:
    says("Do you ship to Canada?")
    _, (conversation,) = says("hello?", after=30 * DAY)
    assert conversation["waiting_since"] == NOW


def test_a_person_has_one_conversation_over_all_their_addresses(ledger: Ledger, says: Any) -> None:
    sms(ledger)
    sms(ledger, "m2", customer_id="c-m1", address="+14155550199")
    says("Thanks!")
    replies, (conversation,) = says("great", sender="+14155550199")
    assert {reply["conversation_id"] for reply in replies} == {conversation["conversation_id"]}
    assert conversation["address"] == "+14155550199"


def test_a_question_after_a_resolved_one_waits_anew(
    ledger: Ledger, clock: FixedClock, says: Any
) -> None:
    _, (conversation,) = says("Do you ship to Canada?")
    with ledger.write() as connection:
        assert close(connection, conversation["conversation_id"], at=clock.at)
        assert not close(connection, conversation["conversation_id"], at=clock.at)
    _, (conversation,) = says("And to Mexico?", after=DAY)
    assert (conversation["waiting_since"], conversation["resolved_at"]) == (NOW + DAY, None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [("meh", "other"), ("too pricey", "price"), ("I love you all, great shop", "other")],
)
def test_whatever_answers_a_step_that_asks_for_feedback_is_feedback(
    ledger: Ledger, says: Any, text: str, reason: str
) -> None:
    sms(ledger, content_tag="feedback")
    ((reply,), (conversation,)) = says(text)
    assert (reply["intent"], conversation["waiting_since"]) == ("feedback", None)
    assert [event["lapse_reason"] for event in rows(ledger, "provider_events")] == [reason]


@pytest.mark.parametrize(
    ("text", "intent"), [("STOP", "stop"), ("why?", "question"), ("cancel my order", "hold")]
)
def test_a_question_or_a_doubt_is_no_feedback_even_there(
    ledger: Ledger, says: Any, text: str, intent: str
) -> None:
    sms(ledger, content_tag="feedback")
    ((reply,), _) = says(text)
    assert reply["intent"] == intent
    assert [event["lapse_reason"] for event in rows(ledger, "provider_events")] == [None]


@pytest.mark.parametrize(
    ("text", "positive"),
    [
        ("Thank you!!", True),
        ("ok great thanks 😊", True),
        ("Merci beaucoup", True),
        ("👍🏽", True),
        ("", False),
        ("yes", False),
        ("ok", False),
        ("thanks but where is my parcel", False),
        ("great, another one", False),
        ("🛒", False),
    ],
)
def test_praise_alone_is_positive(text: str, positive: bool) -> None:
    assert is_positive(text) is positive
    assert classify(text) == "other"


def test_the_words_of_a_reply_are_never_exported(
    ledger: Ledger, settings: Settings, says: Any
) -> None:
    sms(ledger)
    says("My secret is 4711, why?")
    assert export_ledger(ledger, settings.ledger_landing_dir)["conversations"] == 1
    files = sorted(settings.ledger_landing_dir.rglob("*.parquet"))
    cells = [
        str(v) for file in files for row in pq.read_table(file).to_pylist() for v in row.values()
    ]
    assert [cell for cell in cells if "4711" in cell] == []
