"""The person of an erasure: their ids, and their addresses as keyed hashes.

Everything is found by the hash of each address, never by the address: so an erasure that died
half way, or is repeated months later, finds what an earlier one has left or what came in since.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, get_args

from winback.ledger import AddressKey, ChannelGroup, normalize

# What could be an address in foreign text, more rather than less: only its hash decides. A word
# without an "@" is stepped over whole, or a long one would be looked at from each of its letters.
EMAIL: Final = re.compile(r"[^\s@\"'<>,;:()\[\]{}|\\=&?]++(?:@[^\s@\"'<>,;:()\[\]{}|\\=&?/]+)?")
PHONE: Final = re.compile(r"\+?\d[\d ().-]{4,24}\d")


@dataclass(frozen=True)
class Person:
    """One person. `hidden` has what stands for each of their addresses."""

    customer_id: str
    pseudonym: str
    key: AddressKey
    hidden: frozenset[str]
    # The keyed hashes of how a hashed list would name them, and of former spellings of a phone.
    listed: frozenset[str]
    # Messages that went to them, and those to their addresses that are another customer's.
    message_ids: frozenset[str]
    others_ids: frozenset[str]
    # Their addresses as they stand here still, by channel group; none once they are erased.
    spelled: frozenset[tuple[ChannelGroup, str]] = field(repr=False)

    def owns(self, address: str) -> bool:
        """Whether an address is theirs, however it is spelled."""
        return bool(self._hidden(address))

    def hide(self, address: str) -> str:
        """The hash of an address, whether or not it is theirs."""
        group: ChannelGroup = "email" if "@" in address else "phone"
        return self.key.hide(normalize(group, address))

    def is_in(self, text: str) -> bool:
        """Whether a text names an address of theirs."""
        return any(self.owns(found[0]) for found in self._candidates(text))

    def redacted(self, text: str) -> str:
        """The text with the hash in the place of each address of theirs."""
        text = EMAIL.sub(
            lambda found: ("@" in found[0] and self._hidden(found[0])) or found[0], text
        )
        return PHONE.sub(lambda found: self._hidden(found[0]) or found[0], text)

    def _hidden(self, address: str) -> str:
        """The hash for an address of theirs; empty for any other."""
        for group in get_args(ChannelGroup):
            for text in (address, address.strip(".-")):
                hidden = self.key.hide(normalize(group, text))
                if hidden in self.hidden:
                    return hidden
        return ""

    def _candidates(self, text: str) -> list[re.Match[str]]:
        emails = [found for found in EMAIL.finditer(text) if "@" in found[0]]
        return [*emails, *PHONE.finditer(text)]
