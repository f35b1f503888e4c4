"""Requests of the real clients and answers of the sandbox, held to the official descriptions."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import requests
from openapi_core import OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse
from sandbox_parts import mail

from winback.sandbox import RunningSandbox

SHARED = Path(os.environ.get("WINBACK_TEST_SHARED", Path(__file__).parents[3] / "shared"))
OFFICIAL = {"mail": "https://api.sendgrid.com", "texts": "https://api.twilio.com"}


@pytest.fixture(scope="session")
def contracts() -> dict[str, OpenAPI]:
    files = {"mail": "tsg_mail_v3.strict.json", "texts": "twilio_messaging_slice.strict.json"}
    folder = SHARED / "contracts"
    if not folder.is_dir():
        pytest.skip(f"the providers' API descriptions are not in {folder}")
    # Their surrogate escapes are JSON, not YAML: load them before openapi-core does.
    return {
        name: OpenAPI.from_dict(json.loads((folder / file).read_text()))
        for name, file in files.items()
    }


class Caller:
    """Calls the sandbox and holds the exchange to the contract as if it were the provider."""

    def __init__(self, box: RunningSandbox, contracts: dict[str, OpenAPI]) -> None:
        self._box, self._contracts = box, contracts

    def __call__(self, name: str, method: str, path: str, **options: Any) -> requests.Response:
        call = requests.Request(method, self._box.base_url + path, **options).prepare()
        with requests.Session() as session:
            answer = session.send(call, timeout=5)
        call.url = OFFICIAL[name] + path
        request = RequestsOpenAPIRequest(call)
        if answer.ok:
            self._contracts[name].validate_request(request)
        self._contracts[name].validate_response(request, RequestsOpenAPIResponse(answer))
        return answer


@pytest.fixture
def call(box: RunningSandbox, contracts: dict[str, OpenAPI]) -> Caller:
    return Caller(box, contracts)


def test_mail_send_keeps_the_contract_when_it_accepts_and_when_it_refuses(
    call: Caller, box: RunningSandbox
) -> None:
    authorized = {"Authorization": f"Bearer {box.credentials.api_key}"}
    send = ("mail", "POST", "/v3/mail/send")
    assert call(*send, json=mail("m1", "m2"), headers=authorized).status_code == 202
    assert call(*send, json=mail("m1", subject=""), headers=authorized).status_code == 400
    wrong = {"Authorization": "Bearer wrong"}
    assert call(*send, json=mail("m1"), headers=wrong).status_code == 401


def test_messages_keep_the_contract_when_created_fetched_and_listed(
    call: Caller, box: RunningSandbox
) -> None:
    base = f"/2010-04-01/Accounts/{box.account_sid}/Messages"
    auth = (box.account_sid, box.auth_token)
    form = {
        "To": "+14155550100",
        "Body": "Shop: hello",
        "MessagingServiceSid": box.credentials.messaging_service_sid,
        "ValidityPeriod": "3600",
        "StatusCallback": "http://127.0.0.1:9/status?m=m1",
    }
    created = call("texts", "POST", f"{base}.json", data=form, auth=auth)
    assert created.status_code == 201
    sid = created.json()["sid"]
    assert call("texts", "GET", f"{base}/{sid}.json", auth=auth).json()["sid"] == sid
    listed = call("texts", "GET", f"{base}.json", auth=auth)
    assert [message["sid"] for message in listed.json()["messages"]] == [sid]
