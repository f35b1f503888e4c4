"""What a provider's records say of a span of time: all that left, whoever asked for it.

For a ledger that has forgotten what it sent. The lists are read to their end, or prove nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


class RecordsUnreadable(Exception):
    """The records could not be read to their end; the message is a word or two."""


@dataclass(frozen=True)
class Left:
    """A message of ours that a provider took."""

    provider: str
    group: Literal["email", "phone"]
    provider_id: str
    address: str = field(repr=False)
    left_at: datetime
    # Ours, where the provider keeps them; else empty.
    message_id: str = ""
    attempt_id: str = ""
    # What it said, where the provider shows that.
    words: str = field(default="", repr=False)


@dataclass(frozen=True)
class Heard:
    """A text that somebody sent to a number of ours."""

    provider_id: str
    sender: str = field(repr=False)
    to: str
    words: str = field(repr=False)
    heard_at: datetime
