"""One number out of several: the shop's, from its playbooks, or from people left alone by all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from winback.measure.statistics._statistics import Difference, normal_difference


@dataclass(frozen=True)
class Pooled:
    """Several estimates of one thing as one.

    `fixed` takes all for estimates of the same effect, `random` lets the true effects differ by
    `tau_squared` (DerSimonian and Laird 1986); `shrunken` has, in their order, each estimate drawn
    to the common one by as much as its own error asks for. `i_squared` is the share of the
    estimates' spread that isn't chance (Higgins and Thompson 2002), from 0 to 1.
    """

    fixed: Difference
    random: Difference
    tau_squared: float
    i_squared: float
    shrunken: tuple[float, ...]


def pooled(differences: Sequence[Difference], *, alpha: float = 0.05) -> Pooled | None:
    """Weigh each by the inverse of its variance; None where none has a standard error."""
    if not differences or any(it.standard_error <= 0 for it in differences):
        return None
    effects = [it.estimate for it in differences]
    variances = [it.standard_error**2 for it in differences]
    fixed = _weighed(effects, variances, alpha)
    weights = [1 / it for it in variances]
    spread = sum(w * (y - fixed.estimate) ** 2 for w, y in zip(weights, effects, strict=True))
    freedom, total = len(effects) - 1, sum(weights)
    excess = max(0.0, spread - freedom)
    scale = total - sum(w * w for w in weights) / total
    tau_squared = excess / scale if excess else 0.0
    random = _weighed(effects, [it + tau_squared for it in variances], alpha)
    shrunken = tuple(
        random.estimate + (y - random.estimate) * tau_squared / (tau_squared + variance)
        if freedom
        else y
        for y, variance in zip(effects, variances, strict=True)
    )
    return Pooled(fixed, random, tau_squared, excess / spread if excess else 0.0, shrunken)


def _weighed(effects: Sequence[float], variances: Sequence[float], alpha: float) -> Difference:
    weights = [1 / it for it in variances]
    estimate = sum(w * y for w, y in zip(weights, effects, strict=True)) / sum(weights)
    return normal_difference(estimate, 1 / math.sqrt(sum(weights)), alpha=alpha)
