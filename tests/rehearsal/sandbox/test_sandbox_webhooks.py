"""What the sandbox tells: signed as the providers sign, to the end, and after a restart."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
from sandbox_parts import NOW, mail
from sendgrid.helpers.eventwebhook import EventWebhook
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from winback.base.clock import FixedClock
from winback.base.errors import WinbackError
from winback.base.settings import Settings
from winback.rehearsal import sandbox
from winback.rehearsal.sandbox import RunningSandbox

TO = "+14155550100"


@pytest.fixture
def send_text(text_client: Client, box: RunningSandbox) -> Any:
    def send(callback: str) -> str:
        sid: str = text_client.messages.create(
            to=TO,
            body="Shop: hello",
            messaging_service_sid=box.credentials.messaging_service_sid,
            status_callback=callback,
        ).sid
        return sid

    return send


def test_an_accepted_mail_is_processed_and_delivered_with_its_custom_args(
    mail_client: Any, control: Any, listener: Any
) -> None:
    mail_client.mail.send.post(request_body=mail("m1", categories=["winback"]))
    assert control("flush") == {"status": 200, "pending": 0, "delivered": 2, "lost": 0}

    events = listener.events()
    assert [event["event"] for event in events] == ["processed", "delivered"]
    assert {event["wb_message"] for event in events} == {"m1"}
    assert {event["timestamp"] for event in events} == {int(NOW.timestamp())}
    assert len({event["sg_event_id"] for event in events}) == 2


def test_event_posts_verify_with_sendgrids_helper_and_not_when_altered(
    mail_client: Any, control: Any, listener: Any, box: RunningSandbox
) -> None:
    mail_client.mail.send.post(request_body=mail("m1"))
    control("flush")
    _, headers, body = listener.posts[0]
    signature = headers["X-Twilio-Email-Event-Webhook-Signature"]
    timestamp = headers["X-Twilio-Email-Event-Webhook-Timestamp"]
    verifier = EventWebhook(box.public_key)
    assert verifier.verify_signature(body.decode(), signature, timestamp)
    assert not verifier.verify_signature(body.decode().strip(), signature, timestamp)


def test_status_callbacks_and_replies_verify_with_twilios_validator(
    send_text: Any, control: Any, listener: Any, box: RunningSandbox
) -> None:
    sid = send_text(f"{listener.url}/webhooks/twilio/status?m=m1&a=a1#rc=2")
    control("events", events=[{"event": "reply", "message_id": "m1", "body": "What size?"}])
    control("flush")

    validator = RequestValidator(box.auth_token)
    forms = []
    for path, headers, body in listener.posts:
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        assert validator.validate(listener.url + path, form, headers["X-Twilio-Signature"])
        forms.append((path, form))
    callbacks = [form for path, form in forms if path == "/webhooks/twilio/status?m=m1&a=a1"]
    replies = [form for path, form in forms if path == "/webhooks/twilio/inbound"]
    assert {form["MessageStatus"] for form in callbacks} == {"sent", "delivered"}
    assert {form["MessageSid"] for form in callbacks} == {sid}
    assert [(form["From"], form["Body"]) for form in replies] == [(TO, "What size?")]


def test_shoppers_act_at_the_time_they_are_told(
    mail_client: Any, control: Any, listener: Any
) -> None:
    mail_client.mail.send.post(request_body=mail("m1"))
    acts = [
        {"event": "open", "message_id": "m1", "at": "2026-03-03T08:00:00Z", "is_machine": True},
        {"event": "click", "message_id": "m1", "at": "2026-03-03T09:00:00+01:00", "url": "/x"},
        {"event": "bounce", "message_id": "m1"},
    ]
    assert control("events", events=acts)["webhooks"] == 3
    control("flush")
    opened, clicked, bounced = listener.events()[-3:]
    assert (opened["event"], opened["sg_machine_open"]) == ("open", True)
    assert opened["timestamp"] == clicked["timestamp"] == 1_772_524_800
    assert (bounced["type"], bounced["wb_message"]) == ("bounce", "m1")


def test_an_impossible_act_is_refused_and_none_of_its_company_happens(
    mail_client: Any, control: Any
) -> None:
    mail_client.mail.send.post(request_body=mail("m1"))
    control("flush")
    acts = [{"event": "open", "message_id": "m1"}, {"event": "open", "message_id": "nobody"}]
    assert control("events", events=acts)["status"] == 400
    assert control("events", events=[{"event": "read", "message_id": "m1"}])["status"] == 400
    assert control("events", events=[{"event": "dance", "message_id": "m1"}])["status"] == 400
    assert control("flush")["delivered"] == 2


def test_events_are_posted_until_the_receiver_takes_them(
    mail_client: Any, control: Any, listener: Any
) -> None:
    listener.answers = [503, 500]
    mail_client.mail.send.post(request_body=mail("m1"))
    assert control("flush")["delivered"] == 2
    bodies = {body for _, _, body in listener.posts}
    assert len(listener.posts) >= 3
    assert any(b"processed" in body for body in bodies)


@pytest.mark.parametrize(
    ("fragment", "outcome"),
    [
        ("", {"posts": 1, "lost": 1}),
        ("#rc=3&rp=all", {"posts": 2, "lost": 0}),
        ("#rc=3&rp=ct", {"posts": 1, "lost": 1}),
    ],
)
def test_a_failed_callback_is_repeated_only_as_its_fragment_allows(
    send_text: Any, control: Any, listener: Any, fragment: str, outcome: dict[str, int]
) -> None:
    control("behavior", deliver=False)
    listener.answers = [500]
    send_text(f"{listener.url}/status?m=m1{fragment}")
    lost = control("flush")["lost"]
    assert {"posts": len(listener.posts), "lost": lost} == outcome


def test_what_was_not_told_is_told_by_the_next_sandbox_on_the_same_home(
    settings: Settings, clock: FixedClock, listener: Any
) -> None:
    def post_mail(box: RunningSandbox) -> None:
        headers = {"Authorization": f"Bearer {box.credentials.api_key}"}
        url = f"{box.base_url}/v3/mail/send"
        requests.post(url, json=mail("m1"), headers=headers, timeout=5).raise_for_status()

    with sandbox.start(settings, clock, webhooks_url="http://127.0.0.1:9") as first:
        post_mail(first)
    with sandbox.start(settings, clock, webhooks_url=listener.url) as second:
        assert second.credentials == first.credentials
        requests.post(f"{second.base_url}/_sandbox/flush", timeout=30).raise_for_status()
    assert [event["event"] for event in listener.events()] == ["processed", "delivered"]


def test_a_second_sandbox_on_the_same_home_is_refused(
    box: RunningSandbox, settings: Settings, clock: FixedClock
) -> None:
    with pytest.raises(WinbackError, match="already running"), sandbox.start(settings, clock):
        pass


def test_the_clock_can_be_set_and_let_go(control: Any) -> None:
    assert control("clock", now="2027-01-01T00:00:00+01:00")["now"] == "2026-12-31T23:00:00+00:00"
    assert control("clock", now=None)["now"] == NOW.isoformat()
    assert control("clock", now="2027-01-01T00:00:00")["status"] == 400
