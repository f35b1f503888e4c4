"""A message's states: the one transition table that the engine and the tests read."""

from __future__ import annotations

from typing import Final, Literal

State = Literal[
    "planned", "claimed", "sending", "deferred", "unknown",
    "accepted", "rejected", "expired", "suppressed", "cancelled", "unknown_final",
]  # fmt: skip

FINAL: Final[frozenset[State]] = frozenset(
    {"accepted", "rejected", "expired", "suppressed", "cancelled", "unknown_final"}
)

# An expired claim goes back to planned; an expired `sending` may have left the house, so it
# goes to unknown and never straight back to planned.
#
# What waits becomes unknown_final in a ledger that was restored from a backup: it may have left
# since.
#
# A final state is one that nothing leaves by itself. A provider's word that it took the message
# after all beats every other belief, however late it comes, so that nothing is sent again; and
# an operator may let go what nobody will ever know.
TRANSITIONS: Final[dict[State, frozenset[State]]] = {
    "planned": frozenset(
        {"claimed", "suppressed", "expired", "cancelled", "accepted", "unknown_final"}
    ),
    "deferred": frozenset(
        {"planned", "claimed", "suppressed", "expired", "cancelled", "accepted", "unknown_final"}
    ),
    "claimed": frozenset({"planned", "sending", "suppressed", "expired", "cancelled", "accepted"}),
    "sending": frozenset({"accepted", "rejected", "planned", "deferred", "unknown"}),
    "unknown": frozenset({"accepted", "planned", "expired", "rejected", "unknown_final"}),
    "accepted": frozenset(),
    "cancelled": frozenset({"accepted"}),
    "expired": frozenset({"accepted"}),
    "rejected": frozenset({"accepted"}),
    "suppressed": frozenset({"accepted"}),
    "unknown_final": frozenset({"accepted", "planned", "expired"}),
}
