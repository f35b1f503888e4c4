"""What a playbook's comparisons are judged by, settled before anybody looked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from winback.measure.statistics._group import Metric

Verdict = Literal["winner", "loser", "no difference", "not yet decidable", "withheld"]


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
