"""An erased address is kept as its HMAC, which tells it again and doesn't tell it out.

The key is drawn once a ledger. It is kept as HMAC's two pads, so that SQL, which has sha256 and
no HMAC, computes the same: sha256(outer_pad || sha256(inner_pad || address)). Whoever holds the
key can try every phone number there is: it is private, like the addresses that it hides.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final, Self

from sqlalchemy import Connection, select

from winback.ledger import _tables as t

# What is written in the place of an erased address. No address has a colon.
PREFIX: Final = "hmac:"
# What the name of an erased customer begins with.
PSEUDONYM: Final = "erased-"
# What is left of the details of an event that was erased, or whose time to be kept is over.
ERASED_DETAIL: Final = '{"erased": true}'
_BLOCK_BYTES: Final = 64
_KEY: Final = select(t.address_keys)
_KNOWN: Final = "winback_address_key"


@dataclass(frozen=True)
class AddressKey:
    """The ledger's key, as the two blocks that HMAC-SHA256 hashes first."""

    inner_pad: bytes
    outer_pad: bytes

    @classmethod
    def of(cls, connection: Connection) -> Self:
        """The key of an open ledger, read once for each connection: only a replay's copy of a
        ledger gets another, and forgets it."""
        if _KNOWN not in connection.info:
            row = connection.execute(_KEY).one()
            pads = bytes.fromhex(row.inner_pad), bytes.fromhex(row.outer_pad)
            connection.info[_KNOWN] = cls(*pads)
        known: Self = connection.info[_KNOWN]
        return known

    def hide(self, address: str) -> str:
        """What stands for a normalized address once it is erased; what is hidden stays so."""
        return address if is_hidden(address) else PREFIX + self.hmac(address)

    def hmac(self, text: str) -> str:
        """HMAC-SHA256 of a text, in hex."""
        inner = hashlib.sha256(self.inner_pad + text.encode(errors="replace")).digest()
        return hashlib.sha256(self.outer_pad + inner).hexdigest()

    def pseudonym(self, customer_id: str) -> str:
        """The pseudonym of an erased customer: the same each time, and computed from the key
        alone."""
        return f"{PSEUDONYM}{self.hmac(f'customer|{customer_id}')[:20]}"


def forget_key(connection: Connection) -> None:
    """Read the key anew: it is being replaced."""
    connection.info.pop(_KNOWN, None)


def is_hidden(address: str) -> bool:
    return address.startswith(PREFIX)


def ensure_key(connection: Connection) -> None:
    """Draw the ledger's key, once; the caller is the only writer."""
    if connection.execute(select(t.address_keys.c.key_id)).first() is None:
        connection.execute(t.address_keys.insert(), [_new_row()])


def _new_row() -> dict[str, object]:
    key = secrets.token_bytes(32).ljust(_BLOCK_BYTES, b"\0")
    return {
        "key_id": secrets.token_hex(8),
        "inner_pad": bytes(byte ^ 0x36 for byte in key).hex(),
        "outer_pad": bytes(byte ^ 0x5C for byte in key).hex(),
    }
