"""How many customers a verdict takes, by the rule that gives it: the always-valid interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from winback.measure.statistics import Difference, confidence_sequence

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

POWER: Final = 0.8
# A shop that would need more customers than this needs another plan.
MOST_CUSTOMERS: Final = 20_000_000
# Enough to tell the number of customers to a hundredth, and the same each time.
_PATHS: Final = 4_000
_SEED: Final = 20_260_101
# Each look is at a fiftieth more customers than the one before.
_STEP: Final = 1.02
_FIRST_LOOK: Final = 100.0


@dataclass(frozen=True)
class Rule:
    """What a verdict asks for; the shop's vars."""

    alpha: float
    tuned_for: int
    min_customers_per_arm: int
    min_expected_reactivations: float


def customers_needed(
    base: float, effect: float, holdout: float, rule: Rule, *, power: float = POWER
) -> int | None:
    """Customers of both groups until the interval leaves zero, in `power` of all tests.

    `base` is the share that comes back by itself, `effect` what the messages add to it, `holdout`
    the share that is left alone, all from 0 to 1. The estimate wanders about the effect as a
    Brownian motion does, and is looked at all the time. None where `MOST_CUSTOMERS` don't suffice.
    """
    treated = min(1.0, max(0.0, base + effect))
    # Of the difference, by one customer.
    variance = treated * (1 - treated) / (1 - holdout) + base * (1 - base) / holdout
    came_back = holdout * base + (1 - holdout) * treated
    if not variance or not came_back:
        return None
    smaller = min(holdout, 1 - holdout)
    least = max(rule.min_customers_per_arm, rule.min_expected_reactivations / came_back) / smaller
    needed = _crossed_by(abs(effect) / math.sqrt(variance), least, rule, power)
    return None if needed > MOST_CUSTOMERS else math.ceil(needed)


def _crossed_by(drift: float, least: float, rule: Rule, power: float) -> float:
    """The number of customers by which the share `power` of the paths has left the interval."""
    import numpy as np

    customers, walks, bounds = _walks(rule.alpha, rule.tuned_for)
    is_out = (walks + drift * customers > bounds) & (customers >= least)
    first = np.where(is_out.any(axis=1), customers[is_out.argmax(axis=1)], np.inf)
    return float(np.quantile(first, power, method="higher"))


@cache
def _walks(alpha: float, tuned_for: int) -> tuple[Numbers, Numbers, Numbers]:
    """At each look: the customers, the sum of so many of each path, and the interval's half times
    the customers; for a variance of one."""
    import numpy as np

    count = math.ceil(math.log(MOST_CUSTOMERS / _FIRST_LOOK) / math.log(_STEP)) + 1
    customers = _FIRST_LOOK * np.power(_STEP, np.arange(count, dtype=np.float64))
    steps = np.sqrt(np.diff(customers, prepend=0.0))
    normals = np.random.default_rng(_SEED).standard_normal((_PATHS, count))
    walks = np.cumsum(normals * steps, axis=1, dtype=np.float64)
    halves = [
        confidence_sequence(
            Difference(0.0, None, None, 1 / math.sqrt(n)),
            n=int(n),
            tuned_for=tuned_for,
            alpha=alpha,
        ).high
        for n in customers
    ]
    return customers, walks, np.array(halves, dtype=np.float64) * customers


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
