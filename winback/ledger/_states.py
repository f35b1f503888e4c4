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
TRANSITIONS: Final[dict[State, frozenset[State]]] = {
    "planned": frozenset({"claimed", "suppressed", "expired", "cancelled"}),
    "deferred": frozenset({"planned", "claimed", "suppressed", "expired", "cancelled"}),
    "claimed": frozenset({"planned", "sending", "suppressed", "expired", "cancelled"}),
    "sending": frozenset({"accepted", "rejected", "planned", "deferred", "unknown"}),
    "unknown": frozenset({"accepted", "planned", "expired", "rejected", "unknown_final"}),
    **{state: frozenset() for state in sorted(FINAL)},
}
