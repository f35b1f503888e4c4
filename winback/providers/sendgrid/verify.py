"""Whether SendGrid signed a callback: checked on its raw bytes, before anything is read."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from winback.base.errors import UsageError

SENDGRID_SIGNATURE: Final = "x-twilio-email-event-webhook-signature"
SENDGRID_TIMESTAMP: Final = "x-twilio-email-event-webhook-timestamp"


def load_public_keys(comma_separated: str) -> list[ec.EllipticCurvePublicKey]:
    """The webhook keys of the settings; while a key rotates, two are in force."""
    keys = []
    for text in filter(None, (part.strip() for part in comma_separated.split(","))):
        try:
            key = load_der_public_key(base64.b64decode(text, validate=True))
        except (ValueError, binascii.Error):
            key = None
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise UsageError(
                "WINBACK_SENDGRID_WEBHOOK_PUBLIC_KEYS: a key is not a verification key as SendGrid"
                " shows it (base64, beginning with MFkw)"
            )
        keys.append(key)
    return keys


def is_signed_by_sendgrid(
    body: bytes, headers: Mapping[str, str], keys: Iterable[ec.EllipticCurvePublicKey]
) -> bool:
    """ECDSA over timestamp and raw body. Old timestamps pass: retries go on for a day."""
    signature, timestamp = headers.get(SENDGRID_SIGNATURE), headers.get(SENDGRID_TIMESTAMP)
    if not signature or not timestamp:
        return False
    try:
        decoded = base64.b64decode(signature, validate=True)
        signed = timestamp.encode("latin-1") + body
    except (ValueError, binascii.Error):
        return False
    return any(_verifies(key, decoded, signed) for key in keys)


def _verifies(key: ec.EllipticCurvePublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True
