"""What comes back of a call: how far it got, and the key that ends all calls and texts."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest
import requests
from inbound_parts import PHONE, Provider, add_message, rows

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.inbound import collect
from winback.ledger import Ledger

SHOP = "+15550008"
OF_US = {"CallSid": "CA1", "From": SHOP, "To": PHONE, "Direction": "outbound-api"}
TO_US = {"CallSid": "CA2", "From": PHONE, "To": "+18005550100", "Direction": "inbound"}


@pytest.fixture
def collected(ledger: Ledger, settings: Settings, clock: FixedClock) -> Any:
    def events() -> list[dict[str, Any]]:
        collect(ledger, settings, clock)
        return rows(ledger, "provider_events")

    return events


def spoken(answer: requests.Response) -> list[ET.Element]:
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/xml")
    return list(ET.fromstring(answer.text))  # noqa: S314 - our own


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("initiated", ("processed", None)),
        ("ringing", ("processed", None)),
        ("in-progress", ("sent", None)),
        ("completed", ("delivered", None)),
        ("busy", ("undelivered", "busy")),
        ("no-answer", ("undelivered", "no-answer")),
        ("failed", ("failed", None)),
        ("canceled", ("failed", None)),
    ],
)
def test_a_call_has_come_as_far_as_its_status_says(
    provider: Provider, ledger: Ledger, collected: Any, status: str, expected: tuple[str, str]
) -> None:
    add_message(ledger, "m1", channel="voice", address=PHONE, state="unknown", accepted_at=None)
    form = OF_US | {"CallStatus": status}
    assert provider.twilio("status?m=m1&a=a1", form).status_code == 204
    (event,) = collected()
    assert (event["kind"], event["error_code"]) == expected
    assert (event["provider_id"], event["matched_by"]) == ("CA1", "message_id")
    # Whatever became of it: Twilio took it.
    assert [m["state"] for m in rows(ledger, "messages")] == ["accepted"]


@pytest.mark.rule("voice_opt_out", "suppression")
def test_any_key_in_a_call_ends_it_and_all_that_rings_the_phone(
    provider: Provider, ledger: Ledger, settings: Settings, clock: FixedClock
) -> None:
    add_message(ledger, "m1", channel="voice", address=PHONE)
    add_message(ledger, "t1", channel="sms", address=PHONE, state="planned", accepted_at=None)
    for _ in range(2):
        (hang_up,) = spoken(provider.twilio("voice?m=m1&a=a1", OF_US | {"Digits": "*"}))
        assert hang_up.tag == "Hangup"
    collect(ledger, settings, clock)
    (event,) = rows(ledger, "provider_events")
    assert (event["kind"], event["message_id"], event["n_seen"]) == ("opted_out", "m1", 2)
    (stop,) = rows(ledger, "suppressions")
    assert (stop["channel_group"], stop["address"], stop["reason"]) == ("phone", PHONE, "stop")
    states = {m["message_id"]: m["state"] for m in rows(ledger, "messages")}
    assert states == {"m1": "accepted", "t1": "suppressed"}


def test_who_calls_the_number_is_told_of_the_key_and_one_call_is_enough(
    provider: Provider, ledger: Ledger, settings: Settings, clock: FixedClock
) -> None:
    listening, hang_up = spoken(provider.twilio("voice", TO_US))
    assert (listening.tag, hang_up.tag) == ("Gather", "Hangup")
    assert (listening.get("numDigits"), listening.get("finishOnKey")) == ("1", "")
    (said,) = listening
    assert (said.text or "").startswith(f"{settings.brand_name}. Press any key to stop")
    collect(ledger, settings, clock)
    assert rows(ledger, "suppressions") == rows(ledger, "provider_events") == []
    (after,) = spoken(provider.twilio("voice", TO_US | {"Digits": "5"}))
    assert after.tag == "Hangup"
    collect(ledger, settings, clock)
    (stop,) = rows(ledger, "suppressions")
    assert (stop["channel_group"], stop["address"]) == ("phone", PHONE)


def test_a_call_without_a_key_stops_nobody_and_a_forged_one_is_refused(
    provider: Provider, ledger: Ledger, settings: Settings, clock: FixedClock
) -> None:
    (hang_up,) = spoken(provider.twilio("voice?m=m1&a=a1", OF_US | {"Digits": ""}))
    assert hang_up.tag == "Hangup"
    url = f"{provider.base_url}/webhooks/twilio/voice"
    forged = requests.post(
        url, data=TO_US | {"Digits": "1"}, headers={"X-Twilio-Signature": "AAAA"}, timeout=10
    )
    assert forged.status_code == 403
    report = collect(ledger, settings, clock)
    assert (report.events, report.unreadable) == (0, 0)
    assert rows(ledger, "suppressions") == []
