"""One reading of every answer a provider may give, or fail to give.

The rule behind it: only proof that a message was not taken lets it go again. A refusal
counts when it is the provider's own JSON; a connection that failed counts when the whole
request can't have been handed over. All else is `unknown`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

import requests

from winback.channels._seam import Outcome
from winback.channels._wire import Answer, NotHandedOverError

Provider = Literal["sendgrid", "twilio"]

_POSITION = re.compile(r"personalizations[.\[](\d+)")
# Raised before a connection is opened.
_NOT_TRIED = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidHeader,
)


def classify(provider: Provider, result: Answer | Exception, *, taken: int = 202) -> Outcome:
    """What a call came to: what its answer, or the failure to get one, proves.

    `taken` is the status by which SendGrid says that it did what was asked.
    """
    if isinstance(result, Exception):
        return _classify_failure(result)
    return _sendgrid(result, taken) if provider == "sendgrid" else _twilio(result)


def _classify_failure(error: Exception) -> Outcome:
    if isinstance(error, NotHandedOverError):
        return Outcome("not_sent", str(error))
    reason = type(error).__name__
    return Outcome("not_sent" if isinstance(error, _NOT_TRIED) else "unknown", reason)


def _sendgrid(answer: Answer, taken: int) -> Outcome:  # noqa: PLR0911 - one line a case reads best
    status = answer.status
    message_id = answer.headers.get("x-message-id")
    if status == taken:
        return Outcome("accepted", "accepted", status, provider_id=message_id)
    if status == 429:
        return _deferred(answer)
    if status == 413:
        return Outcome("refused", "too_large", status)
    if status == 200 and taken == 202:
        # The answer of SendGrid's own sandbox mode, which we never ask for: mail may be lost.
        return Outcome("unknown", "sandbox_mode", status, stops_channel=True)
    if status in {401, 403} and answer.json():
        return Outcome("refused", "auth", status, stops_channel=True)
    errors = answer.json().get("errors")
    if status in {400, 401, 403, 404, 405} and isinstance(errors, list) and errors:
        return _sendgrid_refusal(status, errors)
    return Outcome("unknown", f"http_{status}", status)


def _sendgrid_refusal(status: int, errors: list[Any]) -> Outcome:
    if status != 400:
        return Outcome("refused", "auth", status, stops_channel=True)
    fields = [str(item.get("field") or "") for item in errors if isinstance(item, dict)]
    positions = sorted({int(hit[1]) for name in fields if (hit := _POSITION.search(name))})
    if positions:
        return Outcome("rejected", "bad_recipient", 400, positions=tuple(positions))
    return Outcome(
        "refused", "config", 400, code=fields[0][:60] if fields else "", stops_channel=True
    )


def _twilio(answer: Answer) -> Outcome:
    status, body = answer.status, answer.json()
    request_id = answer.headers.get("twilio-request-id")
    if 200 <= status < 300:
        sid = body.get("sid")
        if isinstance(sid, str) and sid:
            return Outcome("accepted", "accepted", status, provider_id=sid, request_id=request_id)
        return Outcome("unknown", "unreadable", status, request_id=request_id)
    code = str(body.get("code") or "")
    if status == 429 or (code == "20429" and 400 <= status < 500):
        return _deferred(answer, code=code)
    if status in {401, 403} and body and not code:
        return Outcome("refused", "auth", status, request_id=request_id, stops_channel=True)
    if not code or status == 408 or not 400 <= status < 500:
        return Outcome("unknown", f"http_{status}", status, code, request_id=request_id)
    return _twilio_refusal(status, code, request_id)


def _twilio_refusal(status: int, code: str, request_id: str | None) -> Outcome:
    known = twilio_codes().get(code)
    if known is None and status in {401, 403, 404}:
        return Outcome("refused", "auth", status, code, request_id=request_id, stops_channel=True)
    if known is None:
        return Outcome("rejected", "other", status, code, request_id=request_id)
    return Outcome(
        "refused" if known["class"] == "auth" else "rejected",
        known["class"],
        status,
        code,
        request_id=request_id,
        stops_channel=known["stops_channel"] == "yes",
        suppresses=known["suppresses"] == "yes",
    )


@cache
def twilio_codes() -> dict[str, dict[str, str]]:
    """Twilio's refusals that mean something to us, by code; any other rejects one message."""
    with Path(__file__).with_name("twilio_codes.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: row for row in csv.DictReader(file)}


def _deferred(answer: Answer, *, code: str = "") -> Outcome:
    wait = _retry_after(answer.headers)
    return Outcome("deferred", "rate_limit", answer.status, code, retry_after=wait)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by Retry-After or X-RateLimit-Reset, told by the provider's own clock."""
    text = headers.get("retry-after", "").strip()
    if text.isdigit():
        return float(text)
    answered = _http_date(headers.get("date", ""))
    if answered is None:
        return None
    reset = headers.get("x-ratelimit-reset", "").strip()
    try:
        until = datetime.fromtimestamp(int(reset), UTC) if reset.isdigit() else _http_date(text)
        return None if until is None else max(0.0, (until - answered).total_seconds())
    except (ValueError, OverflowError, OSError, TypeError):  # no date that a clock could show
        return None


def _http_date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None
