"""One reading of every response a provider may give, or fail to give.

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
from typing import Any, Final, Literal, cast

from winback.providers._bounds import ResponseTooLargeError, name_of
from winback.providers._seam import Outcome, Scope
from winback.providers._wire import HttpResponse, NotHandedOverError

Provider = Literal["sendgrid", "twilio"]

_POSITION = re.compile(r"personalizations[.\[](\d{1,6})(?!\d)", re.ASCII)
# Longer than a provider ever asks for, and the channel stands still at far less.
LONGEST_WAIT: Final = 30 * 24 * 3600.0


def classify(provider: Provider, result: HttpResponse | Exception, *, taken: int = 202) -> Outcome:
    """What a call came to: what its response, or the failure to get one, proves.

    `taken` is the status by which SendGrid says that it did what was asked.
    """
    if isinstance(result, Exception):
        return _classify_failure(result)
    return _sendgrid(result, taken) if provider == "sendgrid" else _twilio(result)


def _classify_failure(error: Exception) -> Outcome:
    if isinstance(error, NotHandedOverError):
        return Outcome("not_sent", str(error))
    if isinstance(error, ResponseTooLargeError):
        return Outcome("unknown", str(error))
    return Outcome("unknown", type(error).__name__)


def _sendgrid(response: HttpResponse, taken: int) -> Outcome:  # noqa: PLR0911 - a line a case
    status = response.status
    message_id = name_of(response.headers.get("x-message-id"))
    if status == taken:
        return Outcome("accepted", "accepted", status, provider_id=message_id)
    if status == 429:
        return _deferred(response)
    if status == 413:
        return Outcome("refused", "too_large", status)
    if status == 200 and taken == 202:
        # The response of SendGrid's own sandbox mode, which we never ask for: mail may be lost.
        return Outcome("unknown", "sandbox_mode", status, stops="channel")
    errors = response.json().get("errors")
    if 400 <= status < 500 and status != 408 and isinstance(errors, list) and errors:
        return _sendgrid_refusal(status, [item for item in errors if isinstance(item, dict)])
    if status in {401, 403} and response.json():
        return Outcome("refused", "auth", status, stops="channel")
    return Outcome("unknown", f"http_{status}", status)


def _sendgrid_refusal(status: int, errors: list[dict[str, Any]]) -> Outcome:
    """A refusal in SendGrid's own words: it names a field of the request, if anything."""
    fields = [str(error.get("field") or "") for error in errors]
    places = [_POSITION.match(field) for field in fields]
    named = next((f for f, place in zip(fields, places, strict=True) if f and not place), "")
    known = _known_refusal(named, " ".join(str(error.get("message")) for error in errors))
    if known is not None:
        what, stops = known["class"], cast("Scope", known["stops"])
        return Outcome("refused", what, status, _top(named), stops=stops)
    if status != 400:
        return Outcome("refused", "auth", status, _top(named), stops="channel")
    # What is wrong with the whole request is nobody's fault in it, whomever else it names.
    if named and _top(named) != "personalizations":
        return Outcome("refused", "config", status, _top(named), stops="channel")
    positions = sorted({int(place[1]) for place in places if place})
    if positions and not named:
        return Outcome("rejected", "bad_recipient", status, positions=tuple(positions))
    return Outcome("refused", "unexplained", status)


def _top(field: str) -> str:
    """The part of a request that a field is in: the name of a deeper one may be a person's."""
    return name_of(re.split(r"[.\[]", field)[0][:40]) or ""


def _known_refusal(field: str, message: str) -> dict[str, str] | None:
    for row in sendgrid_refusals():
        if row["field"] == _top(field) and row["message_has"] in message.lower():
            return row
    return None


@cache
def sendgrid_refusals() -> list[dict[str, str]]:
    """SendGrid's refusals that mean more than their status, by field and by what they say."""
    return _table("sendgrid/refusals.csv")


def _twilio(response: HttpResponse) -> Outcome:
    status, body = response.status, response.json()
    request_id = name_of(response.headers.get("twilio-request-id"))
    if 200 <= status < 300:
        sid = name_of(body.get("sid"))
        if sid:
            return Outcome("accepted", "accepted", status, provider_id=sid, request_id=request_id)
        return Outcome("unknown", "unreadable", status, request_id=request_id)
    code = name_of(str(body.get("code") or "")) or ""
    if status == 429 or (code == "20429" and 400 <= status < 500):
        return _deferred(response, code=code)
    if status in {401, 403} and body and not code:
        return Outcome("refused", "auth", status, request_id=request_id, stops="channel")
    if not code or status == 408 or not 400 <= status < 500:
        return Outcome("unknown", f"http_{status}", status, code, request_id=request_id)
    return _twilio_refusal(status, code, request_id)


def _twilio_refusal(status: int, code: str, request_id: str | None) -> Outcome:
    known = twilio_codes().get(code)
    if known is None and status in {401, 403, 404}:
        return Outcome("refused", "auth", status, code, request_id=request_id, stops="channel")
    if known is None:
        return Outcome("rejected", "other", status, code, request_id=request_id)
    return Outcome(
        "refused" if known["kind"] == "refused" else "rejected",
        known["class"],
        status,
        code,
        request_id=request_id,
        stops=_twilio_scope(known),
        suppresses=known["suppresses"] == "yes",
    )


def _twilio_scope(known: Mapping[str, str]) -> Scope:
    if known["stops_channel"] != "yes":
        return "nothing"
    return "step" if known["class"] == "content" else "channel"


@cache
def twilio_codes() -> dict[str, dict[str, str]]:
    """Twilio's refusals that mean something to us, by code; any other rejects one message.

    `refused` says nothing of the message: it waits. Where a code may be about one number alone
    (no route, no permission for its region), it stops no channel by itself: many in a row do.
    """
    return {row["code"]: row for row in _table("twilio/codes.csv")}


def _table(name: str) -> list[dict[str, str]]:
    with (Path(__file__).parent / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _deferred(response: HttpResponse, *, code: str = "") -> Outcome:
    wait = _retry_after(response.headers)
    return Outcome("deferred", "rate_limit", response.status, code, retry_after=wait)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by Retry-After or X-RateLimit-Reset, told by the provider's own clock."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_WAIT)
    responded_at = _http_date(headers.get("date", ""))
    if responded_at is None:
        return None
    reset = headers.get("x-ratelimit-reset", "").strip()
    try:
        until = datetime.fromtimestamp(int(reset), UTC) if reset.isdigit() else _http_date(text)
        wait = None if until is None else (until - responded_at).total_seconds()
        return None if wait is None else min(max(0.0, wait), LONGEST_WAIT)
    except (ValueError, OverflowError, OSError, TypeError):  # no date that a clock could show
        return None


def _http_date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (ValueError, OverflowError, TypeError, IndexError):  # whatever a parser may meet
        return None
