"""What a provider may be asked about a call whose response got lost, and what it may say.

Only what its own records show counts, read to their end; a list that can't be read, that breaks
off, or that is not of the expected shape proves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from winback.providers._seam import Outgoing

# In all, for one question: a list may take many calls, each of which ends in time.
LOOK_UP_SECONDS: Final = 120.0


@dataclass(frozen=True)
class Search:
    """Did the provider take this message?"""

    message: Outgoing
    # Records from before this moment are of something else.
    since: datetime
    # The attempt by which it may have left, where that is known.
    attempt_id: str = ""


@dataclass(frozen=True)
class Progress:
    """How far has a message come that the provider took?"""

    provider_id: str


@dataclass(frozen=True)
class Withdraw:
    """Have the mail that is held back under this batch discarded, and have that confirmed.

    With `may_ask` false, only look whether it is: it is too late to ask.
    """

    batch_id: str
    may_ask: bool = True


@dataclass(frozen=True)
class EndWithdrawal:
    """Give back the place of a withdrawal whose batch is long discarded."""

    batch_id: str


@dataclass(frozen=True)
class Prices:
    """What was charged for the messages that left in this time?"""

    since: datetime
    until: datetime


Question = Search | Prices | Progress | Withdraw | EndWithdrawal


@dataclass(frozen=True)
class Listed:
    """One message of the provider's records."""

    provider_id: str
    created_at: datetime
    # False: it may be the message that was searched for, and can't be told from another.
    is_same: bool = True
    # Which attempt it came by, where the provider keeps that; empty: it doesn't say.
    attempt_id: str = ""


@dataclass(frozen=True)
class Charged:
    """What a record says of a message's price: an amount as the provider writes it, with its sign,
    and three letters."""

    provider_id: str
    amount: str
    currency: str


@dataclass(frozen=True)
class Finding:
    """What the provider's records say.

    found        there are messages that are, or may be, the one that was searched for
    absent       the records were read to where it would have to be, and it isn't there
    progress     `fields` is what a callback about the message would tell now
    priced       `charged` is what records of that time say of prices
    withdrawn    the provider confirms that it discards the batch
    not_withdrawn  the provider says that it does not
    ended        the withdrawal's place is free
    unreadable   anything else: it proves nothing
    """

    kind: Literal[
        "found", "absent", "progress", "priced", "withdrawn", "not_withdrawn", "ended", "unreadable"
    ]
    # Oldest first.
    listed: tuple[Listed, ...] = ()
    charged: tuple[Charged, ...] = ()
    fields: dict[str, str] = field(default_factory=dict, repr=False)
    # Why it is unreadable, in a word or two: no contact data.
    reason: str = ""
    # The next question would meet the same: ask no more for now.
    stops_asking: bool = False
