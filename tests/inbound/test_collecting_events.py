"""From acknowledged callbacks to the ledger's events: each counts once, for the right message."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from inbound_parts import EMAIL, NOW, PHONE, Provider, add_message, kinds, rows, sg_event
from urllib3.filepost import encode_multipart_formdata

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.inbound import collect
from winback.ledger import Ledger, keep_evidence, sent_twice
from winback.providers.sendgrid.mail import _mail_id


@pytest.fixture
def collected(ledger: Ledger, settings: Settings, clock: FixedClock) -> Any:
    """The ledger's events once everything acknowledged is in it."""

    def events() -> list[dict[str, Any]]:
        collect(ledger, settings, clock)
        return rows(ledger, "provider_events")

    return events


def test_every_kind_of_email_event_reaches_its_message(
    provider: Provider, ledger: Ledger, collected: Any
) -> None:
    add_message(ledger, "m1")
    names = ["processed", "deferred", "delivered", "open", "click", "bounce", "dropped"]
    names += ["spamreport", "unsubscribe", "group_unsubscribe"]
    provider.events(*(sg_event("m1", name) for name in names))
    events = collected()
    assert {event["message_id"] for event in events} == {"m1"}
    assert kinds(ledger) == [
        "bounced", "clicked", "complained", "deferred", "delivered", "dropped", "opened",
        "opted_out", "opted_out", "processed",
    ]  # fmt: skip
    assert {event["occurred_at"] for event in events} == {NOW}


def test_an_event_told_again_is_counted_and_not_repeated(
    provider: Provider, ledger: Ledger, collected: Any
) -> None:
    add_message(ledger, "m1")
    for _ in range(3):
        provider.events(sg_event("m1", "delivered"), sg_event("m1", "delivered"))
    (event,) = collected()
    assert event["n_seen"] == 6
    assert event["version"] == 1


def test_an_event_told_again_under_another_id_has_the_same_meaning(
    provider: Provider, ledger: Ledger, collected: Any
) -> None:
    add_message(ledger, "m1")
    provider.events(sg_event("m1", "click", url="/a", sg_event_id="one"))
    provider.events(sg_event("m1", "click", url="/a", sg_event_id="two"))
    provider.events(sg_event("m1", "click", url="/b", sg_event_id="three"))
    events = collected()
    assert len(events) == 3
    assert len({event["semantic_key"] for event in events}) == 2
    assert len({event["link"] for event in events}) == 2
    assert "/a" not in {event["link"] for event in events}  # a link may be a person's key


def test_events_in_any_order_leave_the_same_rows(
    provider: Provider, ledger: Ledger, collected: Any
) -> None:
    add_message(ledger, "m1", channel="sms", address=PHONE, provider="twilio", provider_id="SM1")
    for status in ("delivered", "sent", "delivered", "queued"):
        assert provider.status("m1", status) == 204
    assert sorted((e["kind"], e["n_seen"]) for e in collected()) == [
        ("delivered", 2),
        ("processed", 1),
        ("sent", 1),
    ]


@pytest.mark.parametrize("state", ["sending", "unknown"])
def test_a_callback_that_names_a_message_proves_it_was_accepted(
    provider: Provider, ledger: Ledger, collected: Any, state: str
) -> None:
    add_message(
        ledger, "m1", state=state, accepted_at=None, channel="sms", address=PHONE, claim_token="t"
    )
    provider.status("m1", "sent", sid="SM9")
    collected()
    (message,) = rows(ledger, "messages")
    assert (message["state"], message["provider_id"]) == ("accepted", "SM9")
    assert (message["accepted_at"], message["matched_by"]) == (NOW, "callback")
    assert message["version"] == 2
    assert [row["attempt_id"] for row in rows(ledger, "evidence")] == ["a1"]


LATE = ["planned", "deferred", "claimed", "rejected", "expired", "suppressed", "cancelled",
        "unknown_final"]  # fmt: skip


@pytest.mark.parametrize("state", LATE)
def test_a_callback_proves_a_message_accepted_whatever_was_believed_of_it(
    provider: Provider, ledger: Ledger, collected: Any, state: str
) -> None:
    """After it was given up, let go again, or forgotten by a ledger restored from a backup."""
    add_message(ledger, "m1", state=state, accepted_at=None, claim_token="t", next_at=NOW)
    provider.events(sg_event("m1", "delivered", wb_attempt="a1"))
    assert len(collected()) == 1
    (message,) = rows(ledger, "messages")
    assert (message["state"], message["matched_by"]) == ("accepted", "callback")
    assert (message["claim_token"], message["next_at"]) == (None, None)
    assert message["provider_id"] == "req1", "as the answer to our call names it"
    (piece,) = rows(ledger, "evidence")
    assert (piece["kind"], piece["attempt_id"]) == ("callback", "a1")


