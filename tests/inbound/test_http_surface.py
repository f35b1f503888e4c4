"""Whatever the HTTP description allows, signed or not: an answer that it names, never a 5xx."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, seed
from hypothesis import settings as examples
from hypothesis import strategies as st
from inbound_parts import Provider, add_message
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.routing import Route

from winback import inbound
from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.inbound import Receiver, collect, create_app
from winback.ledger import Ledger, sign_token
from winback.pages._public import ROUTES

pytestmark = pytest.mark.long

DESCRIPTION = json.loads((Path(inbound.__file__).parent / "openapi.json").read_text())
SURFACE = schemathesis.openapi.from_dict(DESCRIPTION)
OPERATIONS = [result.ok() for result in SURFACE.get_all_operations()]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def test_the_description_names_every_path_and_method(
    ledger: Ledger, settings: Settings, clock: FixedClock
) -> None:
    served = {
        (route.path, method.lower())
        for route in create_app(Receiver(ledger, settings, clock), ROUTES).routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert served == {(operation.path, operation.method) for operation in OPERATIONS}


@seed(20261123)
@examples(
    max_examples=100,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def throw_everything(provider: Provider, tokens: list[str], data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from(OPERATIONS))
    case = data.draw(operation.as_strategy())
    if "token" in (case.path_parameters or {}) and data.draw(st.booleans()):
        case.path_parameters["token"] = data.draw(st.sampled_from(tokens))
    request = requests.Request(**case.as_transport_kwargs(base_url=provider.base_url))
    prepared = provider.session.prepare_request(request)
    if data.draw(st.booleans()):
        sign(prepared, provider)
    answer = provider.session.send(prepared, timeout=10, allow_redirects=False)
    case.validate_response(schemathesis.Response.from_requests(answer, verify=True), checks=CHECKS)


def sign(request: requests.PreparedRequest, provider: Provider) -> None:
    body = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
    url = request.url or ""
    if "/twilio/" in url:
        form: Any = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
        request.headers["X-Twilio-Signature"] = provider.keys.sign_twilio_webhook(url, form)
    elif "/sendgrid/" in url:
        signature = provider.keys.sign_event_webhook("1", body)
        request.headers["X-Twilio-Email-Event-Webhook-Signature"] = signature
        request.headers["X-Twilio-Email-Event-Webhook-Timestamp"] = "1"


def test_whatever_comes_is_answered_as_described(
    provider: Provider,
    ledger: Ledger,
    settings: Settings,
    clock: FixedClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    add_message(ledger, "m1")
    throw_everything(provider, [sign_token(ledger, "m1"), sign_token(ledger, "gone")])
    collect(ledger, settings, clock)
    assert provider.session.get(f"{provider.base_url}/healthz").json()["stored"] > 10
    # No traceback, and nothing that the collector could not take.
    assert [r for r in caplog.records if r.exc_info or r.levelno >= logging.ERROR] == []
