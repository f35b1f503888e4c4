"""Whether Twilio signed a callback: checked on its raw bytes, before anything is read from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from starlette.datastructures import ImmutableMultiDict
from twilio.request_validator import RequestValidator

TWILIO_SIGNATURE: Final = "x-twilio-signature"


def is_signed_by_twilio(
    body: bytes, headers: Mapping[str, str], *, url: str, auth_token: str
) -> bool:
    """HMAC by the auth token over the public URL and every parameter, empty ones too."""
    signature = headers.get(TWILIO_SIGNATURE)
    if not signature or not auth_token:
        return False
    try:
        parameters = parse_qsl(body.decode(), keep_blank_values=True)
    except ValueError:
        return False
    validator = RequestValidator(auth_token)
    return bool(validator.validate(url, ImmutableMultiDict(parameters), signature))
