"""What comparisons are judged by as shipped, for tests without a warehouse."""

from winback.measure.statistics import Plan

PLAN = Plan(
    alpha=0.05,
    sequential_tuning_customers=5000,
    min_customers_per_arm=100,
    min_expected_reactivations=10,
    smallest_effect_reactivation=0.005,
    smallest_effect_revenue_cents=50,
    smallest_effect_order_value_cents=100,
    srm_threshold=0.001,
)
