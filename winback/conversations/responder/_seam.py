"""The one seam between winback and whoever drafts automated replies.

A responder sees what one person wrote, without contact data, and facts that may be told
to them. It gets no settings, no ledger and no way to send.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Product:
    """A row of the catalog, as it may be told: `price` in words such as "24.50 USD"."""

    name: str
    price: str = ""
    url: str = ""


@dataclass(frozen=True)
class Offer:
    """The person's live offer, as it may be told: "20% off", its code, the day it ends."""

    text: str
    code: str = ""
    until: str = ""


@dataclass(frozen=True)
class Facts:
    """All that a reply may rest on. `products` are those that the messages may mean."""

    brand: str
    shop_url: str
    products: tuple[Product, ...] = ()
    offer: Offer | None = None


@dataclass(frozen=True)
class Conversation:
    """What the person wrote and got no reply to yet, oldest first, contact data taken out.

    `earlier` is what they wrote before and got a reply to: context, not a question.
    """

    messages: tuple[str, ...]
    earlier: tuple[str, ...] = ()
    channel: str = "sms"


@dataclass(frozen=True)
class Draft:
    """What to reply, without greeting or disclosure: those are put around it."""

    text: str


@dataclass(frozen=True)
class HandOver:
    """A human must answer; `reason` is one word or a few, joined by underscores."""

    reason: str


class Responder(Protocol):
    """Drafts a reply, or leaves it to a human. Called once a conversation and run."""

    def respond(self, conversation: Conversation, facts: Facts) -> Draft | HandOver:
        """Reply to all the messages from the facts alone; hand over when in doubt."""
        ...
