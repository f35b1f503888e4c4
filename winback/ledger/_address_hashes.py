"""An address that another tool names only by its SHA-256, as hashed lists of opt-outs do.

Whoever hashes an address first spells it as we do: an email in lower case without blanks, a
phone in E.164. Some leave the plus of a phone out, or know the line by a spelling of former
years, such as Mexico's +52 1. No key is in it: the same address has the
same hash everywhere, which is what makes such a list readable here.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Final

from winback.base.phones import former_spellings

# What is kept in the place of the address. No address has a colon.
HASH_PREFIX: Final = "sha256:"


def is_hashed(address: str) -> bool:
    """Whether this is the hash of an address, and the address itself is not known."""
    return address.startswith(HASH_PREFIX)


# The guard asks it before every call, of the same addresses.
@lru_cache(maxsize=16_384)
def hashes_of(address: str) -> tuple[str, ...]:
    """How a hashed list may name a normalized address, as dbt_project/macros/contact_points.sql
    has it; nothing for what is hidden or hashed itself."""
    if ":" in address:
        return ()
    spellings = [address]
    if address.startswith("+"):
        spellings += former_spellings(address)
        spellings += [number[1:] for number in spellings]
    return tuple(
        HASH_PREFIX + hashlib.sha256(text.encode(errors="replace")).hexdigest()
        for text in spellings
    )
