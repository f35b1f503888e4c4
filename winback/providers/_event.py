"""The one shape that every provider's callbacks are mapped to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from winback.ledger import ChannelGroup, Preference
from winback.replies import Reading

EventKind = Literal[
    "processed", "delivered", "deferred", "bounced", "dropped", "opened", "clicked", "replied",
    "opted_out", "opted_in", "complained", "sent", "undelivered", "failed",
    "preferred",
]  # fmt: skip


@dataclass(frozen=True)
class Reply:
    """What somebody wrote to us; `provider_intent` is Twilio's own reading, if it acted on it.

    `mail_id` is a mail's Message-ID, if it has one that may stand in a header of ours.
    """

    text: str
    provider_intent: Literal["", "stop", "start", "help"] = ""
    mail_id: str | None = None
    # How it reads, if that was found out before the transaction which applies it.
    reading: Reading | None = None


@dataclass(frozen=True)
class Event:
    """One thing that happened to a message or came from an address.

    It says what came in and nothing of what follows from it: that is a table of the collector's.
    `dedupe_key` tells one delivery of a callback from another; `semantic_key` is the same
    for the same happening, however often it is told.
    """

    provider: str
    kind: EventKind
    dedupe_key: str
    semantic_key: str
    occurred_at: datetime
    received_at: datetime
    ref: str
    group: ChannelGroup
    # What the callback names: our message, the provider's, the address, whichever it knows.
    message_id: str | None = None
    attempt_id: str | None = None
    provider_id: str | None = None
    address: str = ""
    # Another address that the callback comes from: what silences the one silences it too.
    other_address: str = ""
    is_machine: bool = False
    # Whether the address is the sender's, as far as the provider found out.
    is_vouched_for: bool = True
    error_code: str | None = None
    # The cause that the provider names, where effects depend on it.
    cause: str = ""
    # A hash of what was clicked; of a link of ours also its place in the message, and its address
    # without what a shop may say of a person in it.
    link: str | None = None
    link_pos: int | None = None
    link_address: str | None = None
    detail: dict[str, object] = field(default_factory=dict)
    # Which list of the provider somebody left or came back to; empty: it is about the address.
    unsubscribe_list: str = ""
    reply: Reply | None = None
    # A wish of the person's that is not, or not only, silence at this address.
    preference: Preference | None = None
    # When the choice was made that is taken back.
    takes_back: datetime | None = None


class Unreadable(ValueError):
    """A callback that was signed and still makes no sense; its line in the event log stays."""


def digest(prefix: str, *parts: object) -> str:
    """A key over parts, which may hold an address: only the hash is kept."""
    joined = "|".join("" if part is None else str(part) for part in parts)
    return prefix + hashlib.sha256(joined.encode(errors="replace")).hexdigest()


def clean(text: str) -> str:
    """Foreign text that every database takes: no NUL, no half of a surrogate pair."""
    return text.replace("\0", "").encode(errors="replace").decode()
