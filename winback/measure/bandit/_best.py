"""How probable it is that each arm is worth most: Thompson sampling without the draws.

An arm is worth its return rate times the worth of a return, less its cost. Its rate is a Beta
posterior. Drawing once from each and taking the best deals each arm by the chance that it is the
best; that chance is an integral, which a grid gives without a random number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from winback.base.errors import WinbackError
from winback.measure.bandit._arms import WHOLE, Day
from winback.measure.bandit._exact import Floats, exp, ln, running, total

# Cells of an arm's grid, and how far it reaches on each side of the mean.
_CELLS: Final = 800
_STANDARD_DEVIATIONS: Final = 9.0


@dataclass(frozen=True)
class Posterior:
    """An arm's return rate is Beta(alpha, beta); what a return is worth and what the arm costs, in
    cents."""

    alpha: float
    beta: float
    value_cents: float = 1.0
    cost_cents: float = 0.0


def posterior(days: Sequence[Day], discount: float) -> tuple[float, float]:
    """Alpha and beta from a flat prior, each day counting `discount` to the power of its age.

    Refuses days of the future, and days on which more came back than were dealt the arm.
    """
    for day in days:
        if day.age_days < 0 or not 0 <= day.responded <= day.assigned:
            raise WinbackError(
                f"bandit evidence: {day.responded} of {day.assigned} came back {day.age_days} days "
                "after they were dealt an arm; build anew with `winback build`"
            )
    oldest = max((day.age_days for day in days), default=0)
    weights = np.multiply.accumulate(np.full(oldest + 1, discount)) / discount
    ordered = sorted(days)
    by_day = weights[np.array([day.age_days for day in ordered], dtype=np.int64)]
    came = np.array([day.responded for day in ordered], dtype=np.float64)
    stayed = np.array([day.assigned - day.responded for day in ordered], dtype=np.float64)
    return 1.0 + total(by_day * came), 1.0 + total(by_day * stayed)


@dataclass(frozen=True)
class _Grid:
    """A posterior in cells of equal width: how much is in each, and below the end of each."""

    low: float
    width: float
    mass: Floats
    below: Floats

    @classmethod
    def of(cls, it: Posterior) -> _Grid:
        both = it.alpha + it.beta
        mean = it.alpha / both
        # A square root is among the operations that IEEE 754 fixes.
        spread = _STANDARD_DEVIATIONS * math.sqrt(mean * (it.beta / both) / (both + 1.0))
        low, high = max(0.0, mean - spread), min(1.0, mean + spread)
        width = (high - low) / _CELLS
        rates = low + (np.arange(_CELLS, dtype=np.float64) + 0.5) * width
        height = (it.alpha - 1.0) * ln(rates) + (it.beta - 1.0) * ln(1.0 - rates)
        mass = exp(height - np.max(height))
        mass = mass / total(mass)
        return cls(low, width, mass, np.concatenate([np.zeros(1), running(mass)]))

    @property
    def rates(self) -> Floats:
        return self.low + (np.arange(_CELLS, dtype=np.float64) + 0.5) * self.width

    def share_below(self, rates: Floats) -> Floats:
        """The share of the posterior below each rate."""
        place = np.clip((rates - self.low) / self.width, 0.0, float(_CELLS))
        cell = np.minimum(np.floor(place).astype(np.int64), _CELLS - 1)
        return self.below[cell] + (place - cell) * self.mass[cell]


def best_chances(arms: Sequence[Posterior]) -> list[float]:
    """For each arm the chance that it is worth more than every other; they sum to 1."""
    grids = [_Grid.of(arm) for arm in arms]
    found = []
    for one, grid in zip(arms, grids, strict=True):
        worth = grid.rates * one.value_cents - one.cost_cents
        inside = grid.mass
        for other, its_grid in zip(arms, grids, strict=True):
            if other is not one:
                inside = inside * _share_worth_less(its_grid, other, worth)
        found.append(total(inside))
    whole = total(np.array(found))
    return [it / whole for it in found]


def _share_worth_less(grid: _Grid, it: Posterior, worth: Floats) -> Floats:
    """The share of an arm's posterior in which it is worth less than each of these."""
    if not it.value_cents:
        return np.where(worth > -it.cost_cents, 1.0, np.where(worth < -it.cost_cents, 0.0, 0.5))
    below = grid.share_below((worth + it.cost_cents) / it.value_cents)
    # A return whose discount takes more than the sale leaves costs money: the more, the worse.
    return below if it.value_cents > 0.0 else 1.0 - below


def in_millionths(
    shares: Sequence[float], least: Sequence[float], most: Sequence[float]
) -> list[int]:
    """The shares as whole millionths that sum to the whole, each between its least and its most.

    What is above the floors is dealt by the shares; what an arm may not take goes to the others by
    theirs. What rounding leaves goes to the largest remainders, and to the earlier arm of two
    equal ones. Ceilings that leave no room for the whole hold for none.
    """
    floors = [round(it * WHOLE) for it in least]
    if sum(floors) > WHOLE:
        floors = [math.floor(it * WHOLE) for it in least]
    ceilings = [round(it * WHOLE) for it in most]
    if sum(ceilings) < WHOLE:
        ceilings = [WHOLE] * len(shares)
    found = list(floors)
    open_arms = [n for n in range(len(shares)) if floors[n] < ceilings[n]]
    while (free := WHOLE - sum(found)) > 0 and open_arms:
        whole = total(np.array([shares[n] for n in open_arms]))
        parts = [shares[n] / whole if whole else 1.0 / len(open_arms) for n in open_arms]
        given = dict(zip(open_arms, _whole_parts(parts, free), strict=True))
        full = [n for n in open_arms if found[n] + given[n] >= ceilings[n]]
        for n in full or open_arms:
            found[n] = min(found[n] + given[n], ceilings[n])
        open_arms = [n for n in open_arms if n not in full] if full else []
    return found


def _whole_parts(parts: Sequence[float], free: int) -> list[int]:
    """What is free, in whole numbers by parts that sum to 1."""
    exact = [part * free for part in parts]
    whole = [math.floor(it) for it in exact]
    by_remainder = sorted(range(len(parts)), key=lambda n: (whole[n] - exact[n], n))
    for n in by_remainder[: free - sum(whole)]:
        whole[n] += 1
    return whole
