"""Answers that no documentation shows must not break a send half way."""

from __future__ import annotations

import json

import pytest

from winback.channels import classify
from winback.channels._classify import Answer


def answer(status: int, body: object, **headers: str) -> Answer:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, names, json.dumps(body).encode())


@pytest.mark.parametrize("provider", ["sendgrid", "twilio"])
@pytest.mark.parametrize("reset", ["9" * 30, "-1", "soon", ""])
def test_a_rate_limit_with_an_impossible_reset_is_still_a_rate_limit(
    provider: str, reset: str
) -> None:
    odd = answer(429, {}, date="Mon, 02 Mar 2026 15:30:00 GMT", x_ratelimit_reset=reset)
    outcome = classify(provider, odd)
    assert outcome.kind == "deferred"


def test_an_error_list_without_objects_is_a_refusal_that_explains_nothing() -> None:
    outcome = classify("sendgrid", answer(400, {"errors": ["bad"]}))
    assert (outcome.kind, outcome.reason, outcome.stops) == ("refused", "unexplained", "nothing")


@pytest.mark.parametrize("provider", ["sendgrid", "twilio"])
@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_without_an_error_code_stops_the_channel(provider: str, status: int) -> None:
    outcome = classify(provider, answer(status, {"message": "who are you"}))
    assert (outcome.kind, outcome.stops) == ("refused", "channel")


@pytest.mark.parametrize("code", ["21701", "21705"])
def test_a_wrong_messaging_service_burns_nobody(code: str) -> None:
    outcome = classify("twilio", answer(400, {"code": int(code), "message": "no service"}))
    assert (outcome.kind, outcome.stops) == ("refused", "channel")
