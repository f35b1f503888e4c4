"""What we send is what the official descriptions of both APIs accept."""

from __future__ import annotations

import json
import logging
import os
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import pytest
from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from werkzeug.datastructures import Headers

from winback.base.errors import UsageError
from winback.base.places import PROJECT_DIR
from winback.base.settings import CHANNELS, Settings
from winback.content.payloads import Call, Email, Text, WhatsApp
from winback.providers import Outgoing, _bodies, open_channel
from winback.providers._wire import NotHandedOverError

NOW = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)
SHARED = Path(os.environ.get("WINBACK_TEST_SHARED", PROJECT_DIR.parent / "shared"))


class Sent:
    """A request as openapi-core wants to see it."""

    def __init__(self, host, path, content_type, body, *, auth="Bearer SG.key"):
        self.host_url, self.path, self.method = host, path, "post"
        self.content_type, self.body = content_type, body
        self.parameters = RequestParameters(header=Headers({"Authorization": auth}))


def contract(name):
    path = SHARED / "contracts" / name
    if not path.exists():
        pytest.skip(f"{path} is absent: set WINBACK_TEST_SHARED to the folder that holds contracts")
    return OpenAPI.from_dict(json.loads(path.read_text()))


@pytest.fixture
def settings():
    return Settings.load(
        sendgrid_api_key="SG.key", twilio_account_sid="AC" + "0" * 32, twilio_auth_token="t",
        public_base_url="https://hooks.example.com", channels=",".join(CHANNELS),
    )  # fmt: skip


def at_once(settings):
    return settings.model_copy(update={"email_mode": "immediate"})


def email(number, html="<p>t</p>"):
    payload = {
        "from": {"email": "a@example.com", "name": "A"}, "reply_to": {"email": "r@example.com"},
        "subject": f"s{number}", "text": "t", "html": html,
        "headers": {"List-Unsubscribe": "<https://x/u/1>"},
    }  # fmt: skip
    leaves_by = NOW + timedelta(hours=1)
    return Outgoing(
        f"m{number}", f"p{number}@example.com", Email.of(payload), leaves_by, may_wait=True
    )


@pytest.mark.parametrize("mode", ["immediate", "abortable"])
@pytest.mark.parametrize("html", ["<p>t</p>", "<p>x</p>" * 2000], ids=["small", "large"])
def test_email_requests_hold_the_contract(settings, html, mode, monkeypatch, posted):
    monkeypatch.setattr("winback.providers.sendgrid.client.SendGrid.new_batch", lambda _: "B1")
    api = contract("tsg_mail_v3.strict.json")
    channel = open_channel("email", settings.model_copy(update={"email_mode": mode}))
    (request,) = channel.prepare([email(n, html) for n in range(3)], now=NOW)
    assert ("send_at" in request.body) is (mode == "abortable")
    assert channel.send(request).kind == "not_sent"
    ((path, headers, body, _),) = posted
    assert sha256(body).hexdigest() == request.sha256
    content_type = headers["Content-type"]
    api.validate_request(Sent("https://api.sendgrid.com", path, content_type, body))
    broken = json.dumps({**json.loads(body), "sandbox": True}).encode()
    with pytest.raises(OpenAPIError):
        api.validate_request(Sent("https://api.sendgrid.com", path, content_type, broken))


def test_the_most_talkative_log_does_not_tell_whom_mail_goes_to(settings, posted, caplog):
    caplog.set_level(logging.DEBUG, "python_http_client")
    channel = open_channel("email", at_once(settings))
    (request,) = channel.prepare([email(0)], now=NOW)
    channel.send(request)
    assert b"p0@example.com" in posted[0][2]
    assert "PAYLOAD" in caplog.text
    assert "p0@example.com" not in caplog.text


def test_a_batch_keeps_our_order_and_shows_nobody_anothers_address(settings):
    messages = [email(n) for n in range(600)]
    requests = open_channel("email", at_once(settings)).prepare(messages, now=NOW)
    assert [len(request.message_ids) for request in requests] == [250, 250, 100]
    for request in requests:
        people = request.body["personalizations"]
        assert [p["custom_args"]["wb_message"] for p in people] == list(request.message_ids)
        assert {p["custom_args"]["wb_attempt"] for p in people} == {request.attempt_id}
        assert all(len(p["to"]) == 1 and not {"cc", "bcc"} & set(p) for p in people)
        assert "mail_settings" not in request.body


SERVICE = "MG" + "0" * 32
_CLIPS = ("https://cdn.example.com/a.jpg", "https://cdn.example.com/b.mp4")
PAYLOADS = {
    "sms": Text("b", SERVICE),
    "mms": Text("b", SERVICE, _CLIPS),
    "rcs": Text("b", SERVICE),
    "whatsapp": WhatsApp(
        "whatsapp:+15550009",
        "HX" + "0" * 32,
        '{"1": "Ann"}',
        "what it reads like, which Twilio is not told",
    ),
}


@pytest.mark.parametrize(
    ("left", "validity"),
    [(timedelta(minutes=90), 5400), (timedelta(days=2), 36_000), (timedelta(0), 1)],
)
@pytest.mark.parametrize("channel", PAYLOADS)
def test_phone_messages_die_with_their_window_and_report_back(settings, channel, left, validity):
    outgoing = Outgoing("m1", "+15550000001", PAYLOADS[channel], leaves_by=NOW + left)
    (request,) = open_channel(channel, settings).prepare([outgoing], now=NOW)
    assert request.body["validity_period"] == validity
    callback = urlsplit(request.body["status_callback"])
    assert parse_qs(callback.query) == {"m": ["m1"], "a": [request.attempt_id]}
    assert callback.fragment == "rc=5&rp=all&ct=3000&rt=8000"


