"""People by two numbers of each: an outcome, and one that goes with it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from winback.measure.statistics._statistics import Difference, Sample, normal_difference


@dataclass(frozen=True)
class Paired:
    """A group by its sums: `n` people, their outcome y, and another number x of each."""

    n: int
    y: float
    y_squares: float
    x: float
    x_squares: float
    products: float

    def __add__(self, other: Paired) -> Paired:
        return Paired(
            self.n + other.n,
            self.y + other.y,
            self.y_squares + other.y_squares,
            self.x + other.x,
            self.x_squares + other.x_squares,
            self.products + other.products,
        )

    @property
    def ys(self) -> Sample:
        return Sample(self.n, self.y, self.y_squares)

    @property
    def xs(self) -> Sample:
        return Sample(self.n, self.x, self.x_squares)

    @property
    def covariance(self) -> float:
        return (self.products - self.x * self.ys.mean) / (self.n - 1)

    @property
    def slope(self) -> float:
        """By least squares: how much higher y is where x is 1 higher."""
        return self.covariance / self.xs.variance


@dataclass(frozen=True)
class Adjusted:
    """A difference after adjustment, and the share of the plain one's variance that it saves.

    `variance_reduction` is below 0 where the index added noise.
    """

    difference: Difference
    variance_reduction: float


def adjusted_difference(first: Paired, second: Paired, *, alpha: float = 0.05) -> Adjusted | None:
    """First minus second, each moved along its slope to the mean x of both: Lin's adjustment.

    What an index x of before assignment explains of y is taken out as noise. Each group has a slope
    of its own (Lin, Annals of Applied Statistics 2013), so that the estimate stays one of the plain
    difference whatever the index is worth. The error counts what each slope leaves, and that the
    common mean is itself a sample's. The interval and p-value are the normal ones. None where a
    group has fewer than three people or one x alone, so no slope, or where no y varies.
    """
    groups = (first, second)
    if min(group.n for group in groups) < 3:
        return None
    plain = sum(group.ys.variance / group.n for group in groups)
    if plain == 0.0 or min(group.xs.variance for group in groups) == 0.0:
        return None
    both = first + second
    moved = [it.ys.mean - it.slope * (it.xs.mean - both.xs.mean) for it in groups]
    estimate = moved[0] - moved[1]
    left = sum((it.ys.variance - it.slope * it.covariance) / it.n for it in groups)
    of_mean = (first.slope - second.slope) ** 2 * both.xs.variance / both.n
    variance = max(0.0, left) + of_mean
    error = math.sqrt(variance)
    if error == 0.0:
        return None
    return Adjusted(normal_difference(estimate, error, alpha=alpha), 1 - variance / plain)


def ratio_difference(first: Paired, second: Paired, *, alpha: float = 0.05) -> Difference | None:
    """First minus second of y by x, such as revenue by order, where people are the unit.

    A person's x varies too, so the error is the delta method's. None where a group has no x, or
    has fewer than two people.
    """
    groups = (first, second)
    if min(it.n for it in groups) < 2 or min(it.x for it in groups) <= 0:
        return None
    estimate = first.y / first.x - second.y / second.x
    error = math.sqrt(sum(_ratio_variance(it) for it in groups))
    return normal_difference(estimate, error, alpha=alpha)


def _ratio_variance(group: Paired) -> float:
    ratio = group.y / group.x
    spread = group.ys.variance - 2 * ratio * group.covariance + ratio**2 * group.xs.variance
    return max(0.0, spread) / group.n / group.xs.mean**2
