"""Two groups compared where people were dealt by different shares: stratum by stratum.

Where a share was changed, the two groups differ in when their people entered. Sums over all of
them would take the seasons' difference for an effect (Simpson). So each stratum, whose people were
dealt by the same shares, is compared by itself, and the differences are averaged, each by the
inverse of its variance were all customers alike: `n1 * n2 / (n1 + n2)`. The variances that were
found are no weights, since they lean to the stratum where little happens to have been spent.

Of a single stratum everything is as without strata, exactly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from winback.measure.statistics._paired import (
    Adjusted,
    Paired,
    adjusted_difference,
    ratio_difference,
)
from winback.measure.statistics._statistics import (
    Difference,
    Interval,
    Sample,
    mean_difference,
    normal_difference,
    proportion_difference,
)

Pair = tuple[float, float]


class Compared(NamedTuple):
    """What both groups have, averaged by the same weights, and the difference of the two."""

    rates: Pair
    difference: Difference


def stratum_weights(sizes: Sequence[tuple[int, int]]) -> list[float]:
    """The weight of each stratum by the sizes of its two groups; they sum to 1."""
    known = [n1 * n2 / (n1 + n2) for n1, n2 in sizes]
    return [it / sum(known) for it in known]


def compare_shares(
    strata: Sequence[tuple[tuple[int, int], tuple[int, int]]], *, alpha: float = 0.05
) -> Compared:
    """Shares over strata, each as successes and sizes: Cochran's test for the p-value, and
    Newcombe's interval joined over the strata by squares (Yan and Su 2010)."""
    from scipy import stats

    weights = stratum_weights([sizes for _, sizes in strata])
    parts = [proportion_difference(*stratum, alpha=alpha) for stratum in strata]
    shares = [(x1 / n1, x2 / n2) for (x1, x2), (n1, n2) in strata]
    error = _error(weights, parts)
    estimate = _average(weights, [it.estimate for it in parts])
    if len(parts) == 1:
        return Compared(shares[0], parts[0])
    by_chance = math.hypot(
        *(w * _pooled_error(*stratum) for w, stratum in zip(weights, strata, strict=True))
    )
    p_value = float(2 * stats.norm.sf(abs(estimate) / by_chance)) if by_chance else 1.0
    interval = join_intervals(weights, [(it.estimate, it.interval) for it in parts if it.interval])
    return Compared(_averages(weights, shares), Difference(estimate, interval, p_value, error))


def compare_means(strata: Sequence[tuple[Sample, Sample]], *, alpha: float = 0.05) -> Compared:
    """Means over strata by Welch, with the Satterthwaite degrees of freedom of all groups."""
    from scipy import stats

    means = [(first.mean, second.mean) for first, second in strata]
    if len(strata) == 1:
        return Compared(means[0], mean_difference(*strata[0], alpha=alpha))
    weights = stratum_weights([(first.n, second.n) for first, second in strata])
    rates = _averages(weights, means)
    parts = [
        (weight**2 * sample.variance / sample.n, sample.n)
        for weight, pair in zip(weights, strata, strict=True)
        for sample in pair
    ]
    estimate, error = rates[0] - rates[1], math.sqrt(sum(part for part, _ in parts))
    freedom_of = sum(part**2 / (n - 1) for part, n in parts if n > 1)
    if not freedom_of:
        return Compared(rates, Difference(estimate, None, None, error))
    freedom = error**4 / freedom_of
    half = float(stats.t.ppf(1 - alpha / 2, freedom)) * error
    p_value = float(2 * stats.t.sf(abs(estimate) / error, freedom))
    interval = Interval(estimate - half, estimate + half)
    return Compared(rates, Difference(estimate, interval, p_value, error))


def compare_ratios(
    strata: Sequence[tuple[Paired, Paired]], *, alpha: float = 0.05
) -> Compared | None:
    """Ratios of y by x over the strata in which both groups have an x; None where none is."""
    found = [(pair, ratio_difference(*pair, alpha=alpha)) for pair in strata]
    known = [(pair, difference) for pair, difference in found if difference is not None]
    if not known:
        return None
    weights = stratum_weights([(first.n, second.n) for (first, second), _ in known])
    rates = _averages(weights, [(one.y / one.x, two.y / two.x) for (one, two), _ in known])
    return Compared(rates, _by_normal(weights, [part for _, part in known], alpha))


def compare_adjusted(
    strata: Sequence[tuple[Paired, Paired]], *, min_people: int = 3, alpha: float = 0.05
) -> Adjusted | None:
    """Means over strata by Lin's adjustment, in each stratum with slopes of its own.

    A stratum with fewer than `min_people` in a group, whose slopes would be chance, counts as it
    is. None where that is so of every stratum.
    """
    weights = stratum_weights([(first.n, second.n) for first, second in strata])
    plain = [mean_difference(one.ys, two.ys, alpha=alpha) for one, two in strata]
    adjusted = [
        adjusted_difference(*pair, alpha=alpha) if min(it.n for it in pair) >= min_people else None
        for pair in strata
    ]
    if not any(adjusted):
        return None
    parts = [
        found.difference if found else before for found, before in zip(adjusted, plain, strict=True)
    ]
    difference = _by_normal(weights, parts, alpha)
    saved = 1 - (difference.standard_error / _error(weights, plain)) ** 2
    return Adjusted(difference, saved)


def join_intervals(weights: Sequence[float], parts: Sequence[tuple[float, Interval]]) -> Interval:
    """The interval of an average of differences, from theirs, by the squares of their halves."""
    estimate = _average(weights, [found for found, _ in parts])
    ends = list(zip(weights, parts, strict=True))
    below = math.hypot(*(weight * (found - it.low) for weight, (found, it) in ends))
    above = math.hypot(*(weight * (it.high - found) for weight, (found, it) in ends))
    return Interval(max(-1.0, estimate - below), min(1.0, estimate + above))


def _pooled_error(successes: tuple[int, int], sizes: tuple[int, int]) -> float:
    pooled = sum(successes) / sum(sizes)
    return math.sqrt(pooled * (1 - pooled) * sum(1 / n for n in sizes))


def _error(weights: Sequence[float], parts: Sequence[Difference]) -> float:
    return math.hypot(*(w * it.standard_error for w, it in zip(weights, parts, strict=True)))


def _by_normal(weights: Sequence[float], parts: Sequence[Difference], alpha: float) -> Difference:
    estimate = _average(weights, [it.estimate for it in parts])
    return normal_difference(estimate, _error(weights, parts), alpha=alpha)


def _averages(weights: Sequence[float], pairs: Sequence[Pair]) -> Pair:
    first, second = ([pair[side] for pair in pairs] for side in (0, 1))
    return _average(weights, first), _average(weights, second)


def _average(weights: Sequence[float], values: Sequence[float]) -> float:
    return sum(weight * value for weight, value in zip(weights, values, strict=True))
