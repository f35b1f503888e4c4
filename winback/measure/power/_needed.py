"""How many customers a verdict takes, by the rule that gives it: planned looks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

from winback.measure.statistics import drift_needed

POWER: Final = 0.8
# A shop that would need more customers than this needs another plan.
MOST_CUSTOMERS: Final = 20_000_000


@dataclass(frozen=True)
class Rule:
    """What a verdict asks for; the shop's vars."""

    alpha: float
    looks: int
    min_customers_per_arm: float
    min_expected_reactivations: float


def customers_needed(
    base: float, effect: float, holdout: float, rule: Rule, *, power: float = POWER
) -> int | None:
    """Customers of both groups by whose last look `power` of all tests have found the effect.

    `base` is the share that comes back by itself, `effect` what the messages add to it, `holdout`
    the share that is left alone, all from 0 to 1. None where `MOST_CUSTOMERS` don't suffice.
    """
    from scipy import optimize

    treated = min(1.0, max(0.0, base + effect))
    groups = ((treated, 1 - holdout), (base, holdout))
    came_back = sum(rate * share for rate, share in groups)
    if not effect or not 0 < came_back < 1:
        return None
    goal = abs(effect) / drift_needed(rule.looks, alpha=rule.alpha, power=power)

    def too_wide(customers: float) -> float:
        parts = (_squared_error(rate, share * customers) for rate, share in groups)
        return math.sqrt(sum(parts)) - goal

    least = max(rule.min_customers_per_arm, rule.min_expected_reactivations / came_back)
    least /= min(holdout, 1 - holdout)
    if least > MOST_CUSTOMERS or too_wide(MOST_CUSTOMERS) > 0:
        return None
    if too_wide(least) <= 0:
        return math.ceil(least)
    return math.ceil(float(optimize.brentq(too_wide, least, MOST_CUSTOMERS)))


def _squared_error(rate: float, people: float) -> float:
    """Of a share, as `proportion_difference` reckons it: with a success and a failure more."""
    share = (rate * people + 1) / (people + 2)
    return share * (1 - share) / (people + 2)


def smallest_effect_within(customers: int, base: float, holdout: float, rule: Rule) -> float | None:
    """The smallest addition to `base` that so many customers decide; None if none does."""
    low, high = 0.0, 1 - base
    most = customers_needed(base, high, holdout, rule)
    if most is None or most > customers:
        return None
    while high - low > 1e-5:
        middle = (low + high) / 2
        needed = customers_needed(base, middle, holdout, rule)
        low, high = (low, middle) if needed is not None and needed <= customers else (middle, high)
    return high


class Size(NamedTuple):
    """The effect that a test is planned for, and its customers until the last look."""

    effect: float
    customers: int


def plan_size(
    base: float | None, smallest: float, holdout: float, most: int, rule: Rule
) -> Size | None:
    """The plan for the smallest effect that matters, or for the one that `most` customers can tell.

    None where there is nothing to plan by: nobody is known to have come back by themselves, nobody
    is left alone, or too few enter to tell any effect.
    """
    if not base or not 0 < holdout < 1:
        return None
    needed = customers_needed(base, smallest, holdout, rule)
    if needed is not None and needed <= most:
        return Size(smallest, needed)
    effect = smallest_effect_within(most, base, holdout, rule)
    if effect is None:
        return None
    return Size(effect, customers_needed(base, effect, holdout, rule) or most)
