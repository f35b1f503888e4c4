"""What a playbook's comparisons are judged by, settled before anybody looked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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

    def smallest_effect(self, metric: Metric) -> float:
        return {
            "reactivation": self.smallest_effect_reactivation,
            "revenue_per_customer": self.smallest_effect_revenue_cents,
            "order_value": self.smallest_effect_order_value_cents,
        }[metric]
