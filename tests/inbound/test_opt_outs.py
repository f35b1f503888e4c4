"""An opt-out is in the ledger at once, covers what it should, and nothing older undoes it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from inbound_parts import EMAIL, NOW, PHONE, Provider, add_message, rows, sg_event
from urllib3.filepost import encode_multipart_formdata

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.inbound import collect
from winback.ledger import Ledger
from winback.ledger._export import EXPORTED

Eventually = Callable[[Callable[[], bool]], float]


@pytest.fixture
def suppressed(ledger: Ledger, settings: Settings, clock: FixedClock) -> Any:
    """(group, address, reason) of each suppression in force."""

    def in_force() -> list[tuple[str, str, str]]:
        collect(ledger, settings, clock)
        return sorted(
            (row["channel_group"], row["address"], row["reason"])
            for row in rows(ledger, "suppressions")
            if row["lifted_at"] is None
        )

    return in_force


def test_a_stop_stops_within_a_second_while_others_write(
    provider: Provider, ledger: Ledger, eventually: Eventually
) -> None:
    for number in range(3):
        add_message(ledger, f"p{number}", channel="sms", address=PHONE, state="planned")
    is_over = threading.Event()

    def keep_writing() -> None:
        number = 0
        while not is_over.is_set():
            add_message(ledger, f"busy{number}")
            number += 1

    sender = threading.Thread(target=keep_writing)
    sender.start()
    try:
        assert provider.text("STOP") == 200
        seconds = eventually(lambda: bool(rows(ledger, "suppressions")))
    finally:
        is_over.set()
        sender.join()
    assert seconds < 1
    assert {m["state"] for m in rows(ledger, "messages") if m["address"] == PHONE} == {"suppressed"}


def test_a_stop_covers_every_phone_channel_and_no_email(
    provider: Provider, ledger: Ledger, suppressed: Any
) -> None:
    add_message(ledger, "text", channel="sms", address=PHONE, state="planned")
    add_message(ledger, "picture", channel="whatsapp", address=PHONE, state="deferred")
    add_message(ledger, "sent", channel="sms", address=PHONE, state="accepted")
    add_message(ledger, "mail", channel="email", state="planned")
    add_message(ledger, "other", channel="sms", address="+14155550101", state="planned")
    provider.text("Please stop texting me!!", sender=f"whatsapp:{PHONE}")
    assert suppressed() == [("phone", PHONE, "stop")]
    states = {message["message_id"]: message["state"] for message in rows(ledger, "messages")}
    assert states == {
        "text": "suppressed",
        "picture": "suppressed",
        "sent": "accepted",
        "mail": "planned",
        "other": "planned",
    }


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"event": "spamreport"}, "spam_report"),
        ({"event": "unsubscribe"}, "unsubscribe"),
        ({"event": "group_unsubscribe", "asm_group_id": 7}, "unsubscribe"),
        ({"event": "bounce", "type": "bounce"}, "hard_bounce"),
        ({"event": "dropped", "reason": "Unsubscribed Address"}, "unsubscribe"),
        ({"event": "bounce", "type": "blocked"}, None),
        ({"event": "dropped", "reason": "Invalid SMTPAPI header"}, None),
        ({"event": "deferred"}, None),
    ],
)
def test_email_events_that_end_an_address(
    provider: Provider, ledger: Ledger, suppressed: Any, event: dict[str, Any], reason: str | None
) -> None:
    add_message(ledger, "m1")
    provider.events(sg_event("m1", **event))
    assert suppressed() == ([("email", EMAIL, reason)] if reason else [])


def test_coming_back_to_a_group_takes_back_leaving_that_group_and_nothing_else(
    provider: Provider, ledger: Ledger, suppressed: Any
) -> None:
    def tell(message_id: str, event: str, *, seconds: int, **fields: object) -> None:
        at = int(NOW.timestamp()) + seconds
        provider.events(
            sg_event(message_id, event, timestamp=at, sg_event_id=f"{message_id}{at}", **fields)
        )

    for name in ("back", "older", "other", "all", "spam"):
        add_message(ledger, name)
    tell("back", "group_unsubscribe", seconds=0, asm_group_id=7)
    tell("back", "group_resubscribe", seconds=1, asm_group_id=7)
    tell("older", "group_unsubscribe", seconds=1, asm_group_id=7)
    tell("older", "group_resubscribe", seconds=0, asm_group_id=7)
    tell("other", "group_unsubscribe", seconds=0, asm_group_id=7)
    tell("other", "group_resubscribe", seconds=1, asm_group_id=8)
    tell("all", "unsubscribe", seconds=0)
    tell("all", "group_resubscribe", seconds=1, asm_group_id=7)
    tell("spam", "spamreport", seconds=0)
    tell("spam", "group_resubscribe", seconds=1, asm_group_id=7)
    tell("nobody", "group_resubscribe", seconds=1)
    addresses = [address for _, address, _ in suppressed()]
    assert addresses == [f"{name}@example.com" for name in ("all", "older", "other", "spam")]


@pytest.mark.parametrize(
    ("code", "reason"), [("21610", "opted_out"), ("30006", "bad_address"), ("30003", None)]
)
def test_texting_errors_that_end_a_number(
    provider: Provider, ledger: Ledger, suppressed: Any, code: str, reason: str | None
) -> None:
    add_message(ledger, "m1", channel="sms", address=PHONE)
    provider.status("m1", "undelivered", ErrorCode=code)
    assert suppressed() == ([("phone", PHONE, reason)] if reason else [])
    assert [event["error_code"] for event in rows(ledger, "provider_events")] == [code]


def test_start_lifts_an_older_stop_and_a_stop_after_it_holds_again(
    provider: Provider, clock: FixedClock, suppressed: Any
) -> None:
    provider.text("STOP", sid="SM1")
    assert suppressed() == [("phone", PHONE, "stop")]
    clock.advance(timedelta(minutes=1))
    provider.text("Start", sid="SM2")
    assert suppressed() == []
    clock.advance(timedelta(minutes=1))
    provider.text("stop", sid="SM3")
    assert suppressed() == [("phone", PHONE, "stop")]


def test_a_start_told_again_after_a_newer_stop_lifts_nothing(
    provider: Provider, clock: FixedClock, suppressed: Any
) -> None:
    for minutes, (text, sid) in enumerate([("START", "SM1"), ("STOP", "SM2"), ("START", "SM1")]):
        clock.at = NOW + timedelta(minutes=minutes)
        provider.text(text, sid=sid)
        suppressed()
    assert suppressed() == [("phone", PHONE, "stop")]


def test_start_lifts_no_email_opt_out_no_hold_and_no_dead_number(
    provider: Provider, ledger: Ledger, clock: FixedClock, suppressed: Any
) -> None:
    add_message(ledger, "m1")
    add_message(ledger, "t1", channel="sms", address=PHONE)
    provider.events(sg_event("m1", "unsubscribe"))
    provider.text("you are spammers", sid="SM1")
    provider.status("t1", "failed", ErrorCode="30005")
    before = suppressed()
    assert [reason for *_, reason in before] == ["unsubscribe", "bad_address", "hold"]
    clock.advance(timedelta(minutes=1))
    provider.text("START", sid="SM2")
    assert suppressed() == before


def test_yes_is_a_start_only_for_somebody_who_stopped(
    provider: Provider, ledger: Ledger, clock: FixedClock, suppressed: Any
) -> None:
    for minute, text in enumerate(["YES", "STOP", "YES"]):
        clock.at = NOW + timedelta(minutes=minute)
        provider.text(text, sid=f"SM{minute}")
        suppressed()
    assert suppressed() == []
    details = [json.loads(event["detail_json"]) for event in rows(ledger, "provider_events")]
    assert [detail["intent"] for detail in details] == ["other", "stop", "start"]


def test_a_yes_to_a_question_lifts_nothing_from_somebody_who_only_is_on_hold(
    provider: Provider, ledger: Ledger, clock: FixedClock, suppressed: Any
) -> None:
    provider.text("you are spammers", sid="SM1")
    suppressed()
    clock.advance(timedelta(minutes=1))
    provider.text("YES", sid="SM2")
    assert suppressed() == [("phone", PHONE, "hold")]
    details = [json.loads(event["detail_json"]) for event in rows(ledger, "provider_events")]
    assert [detail["intent"] for detail in details] == ["hold", "other"]


def test_twilios_own_reading_of_a_stop_is_believed(provider: Provider, suppressed: Any) -> None:
    provider.text("AUFHÖREN BITTE SOFORT", OptOutType="STOP")
    assert suppressed() == [("phone", PHONE, "stop")]


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Re: We miss you", "Unsubscribe\n> quoted"),
        ("unsubscribe", ""),
        ("Unsubscribe", "Sent from my phone"),
        ("AW: Wir vermissen dich", "Hallo,\n\nbitte abmelden\n\nAnn Smith\nSmith & Söhne"),
    ],
)
def test_a_mail_can_unsubscribe_by_text_or_by_subject(
    provider: Provider, suppressed: Any, subject: str, text: str
) -> None:
    body, content_type = encode_multipart_formdata(
        {"from": f"A <{EMAIL.upper()}>", "subject": subject, "text": text}
    )
    provider.raw_events(body, path="inbound", **{"Content-Type": content_type})
    assert suppressed() == [("email", EMAIL, "stop")]


def test_the_subject_of_ours_that_a_mail_answers_says_nothing(
    provider: Provider, ledger: Ledger, suppressed: Any
) -> None:
    form = {"from": EMAIL, "subject": "Re: Last stop: 20% off", "text": "See you soon"}
    body, content_type = encode_multipart_formdata(form)
    provider.raw_events(body, path="inbound", **{"Content-Type": content_type})
    assert suppressed() == []
    (event,) = rows(ledger, "provider_events")
    assert json.loads(event["detail_json"])["text"] == "See you soon"


def test_why_somebody_stayed_away_is_coded_and_their_words_stay_in_the_ledger(
    provider: Provider, ledger: Ledger, suppressed: Any
) -> None:
    add_message(ledger, "t1", channel="sms", address=PHONE)
    provider.text("Honestly? no. It was too expensive", sid="SM1")
    provider.text("it was too expensive for me", sid="SM2")
    assert suppressed() == []
    told = {event["dedupe_key"]: event for event in rows(ledger, "provider_events")}
    assert told["twi:SM1"]["lapse_reason"] is None, "a question is for a person to read"
    assert told["twi:SM2"]["lapse_reason"] == "price"
    assert told["twi:SM2"]["lapse_words"] == "too expensive"
    assert "lapse_reason" in EXPORTED["provider_events"]
    assert "detail_json" not in EXPORTED["provider_events"]


def test_the_reply_is_stored_with_its_intent_for_a_person_to_read(
    provider: Provider, ledger: Ledger, suppressed: Any
) -> None:
    add_message(ledger, "t1", channel="sms", address=PHONE)
    provider.text("can you cancel my order")
    assert suppressed() == [("phone", PHONE, "hold")]
    (event,) = rows(ledger, "provider_events")
    assert (event["kind"], event["message_id"]) == ("replied", "t1")
    detail = json.loads(event["detail_json"])
    assert (detail["intent"], detail["text"]) == ("hold", "can you cancel my order")
