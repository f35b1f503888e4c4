"""Answers that no documentation shows must not break a send half way."""

from __future__ import annotations

import json
import ssl
from http.client import RemoteDisconnected

import pytest
from urllib3 import HTTPConnectionPool
from urllib3.exceptions import IncompleteRead, ProtocolError, ReadTimeoutError, SSLError

from winback.providers import classify
from winback.providers._wire import HttpResponse, NotHandedOverError


def response(status: int, body: object, **headers: str) -> HttpResponse:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpResponse(status, names, json.dumps(body).encode())


POOL = HTTPConnectionPool("api.example.com")


def _wrapped(error: Exception) -> ProtocolError:
    """An error of a connection, as urllib3 hands it on."""
    return ProtocolError("Connection aborted.", error)


@pytest.mark.parametrize("provider", ["sendgrid", "twilio"])
@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (NotHandedOverError("gaierror"), "not_sent"),
        (NotHandedOverError("SSLCertVerificationError"), "not_sent"),
        # Whether the server had read it all before these, nobody can tell.
        (ReadTimeoutError(POOL, "/v3/mail/send", "30 s"), "unknown"),
        (SSLError(ssl.SSLError("bad record")), "unknown"),
        (_wrapped(IncompleteRead(5, 45)), "unknown"),
        (_wrapped(ConnectionResetError()), "unknown"),
        (_wrapped(BrokenPipeError()), "unknown"),
        (_wrapped(RemoteDisconnected("no answer")), "unknown"),
        (TimeoutError(), "unknown"),
        (RuntimeError("whatever"), "unknown"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value,
)
def test_only_what_never_left_whole_counts_as_not_sent(
    provider: str, error: Exception, kind: str
) -> None:
    assert classify(provider, error).kind == kind


@pytest.mark.parametrize("provider", ["sendgrid", "twilio"])
@pytest.mark.parametrize("reset", ["9" * 30, "-1", "soon", ""])
def test_a_rate_limit_with_an_impossible_reset_is_still_a_rate_limit(
    provider: str, reset: str
) -> None:
    odd = response(429, {}, date="Mon, 02 Mar 2026 15:30:00 GMT", x_ratelimit_reset=reset)
    outcome = classify(provider, odd)
    assert outcome.kind == "deferred"


def test_an_error_list_without_objects_is_a_refusal_that_explains_nothing() -> None:
    outcome = classify("sendgrid", response(400, {"errors": ["bad"]}))
    assert (outcome.kind, outcome.reason, outcome.stops) == ("refused", "unexplained", "nothing")


@pytest.mark.parametrize("provider", ["sendgrid", "twilio"])
@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_without_an_error_code_stops_the_channel(provider: str, status: int) -> None:
    outcome = classify(provider, response(status, {"message": "who are you"}))
    assert (outcome.kind, outcome.stops) == ("refused", "channel")


@pytest.mark.parametrize("code", ["21701", "21705"])
def test_a_wrong_messaging_service_burns_nobody(code: str) -> None:
    outcome = classify("twilio", response(400, {"code": int(code), "message": "no service"}))
    assert (outcome.kind, outcome.stops) == ("refused", "channel")
