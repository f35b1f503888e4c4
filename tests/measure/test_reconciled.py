"""Every metric of the public tables reconciles to the shop's raw files and the ledger's rows.

All are computed again in pandas, and are equal to the cent.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ledger_years import live_two_years
from pandas_metrics import TABLES, Metrics, Reckoned, read_orders
from seeded import build_models

from winback.base.clock import FixedClock
from winback.base.duck import connect
from winback.base.settings import Settings
from winback.landing import load
from winback.ledger import open_ledger
from winback.rehearsal.demo import generate_shop

pytestmark = pytest.mark.long

AS_OF = datetime(2026, 3, 3, 3, 30, tzinfo=UTC)  # still the second in New York
ZONE = "America/New_York"
# Of each table its key, then its figures, in the order of pandas_metrics.
COLUMNS = {
    "channel_credits": "method, channel, week | credited_orders, credited_revenue_cents",
    "cohort_curves": (
        "cohort_month, months_since | is_over, customers, customers_ordering, "
        "ordering_share, net_revenue_cents, cumulative_revenue_cents, "
        "cumulative_revenue_per_customer_cents"
    ),
    "customers": (
        "customer_id | order_count, net_revenue_cents, average_order_value_cents, "
        "days_inactive, is_lapsed, first_order_at, last_order_at"
    ),
    "experiment_results": (
        "playbook_id, contrast, metric, window_days | n_treatment, n_control, "
        "rate_treatment, rate_control, estimate, ci_low, ci_high, p_value"
    ),
    "lapse_reasons": "lapse_reason, lapse_words | customers",
    "message_fatigue": (
        "playbook_id, channel, message_number, recent_messages | sent, delivered, clicked, "
        "opted_out, complained, credited_orders"
    ),
    "playbook_results": (
        "playbook_id, window_days | n_treatment, incremental_customers, "
        "incremental_revenue_cents, cost_cents, cost_per_incremental_customer_cents"
    ),
    "reactivation_curves": "playbook_id, arm, day | waiting, reactivated, reactivated_share",
    "reactivation_rates": (
        "playbook_id, arm, variant, window_days | assigned, assigned_mature, reactivated, "
        "reactivation_rate, net_revenue_cents"
    ),
    "reactivations": (
        "enrollment_id | order_id, days_to_reactivation, net_revenue_cents, credited_message_id"
    ),
    "return_outcomes": (
        "playbook_id, arm, window_days | returned, watched, relapsed, relapse_rate, "
        "later_orders, later_orders_with_code, later_code_rate, return_revenue_cents, "
        "later_revenue_cents, revenue_per_customer_cents"
    ),
    "rfm_moves": "snapshot_date, former_segment, rfm_segment | customers",
    "rfm_scores": (
        "customer_id | recency_days, frequency, monetary_cents, r_score, f_score, m_score, "
        "rfm_segment"
    ),
    "shop_results": (
        "metric, window_days | playbooks, n_treatment, n_control, estimate, "
        "standard_error, ci_low, ci_high"
    ),
    "step_results": (
        "playbook_id, step, channel, variant, week | sent, delivered, not_delivered, "
        "opened, clicked, replied, opted_out, complained, credited_orders, "
        "credited_revenue_cents, cost_cents"
    ),
}
# Customers without an order have no figures, and what is derived is no metric. Value needs a
# margin, and nobody is left alone by all playbooks here.
ONLY = {
    "customers": "order_count > 0",
    "lapse_reasons": "lapse_reason_source = 'stated'",
    "shop_results": "method = 'pooled-fixed' and metric <> 'value_per_customer'",
}
# Those that a build of a few seconds makes.
QUICK = ("cohort_curves", "reactivation_curves", "return_outcomes", "rfm_moves", "rfm_scores")


@dataclass(frozen=True)
class Both:
    """What a build made of a shop, and what pandas does."""

    settings: Settings
    reckoned: Reckoned

    def published(self, table: str) -> Metrics:
        key, figures = COLUMNS[table].split(" | ")
        with connect(self.settings.warehouse_path) as warehouse:
            rows = warehouse.execute(
                f"select {key}, {figures} from {table} where {ONLY.get(table, 'true')}"
            ).fetchall()
        width = len(key.split(", "))
        found: Metrics = {row[:width]: row[width:] for row in rows}
        assert len(found) == len(rows)
        return found


@contextmanager
def built(folder: Path, tables: Sequence[str], *, customers: int) -> Iterator[Both]:
    settings = Settings.load(home=folder / "home", shop_timezone=ZONE)
    generate_shop(folder / "shop", customers=customers, ends_at=AS_OF)
    load(folder / "shop", settings, FixedClock(AS_OF))
    orders = read_orders(folder / "shop", pd.Timestamp(AS_OF))
    live_two_years(settings, orders, AS_OF)
    build_models(settings, AS_OF, *(f"+{table}" for table in tables))
    with open_ledger(settings) as ledger:
        yield Both(settings, Reckoned(orders, ledger, pd.Timestamp(AS_OF), ZONE))


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with built(tmp_path_factory.mktemp("quick"), QUICK, customers=200) as both:
        yield both


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with built(tmp_path_factory.mktemp("whole"), list(TABLES), customers=1000) as both:
        yield both


@pytest.mark.parametrize("table", QUICK)
def test_a_small_shops_table_is_what_pandas_makes_of_its_files(quick: Both, table: str) -> None:
    assert_equal(quick.published(table), TABLES[table](quick.reckoned))


@pytest.mark.slow
@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_what_pandas_makes_of_the_files_and_the_ledger(whole: Both, table: str) -> None:
    assert_equal(whole.published(table), TABLES[table](whole.reckoned))


@pytest.mark.slow
def test_credits_add_up_to_the_revenue_of_the_orders_that_were_touched(whole: Both) -> None:
    touches = whole.reckoned.credits
    touched = touches.drop_duplicates("order_id")["revenue"].sum()
    by_method: dict[object, int] = {}
    for (method, *_), (_, amount) in whole.published("channel_credits").items():
        by_method[method] = by_method.get(method, 0) + amount
    assert by_method == {"last_touch": touched, "position_based": touched}
    assert (touches.groupby("order_id").size() > 2).any()


def assert_equal(published: Metrics, reckoned: Metrics) -> None:
    assert published.keys() == reckoned.keys()
    assert len(published) > 3
    wrong = {
        key: (row, reckoned[key])
        for key, row in published.items()
        if not all(is_same(*pair) for pair in zip(row, reckoned[key], strict=True))
    }
    assert wrong == {}


def is_same(one: Any, other: Any) -> bool:
    """Counts, cents, words and times exactly; shares to the last places of a double."""
    if isinstance(one, float) and other is not None:
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return bool(one == other)