@pytest.mark.parametrize(
    ("first", "second", "alarms"),
    [
        ({"wb_attempt": "a1"}, {"wb_attempt": "a2", "sg_message_id": "req2.x"}, 1),
        ({"wb_attempt": "a1"}, {"wb_attempt": "a1", "sg_message_id": "req2.x"}, 0),
        ({"wb_attempt": "a1"}, {"wb_attempt": "a1"}, 0),
        ({}, {"sg_message_id": "req2.x"}, 1),
        ({}, {}, 0),
    ],
    ids=["another attempt", "another id, one attempt", "the same", "another request", "no ids"],
)
def test_two_attempts_that_were_both_taken_are_told_once_and_stay_visible(
    provider: Provider,
    ledger: Ledger,
    collected: Any,
    *,
    first: dict[str, str],
    second: dict[str, str],
    alarms: int,
) -> None:
    add_message(ledger, "m1", state="unknown", accepted_at=None)
    provider.events(sg_event("m1", "processed", **first))
    collected()
    for kind in ("processed", "delivered", "open"):
        provider.events(sg_event("m1", kind, **(second | {"sg_event_id": f"2-{kind}"})))
        collected()
    with ledger.read() as connection:
        assert len(sent_twice(connection)) == alarms
    kept = [piece["kind"] for piece in rows(ledger, "evidence")]
    assert sorted(kept) == ["callback", *["duplicate"] * alarms]
    (message,) = rows(ledger, "messages")
    assert message["state"] == "accepted"
    assert (message["state_reason"] == "accepted_twice") is bool(alarms)


def test_what_is_said_of_a_discarded_batch_proves_nothing_until_somebody_has_the_mail(
    provider: Provider, ledger: Ledger, collected: Any
) -> None:
    add_message(ledger, "m1", state="planned", accepted_at=None)
    with ledger.write() as connection:
        keep_evidence(connection, "withdrawn", seen_at=NOW, attempt_id="a1")
    provider.events(sg_event("m1", "processed", wb_attempt="a1"))
    provider.events(sg_event("m1", "dropped", wb_attempt="a1"))
    collected()
    assert [row["state"] for row in rows(ledger, "messages")] == ["planned"]
    provider.events(sg_event("m1", "delivered", wb_attempt="a1"))
    collected()
    assert [row["state"] for row in rows(ledger, "messages")] == ["accepted"]


def test_a_second_attempt_that_the_provider_let_fall_reached_nobody(
    provider: Provider, ledger: Ledger, collected: Any
) -> None:
    add_message(ledger, "m1", provider_id="req1", attempt_no=2)
    provider.events(sg_event("m1", "dropped", wb_attempt="a9", sg_message_id="req9.x"))
    collected()
    assert rows(ledger, "evidence") == []


def test_a_bounce_without_ids_is_matched_by_address_and_says_so(
    provider: Provider, ledger: Ledger, collected: Any
) -> None:
    add_message(ledger, "older", address=EMAIL, accepted_at=NOW - timedelta(days=3))
    add_message(ledger, "newer", address=EMAIL, accepted_at=NOW - timedelta(days=1))
    add_message(ledger, "later", address=EMAIL, accepted_at=NOW + timedelta(days=1))
    bare = {"email": EMAIL.upper(), "event": "bounce", "timestamp": int(NOW.timestamp())}
    provider.events(bare | {"sg_message_id": ""})
    (event,) = collected()
    assert (event["message_id"], event["matched_by"]) == ("newer", "address")
    assert event["dedupe_key"] == event["semantic_key"]


def test_an_event_without_our_id_is_matched_by_the_providers_request(
    provider: Provider, ledger: Ledger, collected: Any
) -> None:
    add_message(ledger, "m1", provider_id="req1")
    add_message(ledger, "newer", address=EMAIL, accepted_at=NOW)
    event = sg_event("m1", "delivered")
    del event["wb_message"]
    provider.events(event)
    (row,) = collected()
    assert (row["message_id"], row["matched_by"]) == ("m1", "provider_id")


def test_a_foreign_message_leaves_an_event_without_one(provider: Provider, collected: Any) -> None:
    provider.events(sg_event("not-ours", "delivered"))
    (event,) = collected()
    assert event["message_id"] is None


