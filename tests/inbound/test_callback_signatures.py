"""Nobody unsigned is believed: a wrong or missing signature gets 403 and leaves nothing."""

from __future__ import annotations

import json

import pytest
import requests
from inbound_parts import EMAIL, NOW, Provider, add_message, kinds, rows, sg_event

from winback import pages
from winback.base.clock import FixedClock
from winback.base.errors import UsageError
from winback.base.settings import Settings
from winback.inbound import collect
from winback.ledger import Ledger
from winback.pages import RunningReceiver
from winback.rehearsal.sandbox import Credentials, load_or_create

PATHS = ("sendgrid/events", "sendgrid/inbound", "twilio/status", "twilio/inbound")


def nothing_is_kept(ledger: Ledger, settings: Settings, clock: FixedClock) -> bool:
    parts = list(settings.events_dir.glob("*.jsonl"))
    return not parts and collect(ledger, settings, clock).events == 0


@pytest.mark.parametrize("path", PATHS)
def test_an_unsigned_callback_is_refused(
    receiver: RunningReceiver, ledger: Ledger, settings: Settings, clock: FixedClock, path: str
) -> None:
    answer = requests.post(f"{receiver.base_url}/webhooks/{path}", data=b"[]", timeout=5)
    assert answer.status_code == 403
    assert nothing_is_kept(ledger, settings, clock)


@pytest.mark.parametrize("signature", ["", "x", "!!!", "MEUCIQ==", "Zm9v" * 40, "é"])
@pytest.mark.parametrize("path", PATHS)
def test_a_garbled_signature_is_refused(
    receiver: RunningReceiver, path: str, signature: str
) -> None:
    headers = {
        name: signature.encode().decode("latin-1")
        for name in (
            "X-Twilio-Signature",
            "X-Twilio-Email-Event-Webhook-Signature",
            "X-Twilio-Email-Event-Webhook-Timestamp",
        )
    }
    url = f"{receiver.base_url}/webhooks/{path}"
    answer = requests.post(url, data=b"Body=STOP&From=%2B1", headers=headers, timeout=5)
    assert answer.status_code == 403


def test_a_body_that_was_altered_after_signing_is_refused(
    provider: Provider, ledger: Ledger, settings: Settings, clock: FixedClock
) -> None:
    body = json.dumps([sg_event("m1", "delivered")]).encode()
    timestamp = str(int(NOW.timestamp()))
    headers = {
        "X-Twilio-Email-Event-Webhook-Signature": provider.keys.sign_event_webhook(timestamp, body),
        "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
    }
    url = f"{provider.base_url}/webhooks/sendgrid/events"
    altered = body.replace(b"delivered", b"spamreport")
    assert requests.post(url, data=altered, headers=headers, timeout=5).status_code == 403
    form = {"MessageSid": "SM1", "From": "+14155550100", "Body": "hello"}
    url = f"{provider.base_url}/webhooks/twilio/inbound"
    headers = {"X-Twilio-Signature": provider.keys.sign_twilio_webhook(url, form)}
    forged = requests.post(url, data=form | {"Body": "STOP"}, headers=headers, timeout=5)
    assert forged.status_code == 403
    assert nothing_is_kept(ledger, settings, clock)


def test_a_status_callback_can_not_be_turned_to_another_message(provider: Provider) -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    signed_url = f"{provider.base_url}/webhooks/twilio/status?m=m1&a=a1"
    headers = {"X-Twilio-Signature": provider.keys.sign_twilio_webhook(signed_url, form)}
    other_url = signed_url.replace("m=m1", "m=m2")
    assert requests.post(other_url, data=form, headers=headers, timeout=5).status_code == 403
    assert requests.post(signed_url, data=form, headers=headers, timeout=5).status_code == 204


def test_twilio_is_checked_against_the_public_address_behind_a_proxy(
    ledger: Ledger, settings: Settings, clock: FixedClock, keys: Credentials
) -> None:
    public = settings.model_copy(update={"public_base_url": "https://hooks.example.com/wb/"})
    form = {"MessageSid": "SM1", "From": "+14155550100", "Body": "hi", "Nothing": ""}
    with pages.start(ledger, public, clock) as receiver:
        url = f"{receiver.base_url}/webhooks/twilio/inbound"
        outside = "https://hooks.example.com/wb/webhooks/twilio/inbound"
        for signed, status in ((outside, 200), (url, 403)):
            headers = {"X-Twilio-Signature": keys.sign_twilio_webhook(signed, form)}
            answer = requests.post(url, data=form, headers=headers, timeout=5)
            assert answer.status_code == status


def test_any_of_several_keys_may_sign_while_one_replaces_the_other(
    ledger: Ledger, settings: Settings, clock: FixedClock, keys: Credentials, tmp_path: object
) -> None:
    old = load_or_create(settings.home / "old")
    both = f"{old.public_key}, {keys.public_key}"
    rotating = settings.model_copy(update={"sendgrid_webhook_public_keys": both})
    with pages.start(ledger, rotating, clock) as receiver:
        for signer in (old, keys):
            provider = Provider(receiver.base_url, signer)
            assert provider.events(sg_event("m1", "open")).status_code == 204
            provider.session.close()


def test_without_keys_everything_is_refused(
    ledger: Ledger, settings: Settings, clock: FixedClock, keys: Credentials
) -> None:
    bare = Settings.load(
        home=settings.home,
        public_base_url="",
        sendgrid_webhook_public_keys="",
        twilio_auth_token="",
    )
    with pages.start(ledger, bare, clock) as receiver:
        provider = Provider(receiver.base_url, keys)
        assert provider.events(sg_event("m1", "open")).status_code == 403
        assert provider.text("STOP") == 403
        provider.session.close()


def test_a_key_that_is_none_is_named_before_anything_starts(
    ledger: Ledger, settings: Settings, clock: FixedClock
) -> None:
    broken = settings.model_copy(update={"sendgrid_webhook_public_keys": "not-a-key"})
    with (
        pytest.raises(UsageError, match="WINBACK_SENDGRID_WEBHOOK_PUBLIC_KEYS"),
        pages.start(ledger, broken, clock),
    ):
        pass


def test_a_signed_body_that_is_not_utf8_is_kept_and_counted_as_unreadable(
    provider: Provider, settings: Settings
) -> None:
    assert provider.raw_events(b"\xff\xfe[").status_code == 204
    (part,) = settings.events_dir.glob("*.jsonl")
    assert "body_base64" in part.read_text()


@pytest.mark.parametrize(
    ("path", "size"), [("sendgrid/events", 2 * 1024 * 1024 + 1), ("twilio/inbound", 64 * 1024 + 1)]
)
def test_a_body_beyond_the_limit_is_refused_unread(
    receiver: RunningReceiver, path: str, size: int
) -> None:
    url = f"{receiver.base_url}/webhooks/{path}"
    assert requests.post(url, data=b"x" * size, timeout=5).status_code == 413


def test_what_is_refused_is_counted(provider: Provider, ledger: Ledger) -> None:
    add_message(ledger, "m1", address=EMAIL)
    provider.events(sg_event("m1", "open"))
    requests.post(f"{provider.base_url}/webhooks/sendgrid/events", data=b"[]", timeout=5)
    health = requests.get(f"{provider.base_url}/healthz", timeout=5).json()
    assert (health["status"], health["stored"], health["refused"]) == ("ok", 1, 1)
    assert kinds(ledger) in ([], ["opened"])
    assert rows(ledger, "suppressions") == []