@pytest.mark.parametrize(
    ("channel", "parameters"),
    [
        ("sms", {"To": ["+15550000001"], "Body": ["b"], "MessagingServiceSid": [SERVICE]}),
        (
            "mms",
            {
                "To": ["+15550000001"],
                "Body": ["b"],
                "MediaUrl": ["https://cdn.example.com/a.jpg", "https://cdn.example.com/b.mp4"],
                "MessagingServiceSid": [SERVICE],
            },
        ),
        ("rcs", {"To": ["+15550000001"], "Body": ["b"], "MessagingServiceSid": [SERVICE]}),
        (
            "whatsapp",
            {
                "To": ["whatsapp:+15550000001"],
                "From": ["whatsapp:+15550009"],
                "ContentSid": ["HX" + "0" * 32],
                "ContentVariables": ['{"1": "Ann"}'],
            },
        ),
    ],
)
def test_the_form_that_twilios_client_posts_holds_the_contract(
    settings, posted, channel, parameters
):
    api = contract("twilio_messaging_slice.strict.json")
    opened = open_channel(channel, settings)
    outgoing = Outgoing("m1", "+15550000001", PAYLOADS[channel], leaves_by=NOW + timedelta(hours=1))
    (request,) = opened.prepare([outgoing], now=NOW)
    assert opened.send(request).kind == "not_sent"
    ((url, headers, body, options),) = posted
    assert (options["timeout"].connect_timeout, options["timeout"].read_timeout) == (5.0, 30.0)
    assert options["redirect"] is False
    assert options["retries"] is False
    parts = urlsplit(url)
    assert parts.path.endswith("/Messages.json")
    basic = "Basic " + b64encode(b"AC" + b"0" * 32 + b":t").decode()
    assert headers["authorization"] == basic
    form = parse_qs(body.decode())
    assert form.pop("ValidityPeriod") == ["3600"]
    assert form.pop("StatusCallback") == [request.body["status_callback"]]
    assert form == parameters
    content_type = headers["Content-Type"]
    api.validate_request(Sent("https://api.twilio.com", parts.path, content_type, body, auth=basic))


def test_a_call_holds_the_contract_and_listens_for_a_key_while_it_speaks(settings, posted):
    api = contract("twilio_messaging_slice.strict.json")
    opened = open_channel("voice", settings)
    words = "Shop & Sons <here>: press any key."
    payload = Call("+15550009", words, "en-GB")
    (request,) = opened.prepare([Outgoing("m1", "+15550000001", payload, NOW)], now=NOW)
    assert opened.send(request).kind == "not_sent"
    ((url, headers, body, _),) = posted
    path = urlsplit(url).path
    assert path.endswith("/Calls.json")
    content_type = headers["Content-Type"]
    basic = "Basic " + b64encode(b"AC" + b"0" * 32 + b":t").decode()
    api.validate_request(Sent("https://api.twilio.com", path, content_type, body, auth=basic))
    form = parse_qs(body.decode())
    (twiml,) = form.pop("Twiml")
    (status,) = form.pop("StatusCallback")
    assert form == {
        "To": ["+15550000001"],
        "From": ["+15550009"],
        "StatusCallbackEvent": ["initiated", "answered", "completed"],
        "Timeout": ["20"],
        "TimeLimit": ["180"],
    }
    gather, hang_up = ET.fromstring(twiml)  # noqa: S314 - our own
    assert hang_up.tag == "Hangup"
    assert (gather.get("input"), gather.get("numDigits"), gather.get("finishOnKey")) == (
        "dtmf", "1", "",
    )  # fmt: skip
    query = f"?m=m1&a={request.attempt_id}#rc=5&rp=all&ct=3000&rt=8000"
    assert status == f"https://hooks.example.com/webhooks/twilio/status{query}"
    assert gather.get("action") == f"https://hooks.example.com/webhooks/twilio/voice{query}"
    (said,) = gather
    assert (said.text, said.get("language")) == (words, "en-GB")


def test_nobody_is_called_while_no_key_that_they_press_could_be_told(settings):
    with pytest.raises(UsageError, match="set WINBACK_PUBLIC_BASE_URL"):
        open_channel("voice", settings.model_copy(update={"public_base_url": ""}))


@pytest.fixture
def posted(monkeypatch):
    """What would have been posted, as it would have been: path, headers, body, options."""
    found = []

    def post(pool, method, url, *, body, headers, **options):
        found.append((url, headers, body, options))
        raise NotHandedOverError("test")

    monkeypatch.setattr("urllib3.HTTPConnectionPool.urlopen", post)
    return found


def test_a_channel_that_is_not_switched_on_does_not_open(settings):
    off = settings.model_copy(update={"channels": "email"})
    with pytest.raises(UsageError, match="sms is not switched on"):
        open_channel("sms", off)
    with pytest.raises(UsageError, match="There is no channel 'pigeon'"):
        open_channel("pigeon", settings)


def test_the_largest_batch_is_far_below_what_sendgrid_takes(settings):
    most = at_once(settings).model_copy(update={"email_batch_size": 1000})
    size = _bodies.SUBSTITUTION_BYTES - 100
    people = [email(n, f"{n:<{size}}") for n in range(1000)]
    (full,) = open_channel("email", most).prepare(people, now=NOW)
    assert len(full.message_ids) == 1000
    assert len(json.dumps(full.body).encode()) < 15_000_000
