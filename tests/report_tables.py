"""A published set that the report can be made of, from rows by hand."""

from __future__ import annotations

import json
from pathlib import Path

from published_tables import OUTLOOK, PLANS, write_tables

from winback.base.settings import Settings

AS_OF = "2026-05-01T12:00:00+00:00"
COLUMNS = {
    **OUTLOOK,
    "bandit_moves": (
        "playbook_id varchar, step bigint, arm varchar, chance double, stopped_by varchar, "
        "assigned bigint, responded bigint, moved_at timestamptz, why varchar"
    ),
    "bandit_results": (
        "playbook_id varchar, step bigint, policy varchar, n_bandit bigint, n_random bigint, "
        "rate_bandit double, rate_random double, gain double, sequential_ci_low double, "
        "sequential_ci_high double, srm_p_value double, verdict varchar, dr_rate double, "
        "dr_se double"
    ),
    "customers": (
        "customer_id varchar, first_order_at timestamptz, last_order_at timestamptz, "
        "order_count bigint, net_revenue_cents bigint, days_inactive bigint, lapse_stage varchar, "
        "is_lapsed boolean"
    ),
    "channel_credits": (
        "method varchar, channel varchar, week date, kind varchar, credited_orders double, "
        "credited_revenue_cents bigint"
    ),
    "cohort_curves": (
        "cohort_month date, months_since bigint, is_over boolean, customers bigint, "
        "customers_ordering bigint, ordering_share double, net_revenue_cents bigint, "
        "cumulative_revenue_cents bigint, cumulative_revenue_per_customer_cents double"
    ),
    "lapse_reasons": (
        "lapse_reason varchar, lapse_reason_source varchar, lapse_words varchar, customers bigint"
    ),
    "message_fatigue": (
        "playbook_id varchar, channel varchar, message_number bigint, recent_messages bigint, "
        "sent bigint, delivered bigint, clicked bigint, opted_out bigint, complained bigint, "
        "credited_orders bigint"
    ),
    "reactivation_curves": (
        "playbook_id varchar, arm varchar, day bigint, waiting bigint, reactivated bigint, "
        "reactivated_share double"
    ),
    "return_outcomes": (
        "playbook_id varchar, arm varchar, window_days bigint, returned bigint, watched bigint, "
        "relapsed bigint, relapse_rate double, later_orders bigint, "
        "later_orders_with_code bigint, later_code_rate double, return_revenue_cents bigint, "
        "later_revenue_cents bigint, revenue_per_customer_cents double"
    ),
    "rfm_history": (
        "snapshot_date date, rfm_segment varchar, is_month_end boolean, customers bigint"
    ),
    "rfm_moves": (
        "snapshot_date date, former_segment varchar, rfm_segment varchar, customers bigint"
    ),
    "enrollments": (
        "enrollment_id varchar, playbook_id varchar, arm varchar, origin varchar, "
        "entered_at timestamptz"
    ),
    "step_results": (
        "playbook_id varchar, step bigint, channel varchar, variant varchar, week date, "
        "sent bigint, delivered bigint, not_delivered bigint, opened bigint, clicked bigint, "
        "replied bigint, opted_out bigint, complained bigint, credited_orders bigint, "
        "credited_revenue_cents bigint, cost_cents decimal(18, 4)"
    ),
    "playbook_results": (
        "playbook_id varchar, window_days bigint, verdict varchar, n_treatment bigint, "
        "incremental_customers double, incremental_customers_low double, "
        "incremental_customers_high double, incremental_revenue_cents double, "
        "incremental_revenue_cents_low double, incremental_revenue_cents_high double, "
        "cost_cents decimal(18, 4), cost_per_incremental_customer_cents double, "
        "incremental_margin_cents double, net_value_cents double, return_on_cost double"
    ),
    "reactivations": (
        "enrollment_id varchar, playbook_id varchar, order_id varchar, "
        "credited_message_id varchar, reactivated_at timestamptz, days_to_reactivation bigint, "
        "net_revenue_cents bigint"
    ),
    "experiment_results": (
        "playbook_id varchar, contrast varchar, metric varchar, window_days bigint, "
        "n_treatment bigint, n_control bigint, open_treatment bigint, open_control bigint, "
        "rate_treatment double, rate_control double, estimate double, sequential_ci_low double, "
        "sequential_ci_high double, verdict varchar, decided_at timestamptz, "
        "is_adjusted boolean, "
        "adjusted_estimate double, adjusted_sequential_ci_low double, "
        "adjusted_sequential_ci_high double, variance_reduction double, holm_p_value double"
    ),
    "experiment_checks": (
        "playbook_id varchar, dimension varchar, dimension_value varchar, n_treatment bigint, "
        "n_holdout bigint, expected_treatment double, expected_holdout double, "
        "srm_p_value double, is_off boolean"
    ),
    "playbook_plans": PLANS,
    "predictions": (
        "customer_id varchar, is_used boolean, best_offer varchar, horizon_days bigint, "
        "p_alive double, expected_orders double, value_at_risk_cents bigint"
    ),
    "prediction_quality": (
        "model varchar, is_better boolean, horizon_days bigint, customers bigint, hits bigint, "
        "auc double, plain_auc double, auc_gain double, min_auc_gain double, calibration double, "
        "split_date date"
    ),
    "shop_results": (
        "method varchar, metric varchar, window_days bigint, verdict varchar, playbooks bigint, "
        "n_treatment bigint, n_control bigint, estimate double, ci_low double, ci_high double, "
        "sequential_ci_low double, sequential_ci_high double, spread double, "
        "people_a_year double, a_year double, a_year_low double, a_year_high double"
    ),
    "rfm_scores": "r_score bigint, f_score bigint, monetary_cents bigint, rfm_segment varchar",
    "audience_funnel": (
        "playbook_id varchar, stage varchar, stage_order bigint, customers bigint, "
        "dropped bigint, reason varchar"
    ),
}
MESSAGES = (
    "message_id varchar, customer_id varchar, accepted_at timestamptz, opted_out_at timestamptz, "
    "cost_cents decimal(12, 4)"
)
MARCH, APRIL = "2026-03-10 09:00:00+00", "2026-04-20 09:00:00+00"
AGAINST = "treatment-vs-holdout"
ROWS: dict[str, list[tuple[object, ...]]] = {
    "customers": [
        ("anna", MARCH, "2026-04-29 10:00:00+00", 3, 9000, 2, "active", False),
        ("bert", MARCH, MARCH, 1, 1500, 52, "lapsed", True),
        ("carl", MARCH, MARCH, 1, 2500, 52, "lapsed", True),
        ("dora", None, None, 0, 0, None, None, False),
    ],
    "channel_credits": [
        ("last_touch", "email", "2026-03-09", "credited, not caused", 2, 4000),
        ("position_based", "email", "2026-03-09", "credited, not caused", 1.5, 3000),
        ("position_based", "sms", "2026-03-16", "credited, not caused", 0.5, 1000),
    ],
    "cohort_curves": [
        ("2025-11-01", 0, True, 10, 10, 1.0, 10_000, 10_000, 1000.0),
        ("2025-11-01", 1, True, 10, 4, 0.4, 5_000, 15_000, 1500.0),
        ("2025-12-01", 0, True, 30, 30, 1.0, 30_000, 30_000, 1000.0),
        ("2025-12-01", 1, False, 30, 3, 0.1, 3_000, 33_000, 1100.0),
        ("2026-03-01", 0, True, 3, 3, 1.0, 3_000, 3_000, 1000.0),
    ],
    "predictions": [
        ("anna", False, None, 90, 0.9, 1.5, 300),
        ("bert", False, "welcome_back_20", 90, 0.5, 0.25, 1200),
        ("carl", False, None, 90, 0.3, 0.25, None),
    ],
    "prediction_quality": [
        ("p_alive", True, 90, 900, 200, 0.80, 0.75, 0.05, 0.01, None, "2026-01-30"),
        ("expected_orders", False, 90, 900, 200, 0.754, 0.75, 0.004, 0.01, 1.2, "2026-01-30"),
        ("expected_revenue", False, 90, 900, 60, 0.80, 0.75, 0.05, 0.01, 0.9, "2026-01-30"),
    ],
    "lapse_reasons": [
        ("price", "stated", "too expensive", 7),
        ("price", "stated", "overpriced", 9),
        ("price", "stated", None, 1),
        ("price", "derived", None, 20),
        ("forgot", "derived", None, 50),
    ],
    "message_fatigue": [
        ("first", "sms", 1, 0, 100, 90, 10, 1, 0, 3),
        ("second", "email", 1, 2, 300, 280, 10, 1, 1, 1),
        ("first", "sms", 6, 7, 10, 9, 0, 1, 0, 0),
        ("first", "sms", 5, 0, 10, 9, 0, 0, 0, 0),
    ],
    "reactivation_curves": [
        ("first", "treatment", 1, 100, 2, 0.02),
        ("first", "treatment", 30, 50, 1, 0.09),
        ("first", "treatment", 31, 49, 1, 0.11),
        ("first", "holdout", 1, 40, 0, 0.0),
    ],
    "return_outcomes": [
        ("first", "treatment", 90, 50, 40, 10, 0.25, 60, 15, 0.25, 200_000, 100_000, 7500.0),
        ("first", "holdout", 90, 9, 10, 5, 0.5, 5, 0, 0.0, 50_000, 10_000, 6000.0),
        ("first", "treatment", 180, 50, 5, 1, 0.2, 4, 1, 0.25, 20_000, 10_000, 6000.0),
        ("first", "holdout", 180, 9, 0, 0, None, 0, 0, None, 0, 0, None),
    ],
    "rfm_history": [
        ("2026-03-31", "loyal", True, 4),
        ("2026-04-30", "loyal", True, 2),
        ("2026-04-30", "at_risk", True, 3),
        ("2026-05-01", "at_risk", False, 5),
    ],
    "rfm_moves": [
        ("2026-04-30", "loyal", "loyal", 2),
        ("2026-04-30", "loyal", "at_risk", 2),
        ("2026-04-30", None, "at_risk", 1),
        ("2026-05-01", "loyal", "at_risk", 2),
    ],
    "enrollments": [
        ("e1", "first", "treatment", "ledger", MARCH),
        ("e2", "first", "treatment", "ledger", MARCH),
        ("e3", "first", "holdout", "ledger", MARCH),
        ("e4", "first", "treatment", "ledger", APRIL),
        ("old", "first", "treatment", "past", MARCH),
        ("e5", "second", "treatment", "ledger", APRIL),
        ("e6", "third", "treatment", "ledger", APRIL),
        ("e7", "third", "holdout", "ledger", APRIL),
    ],
    "bandit_moves": [
        ("first", 2, "base", 0.5, "", 10, 1, MARCH, "an old move"),
        ("first", 2, "base", 0.7, "", 900, 90, APRIL, "The arm base is worth most."),
        ("first", 2, "nothing", 0.3, "", 880, 61, APRIL, "The arm base is worth most."),
    ],
    "bandit_results": [
        ("first", 2, "learned", 1600, 180, 0.09, 0.08, 0.01, -0.002, 0.022, 0.4,
         "not yet decidable", None, None),
        ("first", 2, "base", None, None, None, None, None, None, None, None, None, 0.1, 0.01),
    ],
    "step_results": [
        ("first", 1, "sms", "a", "2026-03-09", 1, 1, 0, 0, 1, 0, 0, 0, 1, 4000, 5.5),
        ("first", 1, "sms", "a", "2026-03-16", 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 4.5),
        ("first", 2, "email", "b", "2026-04-20", 400, 390, 10, 0, 0, 1, 2, 1, 0, 0, 25),
    ],
    "playbook_results": [
        ("first", 30, "winner", 4000, 124, 16, 232, 620_000, 80_000, 1_160_000, 1000, 8.06, None,
         None, None),
    ],
    "reactivations": [
        ("e1", "first", "o1", "m1", "2026-03-20 09:00:00+00", 10, 4000),
        ("e3", "first", "o2", None, "2026-04-25 09:00:00+00", 46, 1000),
    ],
    "experiment_results": [
        ("first", AGAINST, "reactivation", 30, 4000, 1000, 200, 50, 0.062, 0.031, 0.031, 0.004,
         0.058, "winner", "2026-04-20 22:30:00+00", True, 0.0295, 0.005, 0.054, 0.084, None),
        ("first", AGAINST, "revenue_per_customer", 30, 4000, 1000, 200, 50, 310.0, 155.0, 155.0,
         20.0, 290.0, "winner", None, True, 150.0, 30.0, 270.0, 0.05, None),
        ("first", AGAINST, "reactivation", 14, 4100, 1020, 100, 30, 0.04, 0.03, 0.01, -0.01, 0.03,
         "not yet decidable", None, False, None, None, None, None, None),
    ],
    "experiment_checks": [
        ("first", "country", "DE", 380, 120, 400.0, 100.0, 0.025, False),
        ("first", "day", "2026-03-10", 9, 1, 8.0, 2.0, None, False),
    ],
    "playbook_plans": [
        ("first", "holdout", 0.2, 30, 1000, 0.031, 5000, 40.0, 0.02, 0.05, 8, 100, 10.0,
         0.02, 3000, 8, 5000, 5000, MARCH, APRIL, APRIL, "2026-04-25"),
    ],
    "shop_results": [
        ("global-holdout", "reactivation", 30, "winner", None, 9500, 500, 0.031, 0.01, 0.05, 0.004,
         0.058, None, 20_000.0, 620.0, 80.0, 1160.0),
        ("global-holdout", "value_per_customer", 30, "winner", None, 9500, 500, 150.0, 60.0, 240.0,
         30.0, 270.0, None, 20_000.0, 3_000_000.0, 600_000.0, 5_400_000.0),
        ("pooled-random", "reactivation", 30, None, 2, 9000, 1000, 0.029, 0.012, 0.046, None, None,
         0.4, None, None, None, None),
    ],
    "rfm_scores": [(5, 5, 9000, "champions"), (1, 1, 1500, "hibernating")],
    "audience_funnel": [("first", "lapsed", 1, 2, 0, None)],
    "entry_candidates": [("first", "bert", "lapsed", False, "consent")],
    "contact_rules": [("consent", "no consent suffices")],
}  # fmt: skip


def publish(
    settings: Settings, name: str = "20260501T120000Z-aaaaaaaa", as_of: str = AS_OF
) -> Path:
    folder = write_tables(settings.published_dir / name, COLUMNS, ROWS)
    manifest = {
        "run_id": name, "as_of": as_of, "git_sha": "", "row_counts": {},
        "landed_rows": {"orders": 4, "products": 0}, "segment_hashes": {}, "load_id": "load-1",
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    current = settings.published_dir / "current"
    current.unlink(missing_ok=True)
    current.symlink_to(name)
    return folder
