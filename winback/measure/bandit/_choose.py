"""Who gets which arm: hashes of an enrollment against the chances that a move has kept."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, Literal

from winback.measure.bandit._arms import NOTHING
from winback.measure.bandit._keep import Kept

Dealer = Literal["bandit", "random"]

# The first eight hex digits of a hash are below this.
_HASHES: Final = 2**32


@dataclass(frozen=True)
class Choice:
    """One enrollment's arm at a step, who dealt it, and the chance with which it came out whoever
    had dealt it, which is what an estimate from the log weighs by."""

    dealt_by: Dealer
    arm: str
    propensity: float


def choose(kept: Kept, enrollment_id: str, *, barred: Collection[str] = ()) -> Choice:
    """The arm that a move deals to an enrollment: the same one whenever and wherever it is asked.

    Two hashes, independent of each other and of the one that makes the holdout. The arms of
    `barred` can't be dealt to it, and the others share their chance. SQL deals
    (dec_bandit__chances); this is how its choices are checked.
    """
    share, arms = kept.bounds.random_control_share, kept.move.without(barred)
    whole = sum(it.millionths for it in arms)
    is_random = _hash(kept, enrollment_id, "dealer") < share * _HASHES
    live = [it.arm for it in arms if not it.stopped_by]
    place = _hash(kept, enrollment_id, "arm")
    if not whole:
        arm = NOTHING
    elif is_random and live:
        arm = live[place * len(live) // _HASHES]
    else:
        ends = accumulate(it.millionths for it in arms)
        arm = next(
            it.arm for it, end in zip(arms, ends, strict=True) if place * whole < end * _HASHES
        )
    propensity = kept.move.chance(arm, random_control_share=share, barred=barred)
    return Choice("random" if is_random else "bandit", arm, propensity)


def _hash(kept: Kept, enrollment_id: str, purpose: str) -> int:
    """The first eight hex digits of md5, as the macro `hash_unit` takes them."""
    text = f"{enrollment_id}|{kept.seed}|{purpose}"
    return int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:8], 16)
