"""Opaque signed tokens for links in messages: they name a message and nothing else."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import string

from winback.ledger._database import Ledger

_MAC_BYTES = 16
# Letters and digits only: phones cut a link short at a trailing sign. Twelve of them are 71
# bits, so among a billion links two are the same once in 5,000 ledgers; a text counts each.
_ALPHABET = string.ascii_letters + string.digits
_LINK_LENGTH = 12


def sign(ledger: Ledger, message_id: str) -> str:
    """The token of a message: the same each time, valid as long as the ledger lives."""
    name = message_id.encode()
    return base64.urlsafe_b64encode(_mac(ledger, name) + name).rstrip(b"=").decode()


def read(ledger: Ledger, token: str) -> str | None:
    """The message that a token names, or None if we did not sign it."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        mac, name = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        return name.decode() if hmac.compare_digest(mac, _mac(ledger, name)) else None
    except (binascii.Error, ValueError):
        return None


def link_token(ledger: Ledger, message_id: str, pos: int) -> str:
    """The short token of a message's link: the same each time. It says nothing by itself."""
    number = int.from_bytes(_mac(ledger, f"link:{pos}:{message_id}".encode()))
    digits = []
    for _ in range(_LINK_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(digits)


def _mac(ledger: Ledger, name: bytes) -> bytes:
    secret = bytes.fromhex(ledger.token_secret)
    return hmac.new(secret, name, hashlib.sha256).digest()[:_MAC_BYTES]
