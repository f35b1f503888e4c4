"""The refusals of Twilio's Messages resource: its codes and their order."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from winback.rehearsal.sandbox._state import State

MAX_BODY_CHARS: Final = 1600
MAX_MEDIA: Final = 10
EARLIEST, LATEST = timedelta(seconds=300), timedelta(days=35)
E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
# A number, a short code, or a name; WhatsApp and RCS bear their channel in front.
_SENDER: Final = re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{5,6}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}")
_PARAMETERS: Final = frozenset({
    "To", "From", "FallbackFrom", "MessagingServiceSid", "Body", "MediaUrl", "ContentSid",
    "ContentVariables", "StatusCallback", "ApplicationSid", "MaxPrice", "ProvideFeedback",
    "Attempt", "ValidityPeriod", "ForceDelivery", "ContentRetention", "AddressRetention",
    "SmartEncoded", "PersistentAction", "TrafficType", "ShortenUrls", "ScheduleType", "SendAt",
    "SendAsMms", "RiskCheck", "MessageIntent", "Tags",
})  # fmt: skip
_BOOLEAN: Final = frozenset(["true", "false", "True", "False"])
_VALUES: Final = {
    "ContentRetention": {"retain", "discard"},
    "AddressRetention": {"retain", "obfuscate"},
    "TrafficType": {"free"},
    "ScheduleType": {"fixed"},
    "RiskCheck": {"enable", "disable"},
    "ProvideFeedback": _BOOLEAN,
    "ForceDelivery": _BOOLEAN,
    "SmartEncoded": _BOOLEAN,
    "ShortenUrls": _BOOLEAN,
    "SendAsMms": _BOOLEAN,
}
_PATTERNS: Final = {
    "ApplicationSid": re.compile(r"AP[0-9a-fA-F]{32}"),
    "MaxPrice": re.compile(r"[0-9]+(\.[0-9]+)?"),
    "Attempt": re.compile(r"[0-9]+"),
}
# Numbers that Twilio's test credentials refuse in the same way, with the same codes.
MAGIC_RECIPIENTS: Final = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}


def problem(state: State, parameters: Mapping[str, Any]) -> int | None:
    """Return the code of the first thing that Twilio would refuse; None when all is well."""
    return next(_problems(state, parameters), None)


def _problems(state: State, parameters: Mapping[str, Any]) -> Iterator[int]:
    checks = (_form, _addresses, _content, _options, _schedule)
    for check in checks:
        yield from (code for code, is_fine in check(state, parameters) if not is_fine)


Checks = Iterator[tuple[int, bool]]


def _form(_: State, parameters: Mapping[str, Any]) -> Checks:
    yield 20001, parameters.keys() <= _PARAMETERS
    for name, values in _VALUES.items():
        yield 20001, parameters.get(name, next(iter(values))) in values
    for name, pattern in _PATTERNS.items():
        yield 20001, name not in parameters or bool(pattern.fullmatch(parameters[name]))


def _addresses(state: State, parameters: Mapping[str, Any]) -> Checks:
    to, sender = parameters.get("To", ""), parameters.get("From", "")
    service = parameters.get("MessagingServiceSid")
    channel, number = _split(to)
    own_channel, own = _split(sender)
    yield 21604, bool(to)
    yield 21211, E164.fullmatch(number) is not None
    yield 21603, bool(sender or service)
    is_sender = own_channel == "rcs" or bool(_SENDER.fullmatch(own))
    yield 21606, not sender or is_sender
    yield 21606, _SENDER.fullmatch(_split(parameters.get("FallbackFrom", "12345"))[1]) is not None
    yield 21701, service is None or service == state.credentials.messaging_service_sid
    yield 21910, not sender or channel == own_channel
    yield MAGIC_RECIPIENTS.get(number, 0), number not in MAGIC_RECIPIENTS
    yield 21610, not state.suppressions.is_stopped(to)


def _split(address: str) -> tuple[str, str]:
    """Split an address into channel and number: `whatsapp:+1…`, `rcs:…`, or a bare number."""
    channel, colon, rest = address.partition(":")
    return (channel, rest) if colon and channel in {"whatsapp", "rcs"} else ("", address)


def _content(_: State, parameters: Mapping[str, Any]) -> Checks:
    body, media = parameters.get("Body", ""), parameters.get("MediaUrl", [])
    content = parameters.get("ContentSid")
    yield 21602, bool(body.strip() or media or content)
    yield 21617, len(body) <= MAX_BODY_CHARS
    yield 21623, len(media) <= MAX_MEDIA
    yield 21620, all(is_url(url) for url in media)
    yield 21655, content is None or re.fullmatch(r"HX[0-9a-fA-F]{32}", content) is not None
    yield 21656, _are_variables(parameters.get("ContentVariables"))


def _are_variables(text: str | None) -> bool:
    try:
        values = json.loads(text) if text else {}
    except ValueError:
        return False
    return isinstance(values, dict) and all(isinstance(v, str) for v in values.values())


def _options(_: State, parameters: Mapping[str, Any]) -> Checks:
    callback = parameters.get("StatusCallback")
    validity = parameters.get("ValidityPeriod", "36000")
    yield 21609, not callback or is_public_url(callback)
    yield 21624, _is_digits(validity) and 1 <= int(validity) <= 36_000


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _schedule(state: State, parameters: Mapping[str, Any]) -> Checks:
    wanted, send_at = parameters.get("ScheduleType"), parameters.get("SendAt")
    yield 35114, bool(wanted) == bool(send_at)
    if send_at:
        yield 35118, bool(parameters.get("MessagingServiceSid"))
        at = scheduled_at(parameters)
        now = state.clock.now()
        yield 35114, at is not None and now + EARLIEST < at <= now + LATEST


def scheduled_at(parameters: Mapping[str, Any]) -> datetime | None:
    """Return when a scheduled message leaves; None for one without a valid time."""
    try:
        at = datetime.fromisoformat(parameters.get("SendAt", ""))
    except ValueError:
        return None
    return at if at.tzinfo else None


def is_public_url(url: str) -> bool:
    """Tell whether Twilio takes the URL; a host with an underscore is none to it."""
    return is_url(url) and "_" not in urlsplit(url).netloc


def is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False
