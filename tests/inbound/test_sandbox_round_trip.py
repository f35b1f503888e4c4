"""From the sandbox's acceptance to the ledger: what shoppers do arrives as signed events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
import sendgrid
from inbound_parts import NOW, PHONE, add_message, kinds, rows
from twilio.rest import Client

from winback import pages
from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.ledger import Ledger, open_ledger
from winback.rehearsal import sandbox

pytestmark = pytest.mark.long


@pytest.fixture
def home(settings: Settings) -> Settings:
    return Settings.load(home=settings.home, public_base_url="")


def send_both(settings: Settings, receiver_url: str) -> None:
    mail = sendgrid.SendGridAPIClient(
        settings.sendgrid_api_key.get_secret_value(), host=settings.sendgrid_base_url
    )
    body = {
        "from": {"email": "shop@example.com"},
        "subject": "We miss you",
        "content": [{"type": "text/plain", "value": "Hello"}],
        "personalizations": [
            {"to": [{"email": "m1@example.com"}], "custom_args": {"wb_message": "m1"}}
        ],
    }
    assert mail.client.mail.send.post(request_body=body).status_code == 202
    text = Client(settings.twilio_account_sid, settings.twilio_auth_token.get_secret_value())
    text.api.base_url = settings.twilio_base_url
    text.messages.create(
        to=PHONE,
        body="Shop: hello",
        messaging_service_sid=settings.twilio_messaging_service_sid,
        status_callback=f"{receiver_url}/webhooks/twilio/status?m=t1&a=a1#rc=3&rp=all",
    )
    text.http_client.session.close()


def test_what_shoppers_do_reaches_the_ledger(
    home: Settings, clock: FixedClock, eventually: Callable[[Callable[[], bool]], float]
) -> None:
    def control(name: str, **body: Any) -> None:
        url = f"{box.base_url}/_sandbox/{name}"
        requests.post(url, json=body, timeout=30).raise_for_status()

    with sandbox.start(home, clock) as box:
        settings = home.model_copy(update=box.overrides())
        with open_ledger(settings) as ledger:
            add_message(ledger, "m1", state="sending", accepted_at=None)
            add_message(
                ledger, "t1", channel="sms", address=PHONE, state="unknown", accepted_at=None
            )
            with pages.start(ledger, settings, clock) as receiver:
                box.send_webhooks_to(receiver.base_url)
                send_both(settings, receiver.base_url)
                acts = [
                    {"event": "click", "message_id": "m1", "url": "https://shop.example/x"},
                    {"event": "reply", "message_id": "m1", "body": "Is it in stock?"},
                    {"event": "reply", "message_id": "t1", "body": "please stop"},
                ]
                control("flush")
                # A STOP overtakes the callback that says that the text before it arrived.
                eventually(lambda: kinds(ledger).count("delivered") == 2)
                control("events", events=acts)
                control("flush")
            everything_arrived(ledger)


def everything_arrived(ledger: Ledger) -> None:
    assert kinds(ledger) == [
        "clicked", "delivered", "delivered", "opted_out", "processed", "replied", "sent",
    ]  # fmt: skip
    assert {event["message_id"] for event in rows(ledger, "provider_events")} == {"m1", "t1"}
    assert {m["state"] for m in rows(ledger, "messages")} == {"accepted"}
    assert {m["accepted_at"] for m in rows(ledger, "messages")} == {NOW}
    (suppression,) = rows(ledger, "suppressions")
    assert (suppression["channel_group"], suppression["address"]) == ("phone", PHONE)
