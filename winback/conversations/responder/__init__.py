"""Automated replies: one seam for responders, and the fences around each of them.

thread → fence before (_input) → responder, the shipped one or a plugged one → fence behind
(_output) → a reply exactly as it may be sent, or a hand-over to a human. Off by default.
"""

from winback.conversations.responder._ask import ask
from winback.conversations.responder._facts import Catalog, facts_for, read_catalog
from winback.conversations.responder._input import Thread
from winback.conversations.responder._open import open_responder
from winback.conversations.responder._run import RespondReport, reply_to_questions
from winback.conversations.responder._seam import (
    Conversation,
    Draft,
    Facts,
    HandOver,
    Offer,
    Product,
    Responder,
)

# Responders written before the name changed.
Answer = Draft

__all__ = [
    "Answer",
    "Catalog",
    "Conversation",
    "Draft",
    "Facts",
    "HandOver",
    "Offer",
    "Product",
    "RespondReport",
    "Responder",
    "Thread",
    "ask",
    "facts_for",
    "open_responder",
    "read_catalog",
    "reply_to_questions",
]
