"""What Twilio's Messages resource refuses: its codes and their order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from winback.sandbox._state import State

MAX_BODY_CHARS: Final = 1600
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_PARAMETERS: Final = frozenset({
    "To", "From", "MessagingServiceSid", "Body", "StatusCallback", "ValidityPeriod",
    "SmartEncoded", "ShortenUrls", "RiskCheck", "MessageIntent", "MaxPrice", "ProvideFeedback",
    "Attempt", "ForceDelivery", "ContentRetention", "AddressRetention", "TrafficType", "Tags",
})  # fmt: skip
# Numbers that Twilio's test credentials refuse in the same way, with the same codes.
MAGIC_RECIPIENTS: Final = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
ERRORS: Final = {
    20003: "Authenticate",
    20404: "The requested resource was not found",
    21211: "Invalid 'To' Phone Number",
    21408: "Permission to send an SMS has not been enabled for the region indicated by the 'To'"
    " number",
    21602: "Message body is required",
    21603: "A 'From' phone number or a 'MessagingServiceSid' is required",
    21604: "A 'To' phone number is required",
    21606: "The 'From' phone number provided is not a valid message-capable Twilio phone number",
    21609: "The 'StatusCallback' URL is not valid",
    21610: "Attempt to send to unsubscribed recipient",
    21612: "Message cannot be sent with the current combination of 'To' and 'From' parameters",
    21614: "'To' number is not a valid mobile number",
    21617: "The concatenated message body exceeds the 1600 character limit",
    21624: "The 'ValidityPeriod' must be an integer between 1 and 36000",
    21701: "The Messaging Service does not exist",
    20001: "Unknown or unsupported parameter",
}


def problem(state: State, parameters: Mapping[str, str]) -> int | None:
    """The code of the first thing that Twilio would refuse; None when all is well."""
    to, sender = parameters.get("To", ""), parameters.get("From", "")
    service, body = parameters.get("MessagingServiceSid", ""), parameters.get("Body", "")
    callback = parameters.get("StatusCallback")
    validity = parameters.get("ValidityPeriod", "36000")
    checks = (
        (20001, parameters.keys() <= _PARAMETERS),
        (21604, bool(to)),
        (21211, _E164.fullmatch(to) is not None),
        (21603, bool(sender or service)),
        (21606, bool(service) or _E164.fullmatch(sender) is not None),
        (21701, not service or service == state.credentials.messaging_service_sid),
        (21602, bool(body.strip())),
        (21617, len(body) <= MAX_BODY_CHARS),
        (21609, callback is None or is_public_url(callback)),
        (21624, validity.isdecimal() and 1 <= int(validity) <= 36_000),
        (MAGIC_RECIPIENTS.get(to, 0), to not in MAGIC_RECIPIENTS),
        (21610, state.store.opt_out_reason("twilio", to) is None),
    )
    return next((code for code, is_fine in checks if not is_fine), None)


def is_public_url(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and "_" not in parts.netloc
