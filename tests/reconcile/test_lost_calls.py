"""Calls and messages of other kinds whose answer got lost are found as texts are."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from reconcile_parts import SETTLE, House

from winback.base.settings import CHANNELS

pytestmark = pytest.mark.long

MINUTE = timedelta(minutes=1)
SENDER = "+15005550006"
PAYLOADS = {
    "voice": {"from_": SENDER, "words": "Shop here: press any key.", "language": "en-US"},
    "whatsapp": {
        "from_": f"whatsapp:{SENDER}",
        "content_sid": "HX" + "0" * 32,
        "content_variables": '{"1": "Ann"}',
    },
    "mms": {"body": "Shop: look!", "media_url": ["https://cdn.example.com/a.jpg"]},
    "rcs": {"body": "Shop: look!"},
}


@pytest.fixture
def house(house: House) -> House:
    house.settings = house.settings.model_copy(update={"channels": ",".join(CHANNELS)})
    return house


def lose(house: House, channel: str, *, how: str) -> str:
    payload = dict(PAYLOADS[channel])
    if "body" in payload:
        payload["messaging_service_sid"] = house.settings.twilio_messaging_service_sid
    changes = {"address": "+4915550000001", "payload_json": json.dumps(payload)}
    (lost,) = house.add(1, channel=channel, **changes)
    house.fail(how, path="Messages.json|Calls.json")
    assert house.send().counts == {"unknown": 1}
    return lost


@pytest.mark.parametrize(("channel", "sid"), [("voice", "CA"), ("whatsapp", "SM"), ("mms", "MM")])
def test_what_was_taken_is_found_in_its_list(house: House, channel: str, sid: str) -> None:
    lost = lose(house, channel, how="drop_accepted")
    assert house.reconcile(after=SETTLE).accepted == 1
    row = house.message(lost)
    assert (row["state"], row["matched_by"], row["provider_id"][:2]) == ("accepted", "listed", sid)


@pytest.mark.parametrize("channel", PAYLOADS)
def test_what_was_not_taken_goes_again_after_two_looks(house: House, channel: str) -> None:
    lose(house, channel, how="drop")
    house.reconcile(after=SETTLE)
    assert house.reconcile(after=5 * MINUTE).planned_again == 1


def test_the_call_of_another_number_of_ours_is_not_taken_for_it(house: House) -> None:
    lost = lose(house, "voice", how="drop_accepted")
    house.set_payload(lost, PAYLOADS["voice"] | {"from_": "+15005550007"})
    house.reconcile(after=SETTLE)
    assert house.reconcile(after=5 * MINUTE).planned_again == 1


def test_what_became_of_a_call_is_asked_for_when_nobody_told(house: House) -> None:
    (call,) = house.add(1, channel="voice", payload_json=json.dumps(PAYLOADS["voice"]))
    assert house.send().counts == {"accepted": 1}
    assert house.reconcile(after=10 * MINUTE).polled == 1
    house.collect()
    told = [(e["message_id"], e["kind"]) for e in house.rows("provider_events")]
    assert told == [(call, "delivered")]
