"""The messages that shoppers receive, and their reactions."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np

Channel = Literal["email", "sms"]
ReactionKind = Literal[
    "delivered", "bounced", "opened", "machine_opened", "clicked", "replied", "stop", "spamreport"
]


@dataclass(frozen=True)
class ReceivedMessage:
    """A message as it reached the provider, with the code and percentage of its offer."""

    message_id: str
    customer_id: str
    channel: Channel
    playbook_id: str
    step: int
    sent_at: datetime
    coupon_code: str = ""
    coupon_percent: int = 0


@dataclass(frozen=True)
class Reaction:
    """The outcome of one message.

    `bounced` on a text is an undeliverable number; `stop` on email is the unsubscribe link
    (without a text), on a phone it is the reply in `text`.
    """

    message_id: str
    customer_id: str
    channel: Channel
    kind: ReactionKind
    at: datetime
    text: str = ""


@dataclass(frozen=True)
class Temper:
    """A channel's reception: chances per delivered message, and its true effect.

    `effect` is the chance that a person who would not order within 30 days orders because
    of this message, within 14 days of it.
    """

    dead_address: float
    stop: float
    spamreport: float
    reply: float
    feedback_reply: float
    click: float
    open: float
    machine_open: float
    effect: float


# The effects are several times a real shop's, so that a season of two weeks decides a test.
TEMPERS: dict[Channel, Temper] = {
    "email": Temper(
        dead_address=0.015,
        stop=0.004,
        spamreport=0.0005,
        reply=0.0,
        feedback_reply=0.0,
        click=0.03,
        open=0.28,
        machine_open=0.45,
        effect=0.035,
    ),
    "sms": Temper(
        dead_address=0.025,
        stop=0.01,
        spamreport=0.0,
        reply=0.03,
        feedback_reply=0.09,
        click=0.06,
        open=0.0,
        machine_open=0.0,
        effect=0.05,
    ),
}

FEEDBACK_STEPS = {("sms_email", 3), ("sms_four_step", 3)}

# Some stop in another language than the message's, or in a sentence: all of them must count.
STOP_TEXTS = (
    *("STOP", "STOP", "STOP", "Stop", "stop.", "UNSUBSCRIBE", "Stop please"),
    *("ARRET", "Please stop texting me", "STOPP"),
)
FEEDBACK_TEXTS = (
    *("Shipping was too expensive", "Too pricey for me right now", "I still have plenty left"),
    *("Forgot about you, sorry!", "The candle arrived broken", "Found it cheaper elsewhere"),
    *("Trop cher pour moi", "Der Versand war zu teuer", "Wanted a refill size"),
)
REPLY_TEXTS = (
    *("Do you ship to Canada?", "Thanks!", "Who is this?", "Does the code work on gift boxes?"),
    *("HELP", "Is the tea organic?", "Maybe next month", "Love your soaps"),
)


def dice(seed: int, *parts: object) -> np.random.Generator:
    """Return random numbers that depend on nothing but the arguments."""
    key = "|".join(str(part) for part in (seed, *parts))
    return np.random.default_rng(int.from_bytes(hashlib.blake2b(key.encode()).digest()[:8]))
