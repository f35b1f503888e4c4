"""The refusals of Twilio's Calls resource: its codes and their order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from winback.rehearsal.sandbox._twilio_rules import E164, MAGIC_RECIPIENTS, is_public_url, is_url

MAX_TWIML_CHARS: Final = 4000
_URLS: Final = ("Url", "FallbackUrl", "AsyncAmdStatusCallback", "ClientNotificationUrl")
_METHODS: Final = (
    "Method", "FallbackMethod", "StatusCallbackMethod", "RecordingStatusCallbackMethod",
    "AsyncAmdStatusCallbackMethod",
)  # fmt: skip
_NUMBERS: Final = (
    "Timeout", "TimeLimit", "MachineDetectionTimeout", "MachineDetectionSpeechThreshold",
    "MachineDetectionSpeechEndThreshold", "MachineDetectionSilenceTimeout",
)  # fmt: skip
_PARAMETERS: Final = frozenset({
    "To", "From", "Twiml", "ApplicationSid", "StatusCallback", "StatusCallbackEvent",
    "SendDigits", "Record", "RecordingChannels", "RecordingStatusCallback",
    "RecordingStatusCallbackEvent", "SipAuthUsername", "SipAuthPassword", "MachineDetection",
    "Trim", "CallerId", "AsyncAmd", "Byoc", "CallReason", "CallToken", "RecordingTrack",
    *_URLS, *_METHODS, *_NUMBERS,
})  # fmt: skip


def problem(parameters: Mapping[str, Any]) -> int | None:
    """Return the code of the first thing that Twilio would refuse; None when all is well."""
    checks = (*_form(parameters), *_addresses(parameters), *_speech(parameters))
    return next((code for code, is_fine in checks if not is_fine), None)


Checks = Iterator[tuple[int, bool]]


def _form(parameters: Mapping[str, Any]) -> Checks:
    yield 20001, parameters.keys() <= _PARAMETERS
    for name in _METHODS:
        yield 20001, parameters.get(name, "POST") in {"GET", "POST"}
    for name in _NUMBERS:
        yield 20001, re.fullmatch(r"[0-9]+", parameters.get(name, "1")) is not None
    yield 20001, parameters.get("Record", "true") in {"true", "false", "True", "False"}
    byoc = parameters.get("Byoc", f"BY{'0' * 32}")
    yield 20001, re.fullmatch(r"BY[0-9a-fA-F]{32}", byoc) is not None


def _addresses(parameters: Mapping[str, Any]) -> Checks:
    to, sender = parameters.get("To", ""), parameters.get("From", "")
    yield 21201, bool(to)
    yield 21217, E164.fullmatch(to) is not None
    yield 21213, bool(sender)
    yield 21212, E164.fullmatch(sender) is not None
    yield 21217, to not in MAGIC_RECIPIENTS


def _speech(parameters: Mapping[str, Any]) -> Checks:
    twiml, application = parameters.get("Twiml", ""), parameters.get("ApplicationSid")
    yield 21205, bool(parameters.get("Url") or twiml or application)
    for name in _URLS:
        yield 21205, not parameters.get(name) or is_url(parameters[name])
    # Twilio documents that it refuses a longer TwiML, but not with which code.
    yield 20001, len(twiml) <= MAX_TWIML_CHARS
    is_application = re.fullmatch(r"AP[0-9a-fA-F]{32}", application or "") is not None
    yield 21218, application is None or is_application
    callback = parameters.get("StatusCallback")
    yield 21609, not callback or is_public_url(callback)
