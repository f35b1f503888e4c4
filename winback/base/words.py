"""Words that several rooms say to people; light, since `winback why` starts with them."""

from __future__ import annotations

from typing import Final

# What became of a message, as a run's end and a person's story say it.
OUTCOMES: Final = {
    "accepted": "sent",
    "rejected": "refused by the provider",
    "unknown": "may have been sent",
    "suppressed": "stopped by the last look before the call",
    "expired": "not sent in time",
}
