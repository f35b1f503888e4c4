"""The providers' official descriptions, and a caller that holds both sides to them."""

from __future__ import annotations

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from openapi_core import OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse
from openapi_core.templating.responses.exceptions import ResponseNotFound

from winback.base.places import PROJECT_DIR
from winback.rehearsal.sandbox import RunningSandbox

FOLDER = Path(os.environ.get("WINBACK_TEST_SHARED", PROJECT_DIR.parent / "shared")) / "contracts"
# By the start of a path, the longest first.
DESCRIPTIONS = {
    "/v3/mail/": "tsg_mail_v3.strict.json",
    "/v3/user/scheduled_sends": "tsg_scheduled_sends_v3.json",
    "/v3/logs": "tsg_logs_v3.json",
    "/v3/messages": "tsg_email_activity_v3.json",
    "/v3/suppression/": "tsg_suppressions_v3.json",
    "/v3/asm/": "tsg_suppressions_v3.json",
    "/2010-04-01/": "twilio_messaging_slice.strict.json",
}


def description(path: str) -> OpenAPI:
    """The official description of a path; skips the test where there is none."""
    if not FOLDER.is_dir():
        pytest.skip(f"{FOLDER} is absent: set WINBACK_TEST_SHARED to the folder that holds it")
    return _load(next(file for start, file in DESCRIPTIONS.items() if path.startswith(start)))


@cache
def _load(file: str) -> OpenAPI:
    # Their surrogate escapes are JSON, not YAML: load them before openapi-core does.
    found = json.loads((FOLDER / file).read_text(), object_hook=_without_examples)
    return OpenAPI.from_dict(found)


def _without_examples(part: dict[str, Any]) -> dict[str, Any]:
    """The logs' description gives examples in a form that its own standard forbids."""
    return {name: value for name, value in part.items() if name != "examples"}


def hold(request: requests.Request, answer: requests.Response) -> None:
    """Hold an exchange with the sandbox to its description, as if it had been the provider."""
    path = request.url
    request.url = official(path) + path
    seen = RequestsOpenAPIRequest(request)
    described = description(path)
    described.validate_request(seen)
    described.validate_response(seen, RequestsOpenAPIResponse(answer))


def official(path: str) -> str:
    return "https://api.sendgrid.com" if path.startswith("/v3/") else "https://api.twilio.com"


def form_parameters(path: str) -> set[str]:
    """What a form may hold: openapi-core drops what it doesn't know before it looks."""
    document = json.loads((FOLDER / "twilio_messaging_slice.strict.json").read_text())
    known: set[str] = set()
    for template, operations in document["paths"].items():
        pattern = re.sub(r"\{\w+\}", "[^/]+", template)
        if re.fullmatch(pattern, urlsplit(path).path):
            content = operations["post"]["requestBody"]["content"]
            known = set(content["application/x-www-form-urlencoded"]["schema"]["properties"])
    return known


class Caller:
    """Calls the sandbox with its own keys; holds what goes in and comes out to the description."""

    def __init__(self, box: RunningSandbox) -> None:
        self._box = box
        self._session = requests.Session()
        self.account = f"/2010-04-01/Accounts/{box.account_sid}"
        self.service = box.credentials.messaging_service_sid

    def close(self) -> None:
        self._session.close()

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        """The exchange; its answer is held to the description, the request is not."""
        return self._exchange(method, path, options)[1]

    def __call__(self, method: str, path: str, **options: Any) -> requests.Response:
        """The exchange; the request is held to the description too."""
        request, answer = self._exchange(method, path, options)
        description(path).validate_request(request)
        return answer

    def hold_request(self, method: str, path: str, **options: Any) -> None:
        """Hold a request to the description without sending it. Raises OpenAPIError."""
        call = self._prepared(method, path, options)
        description(path).validate_request(self._as_official(call))

    def _exchange(
        self, method: str, path: str, options: dict[str, Any]
    ) -> tuple[RequestsOpenAPIRequest, requests.Response]:
        call = self._prepared(method, path, options)
        answer = self._session.send(call, timeout=10)
        seen = self._as_official(call)
        try:
            description(path).validate_response(seen, RequestsOpenAPIResponse(answer))
        except ResponseNotFound:
            _hold_to_error_shape(answer, is_mail=path.startswith("/v3/"))
        return seen, answer

    def _prepared(
        self, method: str, path: str, options: dict[str, Any]
    ) -> requests.PreparedRequest:
        headers = options.get("headers", {})
        auth = None
        if path.startswith("/v3/"):
            authorized = {"Authorization": f"Bearer {self._box.credentials.api_key}"}
            headers = authorized | headers
        else:
            auth = (self._box.account_sid, self._box.auth_token)
        given = {"auth": auth, **options, "headers": headers}
        return requests.Request(method, self._box.base_url + path, **given).prepare()

    def _as_official(self, call: requests.PreparedRequest) -> RequestsOpenAPIRequest:
        """The request as it would have gone to the provider itself."""
        path = (call.url or "").removeprefix(self._box.base_url)
        call.url = official(path) + path
        return RequestsOpenAPIRequest(call)


def _hold_to_error_shape(answer: requests.Response, *, is_mail: bool) -> None:
    """Some descriptions list no refusal: then it is the provider's general one, never a 2xx."""
    assert 400 <= answer.status_code < 500
    body = answer.json()
    if is_mail:
        assert all(isinstance(error["message"], str) for error in body["errors"])
    else:
        assert (body["status"], type(body["code"])) == (answer.status_code, int)
