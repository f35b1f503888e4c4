"""What a playbook's comparisons are judged by, settled before anybody looked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from winback.measure.statistics._group import Metric
from winback.measure.statistics._statistics import Interval

Verdict = Literal["winner", "loser", "no difference", "not yet decidable", "withheld"]
UNDECIDED: Final[Verdict] = "not yet decidable"


@dataclass(frozen=True)
class Plan:
    """What was settled before anybody looked; the shop's numbers are dbt vars."""

    alpha: float
    sequential_tuning_customers: int
    min_customers_per_arm: int
    min_expected_reactivations: float
    smallest_effect_reactivation: float
    smallest_effect_revenue_cents: float
    smallest_effect_order_value_cents: float
    srm_threshold: float

    @classmethod
    def of(cls, numbers: Mapping[str, Any]) -> Plan:
        """From the row of int_experiments__plan, whose columns are named as the vars."""
        return cls(
            alpha=float(numbers["experiment_alpha"]),
            sequential_tuning_customers=int(numbers["sequential_tuning_customers"]),
            min_customers_per_arm=int(numbers["min_customers_per_arm"]),
            min_expected_reactivations=float(numbers["min_expected_reactivations"]),
            smallest_effect_reactivation=float(numbers["smallest_effect_reactivation"]),
            smallest_effect_revenue_cents=float(numbers["smallest_effect_revenue_cents"]),
            smallest_effect_order_value_cents=float(numbers["smallest_effect_order_value_cents"]),
            srm_threshold=float(numbers["srm_threshold"]),
        )

    def smallest_effect(self, metric: Metric) -> float:
        return {
            "reactivation": self.smallest_effect_reactivation,
            "revenue_per_customer": self.smallest_effect_revenue_cents,
            "order_value": self.smallest_effect_order_value_cents,
        }[metric]


def judge(interval: Interval, smallest_effect: float) -> Verdict:
    """What an interval says: it lies above zero, below it, or too near to it to matter."""
    if interval.low > 0:
        return "winner"
    if interval.high < 0:
        return "loser"
    if -smallest_effect < interval.low and interval.high < smallest_effect:
        return "no difference"
    return UNDECIDED


def is_enough(
    reactivated: int, sizes: tuple[int, int], *, least: float, least_expected: float
) -> bool:
    """Whether the large-sample intervals hold: see the var `min_expected_reactivations`."""
    smaller = min(sizes)
    return smaller >= least and reactivated / sum(sizes) * smaller >= least_expected
