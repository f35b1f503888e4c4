"""Channels: one file a provider behind one seam."""

from winback.channels._classify import classify
from winback.channels._look_up import (
    EndWithdrawal,
    Finding,
    Listed,
    Progress,
    Question,
    Search,
    Withdraw,
)
from winback.channels._open import open_channel, why_off
from winback.channels._seam import (
    Channel,
    Kind,
    NotPreparedError,
    Outcome,
    Outgoing,
    Request,
    Scope,
)
from winback.channels._wire import Answer

__all__ = [
    "Answer",
    "Channel",
    "EndWithdrawal",
    "Finding",
    "Kind",
    "Listed",
    "NotPreparedError",
    "Outcome",
    "Outgoing",
    "Progress",
    "Question",
    "Request",
    "Scope",
    "Search",
    "Withdraw",
    "classify",
    "open_channel",
    "why_off",
]
