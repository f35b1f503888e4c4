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
from winback.channels._sendgrid_lists import (
    LIST_NAMES,
    PAGE_ROWS,
    Entry,
    ListName,
    Page,
    SuppressionLists,
)
from winback.channels._wire import Answer

__all__ = [
    "LIST_NAMES",
    "PAGE_ROWS",
    "Answer",
    "Channel",
    "EndWithdrawal",
    "Entry",
    "Finding",
    "Kind",
    "ListName",
    "Listed",
    "NotPreparedError",
    "Outcome",
    "Outgoing",
    "Page",
    "Progress",
    "Question",
    "Request",
    "Scope",
    "Search",
    "SuppressionLists",
    "Withdraw",
    "classify",
    "open_channel",
    "why_off",
]
