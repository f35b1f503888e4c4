"""Channels: one file a provider behind one seam."""

from winback.channels._classify import Answer, classify
from winback.channels._open import open_channel
from winback.channels._seam import Channel, Kind, Outcome, Outgoing, Request

__all__ = [
    "Answer",
    "Channel",
    "Kind",
    "Outcome",
    "Outgoing",
    "Request",
    "classify",
    "open_channel",
]
