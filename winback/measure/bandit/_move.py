"""A step's next move: the chances of its arms, from what they brought and within the bounds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from winback.base.errors import WinbackError
from winback.measure.bandit._arms import (
    NOTHING,
    WHOLE,
    Bounds,
    Dealt,
    Evidence,
    Move,
    Phase,
)
from winback.measure.bandit._best import Posterior, best_chances, in_millionths, posterior
from winback.measure.bandit._harm import harmful_by
from winback.measure.bandit._words import tell


def next_move(
    arms: Sequence[Evidence],
    bounds: Bounds,
    *,
    name: str,
    stopped: Mapping[str, str] | None = None,
) -> Move:
    """What a step named so deals from now on; equal evidence gives an equal move, bit for bit.

    `stopped`: the arms that were stopped before, each with what stopped it; they stay stopped.
    Where all are, nothing is sent.
    """
    ordered = sorted(arms, key=lambda it: it.arm)
    bounds.check(len(ordered), name)
    if NOTHING not in {it.arm for it in ordered}:
        raise WinbackError(
            f"bandit_steps: {name} has no arm {NOTHING}; list it, stopped by the operator "
            "where it may not be dealt"
        )
    limits = [_limits(it, bounds) for it in ordered]
    if sum(least for least, _ in limits) > 1.0 + 1e-9 or any(low > high for low, high in limits):
        raise WinbackError(
            f"bandit_steps: the least shares of {name} sum to more than 1, or one is above its "
            "most; mend the rows in dbt_project/seeds/bandit_steps.csv"
        )
    before = stopped or {}
    stops = {it.arm: before.get(it.arm, "") or harmful_by(it, bounds) for it in ordered}
    live = [it for it in ordered if not stops[it.arm]]
    phase: Phase = "learning" if live and all(_has_begun(it, bounds) for it in live) else "uniform"
    posteriors = {it.arm: posterior(it.days, bounds.discount) for it in ordered}
    best = _best(live, posteriors, phase)
    chances = _chances(best, {it.arm: _limits(it, bounds) for it in live})
    dealt = tuple(
        _dealt(it, posteriors[it.arm], _limits(it, bounds), best.get(it.arm, 0.0), stops[it.arm])
        for it in ordered
    )
    dealt = tuple(replace(it, millionths=chances.get(it.arm, 0)) for it in dealt)
    return Move(phase, dealt, tell(dealt, phase, bounds, new_stops=_new(stops, before)))


def chances_again(move: Move, bounds: Bounds) -> dict[str, int]:
    """The chance of each arm in millionths, reckoned anew from the evidence that a move keeps."""
    live = [it for it in move.arms if not it.stopped_by]
    best = _best(live, {it.arm: (it.alpha, it.beta) for it in live}, move.phase)
    limits = {it.arm: _limits(it, bounds) for it in live}
    return dict.fromkeys((it.arm for it in move.arms), 0) | _chances(best, limits)


def _limits(it: Evidence | Dealt, bounds: Bounds) -> tuple[float, float]:
    """The least and the most that an arm may be dealt."""
    return bounds.min_propensity if it.least_share is None else it.least_share, it.most_share


def _chances(
    best: Mapping[str, float], limits: Mapping[str, tuple[float, float]]
) -> dict[str, int]:
    """In millionths; a lone arm gets all, whatever its bounds."""
    if len(best) == 1:
        return dict.fromkeys(best, WHOLE)
    least, most = zip(*(limits[arm] for arm in best), strict=True)
    return dict(zip(best, in_millionths(list(best.values()), least, most), strict=True))


def _has_begun(it: Evidence, bounds: Bounds) -> bool:
    """Whether an arm has enough people and returns, and it is known what a return is worth."""
    is_seen = it.assigned >= bounds.start_assigned and it.responded >= bounds.start_responders
    return is_seen and it.value_cents != 0.0


def _best(
    live: Sequence[Evidence | Dealt], posteriors: Mapping[str, tuple[float, float]], phase: Phase
) -> dict[str, float]:
    """The share of each live arm in what is above the floors; sending nothing where none is."""
    if not live:
        return {NOTHING: 1.0}
    if phase == "uniform":
        return {it.arm: 1.0 / len(live) for it in live}
    found = best_chances(
        [Posterior(*posteriors[it.arm], it.value_cents, it.cost_cents) for it in live]
    )
    return {it.arm: chance for it, chance in zip(live, found, strict=True)}


def _new(stops: Mapping[str, str], before: Mapping[str, str]) -> Collection[str]:
    return [arm for arm, by in stops.items() if by and not before.get(arm)]


def _dealt(
    it: Evidence,
    beta: tuple[float, float],
    limits: tuple[float, float],
    best: float,
    stopped_by: str,
) -> Dealt:
    """An arm with its evidence, and no chance yet."""
    return Dealt(
        arm=it.arm,
        assigned=it.assigned,
        responded=it.responded,
        alpha=beta[0],
        beta=beta[1],
        value_cents=it.value_cents,
        cost_cents=it.cost_cents,
        reached=it.reached,
        opted_out=it.opted_out,
        complained=it.complained,
        best_millionths=round(best * WHOLE),
        millionths=0,
        stopped_by=stopped_by,
        least_share=limits[0],
        most_share=limits[1],
    )
