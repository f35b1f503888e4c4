"""The ledger: the one database for everything that leaves the house."""

from winback.ledger import _tables as tables
from winback.ledger._database import Ledger, insert_new, open_ledger
from winback.ledger._export import export_ledger
from winback.ledger._fence import LedgerFenced, dedicate
from winback.ledger._messages import (
    MAY_HAVE_REACHED,
    WAITING,
    count_by_state,
    count_sends,
    recent_sends,
    reschedule,
    transition,
)
from winback.ledger._states import FINAL, TRANSITIONS, State
from winback.ledger._suppressions import (
    ChannelGroup,
    channel_group,
    is_suppressed,
    lift,
    suppress,
    suppressed_among,
)
from winback.ledger._tokens import read as read_token
from winback.ledger._tokens import sign as sign_token

__all__ = [
    "FINAL",
    "MAY_HAVE_REACHED",
    "TRANSITIONS",
    "WAITING",
    "ChannelGroup",
    "Ledger",
    "LedgerFenced",
    "State",
    "channel_group",
    "count_by_state",
    "count_sends",
    "dedicate",
    "export_ledger",
    "insert_new",
    "is_suppressed",
    "lift",
    "open_ledger",
    "read_token",
    "recent_sends",
    "reschedule",
    "sign_token",
    "suppress",
    "suppressed_among",
    "tables",
    "transition",
]
