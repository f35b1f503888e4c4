"""What other systems' consent states mean here, from a seed that a shop may edit."""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

from winback.base.project import project_seed

_ANY: Final = "*"
UNKNOWN: Final = "UNKNOWN"


class Meaning(NamedTuple):
    """What a state becomes, and the basis of a grant."""

    becomes: str
    basis: str


# A state that is in no row is no yes, and may be a no.
UNCLEAR: Final = Meaning("unclear", "")


def meaning(
    system: str,
    channel: str,
    state: str,
    *,
    opt_in_level: str = UNKNOWN,
    collected_from: str = "",
    is_dated: bool = True,
) -> Meaning:
    """What a state means; a yes without a date is one of which nothing is known."""
    level = opt_in_level.upper() if is_dated else UNKNOWN
    told = (system, channel, state.upper(), level, collected_from.upper())
    fitting = [
        (sum(part == _ANY for part in row), found)
        for row, found in _rows()
        if all(part in (_ANY, it) for part, it in zip(row, told, strict=True))
    ]
    return min(fitting, default=(0, UNCLEAR))[1]


@cache
def _rows() -> list[tuple[tuple[str, ...], Meaning]]:
    parts = ("system", "channel", "state", "opt_in_level", "collected_from")
    return [
        (tuple(row[name] for name in parts), Meaning(row["becomes"], row["basis"]))
        for row in project_seed("consent_states")
    ]