@pytest.mark.parametrize(
    ("fields", "is_machine"),
    [
        ({"event": "open", "sg_machine_open": True}, 1),
        ({"event": "open", "sg_machine_open": False, "useragent": "Mozilla/5.0"}, 0),
        ({"event": "click", "useragent": "Mozilla/5.0 (compatible; Barracuda Sentinel)"}, 1),
        ({"event": "click", "useragent": "python-requests/2.32"}, 1),
        ({"event": "click", "useragent": "Mozilla/5.0 (iPhone) Safari/605.1"}, 0),
        ({"event": "click", "useragent": "Mozilla/5.0 (Linux; Android 14; CUBOT KINGKONG)"}, 0),
        ({"event": "open", "useragent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}, 1),
        ({"event": "delivered", "useragent": "bot"}, 0),
    ],
)
def test_machines_that_open_and_click_are_told_apart(
    provider: Provider, ledger: Ledger, collected: Any, fields: dict[str, Any], is_machine: int
) -> None:
    add_message(ledger, "m1")
    provider.events(sg_event("m1", **fields))
    assert [event["is_machine"] for event in collected()] == [is_machine]


def test_what_makes_no_sense_between_two_events_costs_neither(
    provider: Provider, ledger: Ledger, collected: Any, settings: Settings, clock: FixedClock
) -> None:
    add_message(ledger, "m1")
    odd = [None, 7, "x", {}, {"event": 3}, {"event": "unheard_of"}, {"event": "open", "email": []}]
    lone_surrogate = sg_event("m1", "open", sg_event_id="\ud800\0", timestamp=1e300)
    provider.events(sg_event("m1", "processed"), *odd, lone_surrogate, sg_event("m1", "delivered"))
    provider.raw_events(b"not json")
    provider.raw_events(b"no form", path="inbound", **{"Content-Type": "text/plain"})
    provider.twilio("status?m=m1", {"MessageSid": "", "MessageStatus": "??"})
    assert {"processed", "delivered"} < {event["kind"] for event in collected()}


def test_an_email_reply_is_kept_without_what_it_quotes(
    provider: Provider, ledger: Ledger, collected: Any
) -> None:
    add_message(ledger, "m1")
    text = "Do you have it in blue?\n\nOn Mon, 2 Mar 2026, Shop wrote:\n> unsubscribe here"
    body, content_type = encode_multipart_formdata(
        {
            "headers": "Message-ID: <1@example.com>\n",
            "from": f"A <{EMAIL}>",
            "subject": "Re: hi",
            "text": text,
            "envelope": json.dumps({"from": EMAIL, "to": ["shop@example.com"]}),
        }
    )
    for _ in range(2):
        provider.raw_events(body, path="inbound", **{"Content-Type": content_type})
    (event,) = collected()
    assert (event["kind"], event["message_id"], event["n_seen"]) == ("replied", "m1", 2)
    detail = json.loads(event["detail_json"])
    assert (detail["text"], detail["intent"]) == ("Do you have it in blue?", "question")
    assert rows(ledger, "suppressions") == []
    assert [reply["mail_id"] for reply in rows(ledger, "replies")] == ["<1@example.com>"]


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        ("<1@x>", "<1@x>"),
        ("\n <folded@x> ", "<folded@x>"),
        ("<a@x>\r\nBcc: <b@x>", None),
        ("<a@x> <b@x>", None),
        ("<a b@x>", None),
        ("<\xe9@x>", None),
        ("<" + "x" * 251 + ">", None),
        ("<>", None),
        (None, None),
    ],
)
def test_a_mail_id_is_kept_only_if_it_may_stand_in_a_header(
    header: str | None, kept: str | None
) -> None:
    assert _mail_id(header) == kept


def test_an_automatic_answer_is_a_machines(
    provider: Provider, ledger: Ledger, collected: Any
) -> None:
    add_message(ledger, "m1")
    body, content_type = encode_multipart_formdata(
        {
            "headers": "Message-ID: <1@example.com>\nAuto-Submitted: auto-replied\n",
            "from": EMAIL,
            "text": "I am away. Stop by my desk to cancel.",
        }
    )
    provider.raw_events(body, path="inbound", **{"Content-Type": content_type})
    assert [(e["kind"], e["is_machine"]) for e in collected()] == [("replied", 1)]
    assert rows(ledger, "suppressions") == []


def test_several_collectors_at_once_count_each_event_once(
    provider: Provider, ledger: Ledger, settings: Settings, clock: FixedClock
) -> None:
    add_message(ledger, "m1")
    racers = [threading.Thread(target=collect, args=(ledger, settings, clock)) for _ in range(3)]
    for number in range(60):
        provider.events(sg_event("m1", "open", sg_event_id=f"e{number}"))
        if number % 20 == 0:
            racers[number // 20].start()
    for racer in racers:
        racer.join()
    collect(ledger, settings, clock)
    events = rows(ledger, "provider_events")
    assert (len(events), sum(event["n_seen"] for event in events)) == (60, 60)
