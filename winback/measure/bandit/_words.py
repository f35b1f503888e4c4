"""A move in words: why each arm is dealt by the chance that it has."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from winback.measure.bandit._arms import NOTHING, Bounds, Dealt, Phase

_STOPPED: Final = {
    "opt_outs": "{opted_out:,} of {reached:,} opted out, more than the {opt_outs:.1%} allowed",
    "complaints": (
        "{complained:,} of {reached:,} complained, more than the {complaints:.2%} allowed"
    ),
    "operator": "the operator stopped it",
}


def tell(arms: Sequence[Dealt], phase: Phase, bounds: Bounds, *, new_stops: Collection[str]) -> str:
    """One line: each stop first, then what the chances rest on."""
    live = [it for it in arms if not it.stopped_by]
    lines = [_stop(it, bounds, is_new=it.arm in new_stops) for it in arms if it.stopped_by]
    if not live:
        lines.append("No arm is left, so the step sends nothing.")
    elif phase == "uniform":
        lines.append(
            f"All arms are dealt evenly until each has {bounds.start_assigned:,} people "
            f"and {bounds.start_responders:,} returns; {_least(live, bounds)}."
        )
    else:
        lines.append(f"{_leader(live)} {'; '.join(_line(it) for it in live)}.")
    return " ".join(lines)


def _stop(it: Dealt, bounds: Bounds, *, is_new: bool) -> str:
    words = _STOPPED[it.stopped_by].format(
        opted_out=it.opted_out,
        complained=it.complained,
        reached=it.reached,
        opt_outs=bounds.max_opt_out_rate,
        complaints=bounds.max_complaint_rate,
    )
    return f"The arm {it.arm} {'is stopped now' if is_new else 'stays stopped'}: {words}."


def _least(live: Sequence[Dealt], bounds: Bounds) -> str:
    """The first arm that keeps the step from learning; a lone arm has nothing to learn."""
    for it in live:
        if it.assigned < bounds.start_assigned or it.responded < bounds.start_responders:
            return f"{it.arm} has {it.assigned:,} and {it.responded:,}"
    for it in live:
        if it.value_cents <= 0.0:
            return f"what a return by {it.arm} is worth is not known"
    return "nothing is left to choose"


def _leader(live: Sequence[Dealt]) -> str:
    best = max(live, key=lambda it: it.best_millionths)
    what = "Sending nothing" if best.arm == NOTHING else f"The arm {best.arm}"
    return f"{what} is worth most with a chance of {best.best_millionths / 1e6:.0%}:"


def _line(it: Dealt) -> str:
    held = ""
    if it.propensity <= it.least_share + 0.005:
        held = ", the least that is allowed"
    elif it.most_share < 1.0 and it.propensity >= it.most_share - 0.005:
        held = ", the most that is allowed"
    return (
        f"{it.arm} gets {it.propensity:.1%}{held} ({it.responded:,} of {it.assigned:,} came back)"
    )
