"""Words for what the ledger and the models name, as a person's story and a run's end say them."""

from __future__ import annotations

from typing import Final

from winback.base.words import OUTCOMES

CHANNELS: Final = {"sms": "text"}
STATES: Final = {
    **OUTCOMES,
    "unknown": "may have been sent: no response came. It is never sent again by itself",
    "unknown_final": "may have been sent: nobody will know. It is never sent again",
    "cancelled": "not sent: cancelled",
    "planned": "planned, not sent yet",
    "deferred": "planned, to be tried again",
    "claimed": "planned, in the hands of a run",
    "sending": "on its way",
}


def channel_word(channel: str) -> str:
    return CHANNELS.get(channel, channel)
