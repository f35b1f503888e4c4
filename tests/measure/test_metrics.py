"""The metrics of models/metrics.yml are the tables' own figures.

MetricFlow writes the query of each, and its answer is that of plain SQL over the same rows.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow_semantics.model.dbt_manifest_parser import (
    parse_manifest_from_dbt_generated_manifest,
)
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

from winback.base.places import PROJECT_DIR
from winback.warehouse import PUBLIC_TABLES

STEPS, CREDITS = ("step_results", "week"), ("channel_credits", "week")
ENTRIES, RETURNS = ("enrollments", "entered_at"), ("reactivations", "reactivated_at")
BUYERS, COHORTS = ("customers", "first_order_at"), ("cohort_curves", "cohort_month")
LAST_TOUCH, BY_POSITION = "where method = 'last_touch'", "where method = 'position_based'"
# Table and time of each metric, and what it is there.
METRICS = {
    "messages_sent": (STEPS, "sum(sent)"),
    "messages_delivered": (STEPS, "sum(delivered)"),
    "messages_not_delivered": (STEPS, "sum(not_delivered)"),
    "messages_clicked": (STEPS, "sum(clicked)"),
    "messages_replied": (STEPS, "sum(replied)"),
    "messages_opted_out": (STEPS, "sum(opted_out)"),
    "messages_complained": (STEPS, "sum(complained)"),
    "message_cost_cents": (STEPS, "sum(cost_cents)"),
    "delivery_rate": (STEPS, "sum(delivered) / sum(sent)"),
    "click_rate": (STEPS, "sum(clicked) / sum(sent)"),
    "reply_rate": (STEPS, "sum(replied) / sum(sent)"),
    "opt_out_rate": (STEPS, "sum(opted_out) / sum(sent)"),
    "complaint_rate": (STEPS, "sum(complained) / sum(sent)"),
    "last_touch_orders": (CREDITS, f"sum(credited_orders) filter ({LAST_TOUCH})"),
    "last_touch_revenue_cents": (CREDITS, f"sum(credited_revenue_cents) filter ({LAST_TOUCH})"),
    "position_based_orders": (CREDITS, f"sum(credited_orders) filter ({BY_POSITION})"),
    "position_based_revenue_cents": (
        CREDITS, f"sum(credited_revenue_cents) filter ({BY_POSITION})",
    ),
    "customers_entered": (ENTRIES, "count(*)"),
    "customers_left_alone": (ENTRIES, "count(*) filter (where arm = 'holdout')"),
    "customers_back": (RETURNS, "count(*)"),
    "return_revenue_cents": (RETURNS, "sum(net_revenue_cents)"),
    "days_until_return": (RETURNS, "avg(days_to_reactivation)"),
    "buyers": (BUYERS, "count(*) filter (where order_count > 0)"),
    "lapsed_buyers": (BUYERS, "count(*) filter (where is_lapsed)"),
    "lapsed_rate": (
        BUYERS, "count(*) filter (where is_lapsed) / count(*) filter (where order_count > 0)",
    ),
    "buyer_orders": (BUYERS, "sum(order_count)"),
    "buyer_revenue_cents": (BUYERS, "sum(net_revenue_cents)"),
    "average_order_value_cents": (BUYERS, "sum(net_revenue_cents) / sum(order_count)"),
    "cohort_customers": (COHORTS, "sum(customers)"),
    "cohort_customers_ordering": (COHORTS, "sum(customers_ordering)"),
    "cohort_ordering_share": (COHORTS, "sum(customers_ordering) / sum(customers)"),
    "cohort_revenue_cents": (COHORTS, "sum(net_revenue_cents)"),
}  # fmt: skip
SEGMENTS = "segment_customers"
WORDS = {
    "arm": ["treatment", "holdout"],
    "method": ["last_touch", "position_based"],
    "playbook_id": ["sms_email", "email"],
}


class DuckDb:
    """What MetricFlow asks of a client before it runs anything: in which dialect to write."""

    sql_engine_type = SqlEngine.DUCKDB
    sql_plan_renderer = DuckDbSqlPlanRenderer()


class House:
    """Tables with rows by a die, and MetricFlow beside them."""

    def __init__(self, manifest: Path) -> None:
        text = manifest.with_name("semantic_manifest.json").read_text()
        lookup = SemanticManifestLookup(parse_manifest_from_dbt_generated_manifest(text))
        self.engine = MetricFlowEngine(lookup, DuckDb())  # type: ignore[arg-type]
        self.names = [metric.name for metric in lookup.semantic_manifest.metrics]
        self.connection = duckdb.connect()
        self.connection.execute("attach ':memory:' as winback; use winback; set timezone = 'UTC'")
        nodes = json.loads(manifest.read_text())["nodes"]
        die = random.Random(5)  # noqa: S311 - a die, no secret
        for table in ("rfm_history", *(table for table, _ in {it for it, _ in METRICS.values()})):
            columns = {
                name: column["data_type"]
                for name, column in nodes[f"model.winback.{table}"]["columns"].items()
            }
            declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            self.connection.execute(f"create table {table} ({declared})")
            rows = [[value(die, *it, number) for it in columns.items()] for number in range(80)]
            marks = ", ".join("?" * len(columns))
            self.connection.executemany(f"insert into {table} values ({marks})", rows)

    def asked(self, metrics: list[str], by: list[str] | None = None) -> list[tuple[Any, ...]]:
        request = MetricFlowQueryRequest.create(metric_names=metrics, group_by_names=by)
        return self.rows(self.engine.explain(request).sql_statement.sql)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()


def value(die: random.Random, name: str, kind: str, number: int) -> object:
    day = date(2026, 1, 1) + timedelta(days=die.randrange(120))
    if kind == "varchar":
        ids = ("enrollment_id", "customer_id")
        return f"{name}-{number}" if name in ids else die.choice(WORDS.get(name, ["a", "b", "c"]))
    if kind == "date":
        return day
    if kind == "timestamptz":
        return datetime(day.year, day.month, day.day, die.randrange(24), tzinfo=UTC)
    if kind == "boolean":
        return die.random() < 0.5
    return die.randrange(1, 500)


@pytest.fixture(scope="module")
def house(dbt_manifest: Path) -> Iterator[House]:
    found = House(dbt_manifest)
    yield found
    found.connection.close()


def test_every_metric_is_held_to_its_table(house: House) -> None:
    assert sorted(house.names) == sorted([*METRICS, SEGMENTS])
    assert {table for (table, _), _ in METRICS.values()} | {"rfm_history"} <= set(PUBLIC_TABLES)
    page = (PROJECT_DIR / "docs" / "reporting.md").read_text()
    assert [name for name in house.names if f"`{name}`" not in page] == []


@pytest.mark.parametrize("metric", METRICS)
def test_a_metric_is_its_tables_figure_in_all_and_month_by_month(house: House, metric: str) -> None:
    (table, time), figure = METRICS[metric]
    assert house.asked([metric]) == [pytest.approx(*house.rows(f"select {figure} from {table}"))]
    month = f"cast(date_trunc('month', {time}) as date)"
    plain = dict(house.rows(f"select {month}, {figure} from {table} group by all"))
    monthly = {at.date() if isinstance(at, datetime) else at: found
               for at, found in house.asked([metric], ["metric_time__month"])}  # fmt: skip
    assert {at: float(found) for at, found in monthly.items()} == pytest.approx(
        {at: float(found) for at, found in plain.items()}
    )
    assert len(plain) == 4


def test_a_segments_size_is_that_of_the_last_day_asked_for(house: House) -> None:
    last = "(select max(snapshot_date) from rfm_history)"
    plain = house.rows(f"select sum(customers) from rfm_history where snapshot_date = {last}")
    assert house.asked([SEGMENTS]) == plain


def test_returns_are_told_by_the_playbook_and_arm_of_the_entry(house: House) -> None:
    by = ["enrollment__playbook_id", "enrollment__arm"]
    plain = house.rows(
        "select e.playbook_id, e.arm, count(*) from reactivations as r "
        "inner join enrollments as e using (enrollment_id) group by all"
    )
    assert sorted(house.asked(["customers_back"], by)) == sorted(plain)
