"""What a message is for, and who wrote it: nothing hangs on a playbook's or template's name."""

from __future__ import annotations

from typing import Final, Literal

# `campaign`: a step of a playbook, which we began. The others were asked for, so no cap of ours and
# no pause of a conversation holds them back: `reply` answers what somebody wrote, `series_ask` asks
# who texted a keyword for their yes, `confirmation` welcomes who gave it.
Purpose = Literal["campaign", "reply", "series_ask", "confirmation"]
WrittenBy = Literal["template", "responder", "human"]

CAMPAIGN: Final[Purpose] = "campaign"
REPLY: Final[Purpose] = "reply"
SERIES_ASK: Final[Purpose] = "series_ask"
CONFIRMATION: Final[Purpose] = "confirmation"
# Where a message that belongs to no playbook is kept, published and sent: a name, not a reason.
REPLIES: Final = "answers"
# What a join of a content series brings: its person's own wish, which counts toward no cap.
OF_A_JOIN: Final[frozenset[Purpose]] = frozenset({"series_ask", "confirmation"})
