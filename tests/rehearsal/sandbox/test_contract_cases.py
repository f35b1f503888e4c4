"""All contract cases accepted or refused as the official descriptions say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from contract_cases import Case, Operation, cases
from contract_parts import FOLDER, Caller
from openapi_core.exceptions import OpenAPIError
from sandbox_parts import NOW, mail

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.rehearsal import sandbox
from winback.rehearsal.sandbox import RunningSandbox

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        not FOLDER.is_dir(), reason=f"{FOLDER} is absent: set WINBACK_TEST_SHARED to what holds it"
    ),
]

PERSON = {"email": "ada@example.com", "name": "Ada"}
TO, FROM = "+14155550100", "+15005550006"
URL = "https://shop.example.com/hook"


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    settings = Settings.load(home=tmp_path_factory.mktemp("cases"), public_base_url="")
    with sandbox.start(settings, FixedClock(NOW)) as running:
        yield running


@pytest.fixture(scope="module")
def call(box: RunningSandbox) -> Iterator[Caller]:
    caller = Caller(box)
    yield caller
    caller.close()


def mail_send(call: Caller) -> Operation:
    batch_id = call("POST", "/v3/mail/batch").json()["batch_id"]
    send_at = int(NOW.timestamp()) + 3600
    whole = {
        **mail("m1"),
        "reply_to": PERSON,
        "attachments": [
            {"content": "aGk=", "type": "text/plain", "filename": "a.txt",
             "disposition": "inline", "content_id": "a"},
        ],
        "template_id": "d-1",
        "headers": {"X-Shop": "1"},
        "categories": ["winback"],
        "custom_args": "of the whole",
        "send_at": send_at,
        "batch_id": batch_id,
        "asm": {"group_id": 1, "groups_to_display": [1]},
        "ip_pool_name": "pool",
        "mail_settings": {
            "bypass_list_management": {"enable": True},
            "bypass_spam_management": {"enable": True},
            "bypass_bounce_management": {"enable": True},
            "bypass_unsubscribe_management": {"enable": True},
            "footer": {"enable": True, "text": "t", "html": "h"},
            "sandbox_mode": {"enable": False},
        },
        "tracking_settings": {
            "click_tracking": {"enable": True, "enable_text": True},
            "open_tracking": {"enable": True, "substitution_tag": "%o%"},
            "subscription_tracking": {
                "enable": True, "text": "t", "html": "h", "substitution_tag": "%s%",
            },
            "ganalytics": {
                "enable": True, "utm_source": "s", "utm_medium": "m", "utm_term": "t",
                "utm_content": "c", "utm_campaign": "w",
            },
        },
    }  # fmt: skip
    whole["personalizations"] = [
        {**whole["personalizations"][0], "from": PERSON, "subject": "s", "headers": {"X-A": "1"},
         "cc": [{"email": "b@example.com"}], "bcc": [{"email": "c@example.com"}],
         "send_at": send_at}
    ]  # fmt: skip
    narrower = {"personalizations.0.cc": "1,000 recipients in all", "personalizations.0.bcc": ""}
    return Operation("POST", "/v3/mail/send", "/v3/mail/send", mail("m1"), whole, narrower=narrower)


def hold(call: Caller) -> Operation:
    batch_id = call("POST", "/v3/mail/batch").json()["batch_id"]
    path, body = "/v3/user/scheduled_sends", {"batch_id": batch_id, "status": "pause"}
    return Operation("POST", path, path, body, body, narrower={"": "it has a status by now"})


def change_hold(call: Caller) -> Operation:
    batch_id = call("POST", "/v3/mail/batch").json()["batch_id"]
    sends = "/v3/user/scheduled_sends"
    call("POST", sends, json={"batch_id": batch_id, "status": "pause"})
    body = {"status": "cancel"}
    return Operation("PATCH", f"{sends}/{batch_id}", sends + "/{batch_id}", body, body)


def logs(_: Caller) -> Operation:
    whole = {"query": 'to_email = "a@example.com"', "limit": 5}
    return Operation("POST", "/v3/logs", "/v3/logs", {}, whole)


def text(call: Caller) -> Operation:
    least = {"To": TO, "Body": "Shop: hello", "From": FROM}
    whole = {
        **least,
        "MessagingServiceSid": call.service,
        "FallbackFrom": FROM,
        "MediaUrl": URL,
        "ContentSid": "HX" + "0" * 32,
        "ContentVariables": '{"1": "Ada"}',
        "StatusCallback": URL,
        "ApplicationSid": "AP" + "0" * 32,
        "MaxPrice": "0.5",
        "ProvideFeedback": "true",
        "Attempt": "1",
        "ValidityPeriod": "600",
        "ForceDelivery": "false",
        "ContentRetention": "retain",
        "AddressRetention": "obfuscate",
        "SmartEncoded": "true",
        "PersistentAction": "geo:1,2",
        "TrafficType": "free",
        "ShortenUrls": "true",
        "ScheduleType": "fixed",
        "SendAt": "2026-03-03T16:00:00Z",
        "SendAsMms": "false",
        "RiskCheck": "disable",
        "MessageIntent": "marketing",
        "Tags": '{"a": "b"}',
    }
    narrower = {
        "ContentVariables": "a JSON object",
        "ScheduleType": "only with SendAt",
        "SendAt": "only with ScheduleType",
    }
    return _twilio(call, "Messages.json", least, whole, narrower)


def change_text(call: Caller) -> Operation:
    form = {"To": TO, "Body": "hello", "From": FROM}
    sid = call("POST", f"{call.account}/Messages.json", data=form).json()["sid"]
    narrower = {
        "": "it has left already, and unknown parameters are refused",
        "Body": "words can only be taken away",
        "Status": "it has left already",
    }
    whole = {"Body": "", "Status": "canceled"}
    return _twilio(call, "Messages/{Sid}.json", {"Body": ""}, whole, narrower, sid=sid)


def dial(call: Caller) -> Operation:
    least = {"To": TO, "From": FROM, "Twiml": "<Response/>"}
    whole = {
        **least,
        "Url": URL,
        "ApplicationSid": "AP" + "0" * 32,
        "Method": "POST",
        "FallbackUrl": URL,
        "FallbackMethod": "GET",
        "StatusCallback": URL,
        "StatusCallbackEvent": "completed",
        "StatusCallbackMethod": "POST",
        "SendDigits": "1",
        "Timeout": "30",
        "Record": "false",
        "RecordingChannels": "mono",
        "RecordingStatusCallback": URL,
        "RecordingStatusCallbackMethod": "POST",
        "RecordingStatusCallbackEvent": "completed",
        "SipAuthUsername": "u",
        "SipAuthPassword": "p",
        "MachineDetection": "Enable",
        "MachineDetectionTimeout": "30",
        "MachineDetectionSpeechThreshold": "2400",
        "MachineDetectionSpeechEndThreshold": "1200",
        "MachineDetectionSilenceTimeout": "5000",
        "Trim": "trim-silence",
        "CallerId": FROM,
        "AsyncAmd": "true",
        "AsyncAmdStatusCallback": URL,
        "AsyncAmdStatusCallbackMethod": "POST",
        "Byoc": "BY" + "0" * 32,
        "CallReason": "offer",
        "CallToken": "t",
        "RecordingTrack": "both",
        "TimeLimit": "60",
        "ClientNotificationUrl": URL,
    }
    return _twilio(call, "Calls.json", least, whole, {})


def _twilio(
    call: Caller,
    template: str,
    least: dict[str, Any],
    whole: dict[str, Any],
    narrower: dict[str, str],
    *,
    sid: str = "",
) -> Operation:
    base = "/2010-04-01/Accounts/{AccountSid}/" + template
    path = base.format(AccountSid=call.account.rpartition("/")[2], Sid=sid)
    return Operation("POST", path, base, least, whole, "data", narrower)


OPERATIONS: list[Callable[[Caller], Operation]] = [
    mail_send, hold, change_hold, logs, text, change_text, dial,
]  # fmt: skip


@pytest.mark.parametrize("make", OPERATIONS, ids=lambda make: make.__name__)
def test_every_case_is_accepted_or_refused_as_the_description_says(
    call: Caller, make: Callable[[Caller], Operation]
) -> None:
    operation = make(call)
    wrong, met = [], {True: 0, False: 0}
    for case in cases(operation):
        is_right = not case.is_wrong_by_itself and _is_right(call, operation, case)
        answer = call.send(operation.method, operation.path, **{operation.encoding: case.body})
        met[is_right] += 1
        is_narrower = is_right and case.at in operation.narrower
        if answer.ok != is_right and not is_narrower:
            wrong.append((case.what, case.at, answer.status_code, answer.text[:100]))
    assert not wrong, "\n".join(map(str, wrong))
    assert all(met.values()), "the description refuses nothing, or accepts nothing"


QUERIES = [
    (
        "Messages.json",
        {"PageSize": "1000", "Page": "0", "To": TO, "DateSent": "2026-03-02T00:00:00Z"},
    ),
    ("Messages.json", {"PageSize": "0"}),
    ("Messages.json", {"PageSize": "1001"}),
    ("Messages.json", {"Page": "-1"}),
    ("Calls.json", {"PageSize": "1", "Status": "no-answer", "StartTime>": "2026-03-02T00:00:00Z"}),
    ("Calls.json", {"Status": "initiated"}),
    ("/v3/suppression/blocks", {"limit": "500", "offset": "1", "start_time": "1", "end_time": "2"}),
    ("/v3/suppression/blocks", {"limit": "501"}),
    ("/v3/suppression/blocks", {"offset": "-1"}),
    ("/v3/suppression/unsubscribes", {"start_time": "yesterday"}),
    ("/v3/messages", {"query": "status='delivered'", "limit": "1000"}),
    ("/v3/messages", {"query": "status='delivered'", "limit": "1001"}),
    ("/v3/messages", {}),
]


@pytest.mark.parametrize(("path", "query"), QUERIES)
def test_every_query_is_accepted_or_refused_as_the_description_says(
    call: Caller, path: str, query: dict[str, str]
) -> None:
    whole = path if path.startswith("/") else f"{call.account}/{path}"
    try:
        call.hold_request("GET", whole, params=query)
    except OpenAPIError:
        is_right = False
    else:
        is_right = True
    assert call.send("GET", whole, params=query).ok == is_right


@pytest.mark.parametrize("query", [{"DateSent>": ""}, {"DateSent<": "soon"}])
def test_what_is_no_date_is_refused(call: Caller, query: dict[str, str]) -> None:
    assert call.send("GET", f"{call.account}/Messages.json", params=query).status_code == 400


def _is_right(call: Caller, operation: Operation, case: Case) -> bool:
    try:
        call.hold_request(operation.method, operation.path, **{operation.encoding: case.body})
    except OpenAPIError:
        return False
    return True
