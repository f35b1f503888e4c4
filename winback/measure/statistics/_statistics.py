"""Two groups compared: differences, their intervals, and whether the groups are as dealt.

Everything works on sums, so that SQL counts the customers and this never sees one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import NamedTuple


class Interval(NamedTuple):
    """Both ends, included."""

    low: float
    high: float


@dataclass(frozen=True)
class Sample:
    """A group by its sums: `n` values, their total, the total of their squares."""

    n: int
    total: float
    total_squares: float

    @property
    def mean(self) -> float:
        return self.total / self.n

    @property
    def variance(self) -> float:
        """The unbiased variance; 0 for a single value."""
        if self.n < 2:
            return 0.0
        return max(0.0, (self.total_squares - self.total * self.mean) / (self.n - 1))


@dataclass(frozen=True)
class Difference:
    """First minus second; `standard_error` is the unpooled one that a sequence needs."""

    estimate: float
    interval: Interval | None
    p_value: float | None
    standard_error: float


def proportion_interval(successes: int, n: int, *, alpha: float = 0.05) -> Interval | None:
    """One share by Wilson's score: never below 0 or above 1, also where nobody succeeded.

    None where there is nobody to count.
    """
    return wilson_interval(successes / n, n, alpha=alpha) if n else None


def wilson_interval(share: float, size: float, *, alpha: float = 0.05) -> Interval:
    """Wilson's score for a share of `size` people, who may be a fraction's worth."""
    z = NormalDist().inv_cdf(1 - alpha / 2)
    spread = z * z / size
    middle = (share + spread / 2) / (1 + spread)
    half = math.sqrt(spread * (share * (1 - share) + spread / 4)) / (1 + spread)
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


def proportion_difference(
    successes: tuple[int, int], sizes: tuple[int, int], *, alpha: float = 0.05
) -> Difference:
    """Two shares: pooled z for the p-value, Newcombe's hybrid score for the interval.

    Where nobody or everybody succeeded there is nothing to test: p is 1. The standard
    error adds a success and a failure to each group, so that an empty one does not pass
    for certain (Agresti and Caffo 2000).
    """
    from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

    (x1, x2), (n1, n2) = successes, sizes
    low, high = confint_proportions_2indep(x1, n1, x2, n2, method="newcomb", alpha=alpha)
    pooled = (x1 + x2) / (n1 + n2)
    p_value = 1.0 if pooled in {0.0, 1.0} else float(proportions_ztest([x1, x2], [n1, n2])[1])
    variances = (_share_variance(x, n) / (n + 2) for x, n in ((x1, n1), (x2, n2)))
    return Difference(
        x1 / n1 - x2 / n2,
        # Rounding may carry an end just past what a difference of shares can be.
        Interval(max(-1.0, float(low)), min(1.0, float(high))),
        p_value,
        math.sqrt(sum(variances)),
    )


def _share_variance(successes: int, size: int) -> float:
    share = (successes + 1) / (size + 2)
    return share * (1 - share)


def mean_difference(first: Sample, second: Sample, *, alpha: float = 0.05) -> Difference:
    """Two means by Welch: unequal variances, the Satterthwaite degrees of freedom.

    Without spread in both groups, or with a single value in one, there is no test: the
    interval and p are None.
    """
    from scipy import stats

    estimate = first.mean - second.mean
    parts = (first.variance / first.n, second.variance / second.n)
    error = math.sqrt(sum(parts))
    if error == 0.0 or min(first.n, second.n) < 2:
        return Difference(estimate, None, None, error)
    freedom = error**4 / sum(
        part**2 / (sample.n - 1) for part, sample in zip(parts, (first, second), strict=True)
    )
    half = float(stats.t.ppf(1 - alpha / 2, freedom)) * error
    p_value = float(2 * stats.t.sf(abs(estimate) / error, freedom))
    return Difference(estimate, Interval(estimate - half, estimate + half), p_value, error)


def normal_difference(estimate: float, standard_error: float, *, alpha: float = 0.05) -> Difference:
    """A difference by the normal distribution; without an error there is no interval and no p."""
    if standard_error == 0.0:
        return Difference(estimate, None, None, 0.0)
    normal = NormalDist()
    half = normal.inv_cdf(1 - alpha / 2) * standard_error
    p_value = 2 * normal.cdf(-abs(estimate) / standard_error)
    interval = Interval(estimate - half, estimate + half)
    return Difference(estimate, interval, p_value, standard_error)


def confidence_sequence(
    difference: Difference, *, n: int, tuned_for: int = 5000, alpha: float = 0.05
) -> Interval:
    """An interval that may be looked at after every customer, and stopped at, at will.

    The asymptotic confidence sequence of Waudby-Smith et al. (arXiv 2103.06476), eq. 9
    with the variance of one observation `n * standard_error**2`; it is tightest when
    `tuned_for` customers are in (eq. 161 for two sides).
    """
    seen = n * _rho_squared(tuned_for, alpha)
    half = difference.standard_error * math.sqrt(
        2 * (seen + 1) * math.log(math.sqrt(seen + 1) / alpha) / seen
    )
    return Interval(difference.estimate - half, difference.estimate + half)


def sequential_p_value(
    difference: Difference, *, n: int, tuned_for: int = 5000, alpha: float = 0.05
) -> float:
    """The error rate at which the confidence sequence, tuned at `alpha`, would just touch 0.

    It may be looked at after every customer as well.
    """
    if difference.standard_error == 0.0:
        return 0.0 if difference.estimate else 1.0
    seen = n * _rho_squared(tuned_for, alpha)
    distance = (difference.estimate / difference.standard_error) ** 2 * seen / (2 * (seen + 1))
    return min(1.0, math.sqrt(seen + 1) * math.exp(-distance))


def _rho_squared(tuned_for: int, alpha: float) -> float:
    spend = -2 * math.log(alpha)
    return (spend + math.log(spend + 1)) / tuned_for


def sample_ratio_p_value(observed: Sequence[int], expected: Sequence[float]) -> float | None:
    """One chi-square over all cells against their planned sizes; None for a single cell.

    A cell that was not planned and has customers can't be chance: 0.
    """
    from scipy import stats

    cells = list(zip(observed, expected, strict=True))
    if any(count and not plan for count, plan in cells):
        return 0.0
    planned = [(count, plan) for count, plan in cells if plan]
    if len(planned) < 2:
        return None
    distance = sum((count - plan) ** 2 / plan for count, plan in planned)
    return float(stats.chi2.sf(distance, len(planned) - 1))
