"""The demo shop, whose shoppers are known to the last: without messages nothing is found, and what
messages cause lies inside the intervals."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest
from seeded import build_models
from shipped_plan import PLAN

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.landing import load
from winback.measure.statistics import contrasts
from winback.rehearsal.demo import ReceivedMessage, Shop, Shoppers, generate_shop

pytestmark = pytest.mark.long

ENTERED = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)
WINDOW = 30
HOLDOUT = 0.3
STEPS = ((1, "sms", 0), (2, "email", 1), (3, "sms", 4), (4, "email", 7))


def arm_of(customer_id: str, salt: str) -> str:
    digest = hashlib.md5(f"{customer_id}|{salt}".encode(), usedforsecurity=False).hexdigest()
    return "holdout" if int(digest[:8], 16) / 2**32 < HOLDOUT else "treatment"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return generate_shop(tmp_path_factory.mktemp("shop"), customers=4000, ends_at=ENTERED)


@pytest.fixture(scope="module")
def lapsed(shop: Shop) -> list[str]:
    last = {it.customer_id: it.ordered_at for it in shop.orders if it.is_valid}
    return sorted(who for who, at in last.items() if 30 * DAY <= ENTERED - at <= 400 * DAY)


def send(shoppers: Shoppers, customers: list[str]) -> None:
    for step, channel, day in STEPS:
        for who in customers:
            shoppers.react(
                ReceivedMessage(
                    message_id=f"{who}-{step}",
                    customer_id=who,
                    channel=channel,  # type: ignore[arg-type]  # the literal of this table
                    playbook_id="messaged",
                    step=step,
                    sent_at=ENTERED + day * DAY,
                    coupon_code="COME20",
                    coupon_percent=20,
                )
            )


def cells(shoppers: Shoppers, arms: Mapping[str, str]) -> list[dict[str, Any]]:
    """The sums of both arms for the first 30 days."""
    until = ENTERED + WINDOW * DAY
    spent: dict[str, float] = defaultdict(float)
    for order in (
        *shoppers.natural_orders(ENTERED, until), *shoppers.caused_orders(ENTERED, until),
    ):  # fmt: skip
        if order.is_valid:
            spent[order.customer_id] += 5_000
    found = []
    for arm in ("treatment", "holdout"):
        people = [who for who, its in arms.items() if its == arm]
        money = [spent[who] for who in people]
        found.append(
            {
                "playbook_id": "p", "window_days": WINDOW, "stratum": "", "arm": arm,
                "variant": "base" if arm == "treatment" else "", "assigned": len(people),
                "assigned_mature": len(people), "reactivated_mature": sum(map(bool, money)),
                "net_revenue_cents_mature": sum(money),
                "net_revenue_cents_squared_mature": sum(it * it for it in money),
            }
        )  # fmt: skip
    return found


def test_a_hundred_drawings_without_messages_find_as_good_as_nothing(
    shop: Shop, lapsed: list[str]
) -> None:
    shoppers = Shoppers(shop)
    until = ENTERED + WINDOW * DAY
    back = {it.customer_id for it in shoppers.natural_orders(ENTERED, until) if it.is_valid}
    assert len(back & set(lapsed)) > 40
    wrong = outside = 0
    for salt in range(100):
        sums = cells(shoppers, {who: arm_of(who, str(salt)) for who in lapsed})
        planned = [{**row, "expected": float(row["assigned"])} for row in sums]
        for row in contrasts(sums, planned, [], PLAN):
            if row.contrast == "treatment-vs-holdout" and row.metric == "reactivation":
                wrong += row.verdict in {"winner", "loser"}
                assert row.ci_low is not None
                assert row.ci_high is not None
                outside += not row.ci_low <= 0 <= row.ci_high
    assert wrong <= 1
    assert outside <= 9


def test_what_messages_cause_lies_inside_the_intervals(shop: Shop, lapsed: list[str]) -> None:
    shoppers = Shoppers(shop)
    arms = {who: arm_of(who, "messaged") for who in lapsed}
    send(shoppers, [who for who, arm in arms.items() if arm == "treatment"])
    sums = cells(shoppers, arms)
    planned = [{**row, "expected": float(row["assigned"])} for row in sums]
    row = next(
        it for it in contrasts(sums, planned, [], PLAN) if it.contrast == "treatment-vs-holdout"
    )
    truth = shoppers.truth([(who, arm, ENTERED) for who, arm in arms.items()], WINDOW)
    assert truth.effect_points > 5
    assert row.ci_low is not None
    assert row.ci_high is not None
    assert row.ci_low <= truth.effect_points / 100 <= row.ci_high
    assert row.verdict == "winner"


A_A = [f"a_a_{number}" for number in range(20)]


@pytest.fixture(scope="module")
def built(
    shop: Shop, lapsed: list[str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[dict[str, Any]], float]:
    """`experiment_results` of twenty playbooks that sent nothing and one that did, and the truth.

    Those who got the one's messages are drawn by other hashes than the arms of the twenty.
    """
    settings = Settings.load(home=tmp_path_factory.mktemp("built"))
    shoppers = Shoppers(shop)
    arms = {who: arm_of(who, "messaged") for who in lapsed}
    send(shoppers, [who for who, arm in arms.items() if arm == "treatment"])
    until = ENTERED + 60 * DAY
    clock = FixedClock(until)
    load(shop.out_dir, settings, clock)
    later = tmp_path_factory.mktemp("later")
    orders = [*shoppers.natural_orders(ENTERED, until), *shoppers.caused_orders(ENTERED, until)]
    shoppers.write_orders(later, orders)
    entries = (
        (playbook, who, arm_of(who, playbook)) for playbook in (*A_A, "messaged") for who in lapsed
    )
    shares = {"holdout": HOLDOUT, "treatment": 1 - HOLDOUT}
    lines = [f"{it[0]},{it[1]},{it[2]},,{shares[it[2]]},{ENTERED.isoformat()}" for it in entries]
    header = "playbook_id,customer_id,arm,variant,planned_share,entered_at"
    (later / "past_enrollments.csv").write_text("\n".join([header, *lines]) + "\n")
    load(later, settings, clock)
    build_models(settings, until, "+experiment_results")
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as connection:
        found = connection.execute(
            "from experiment_results where contrast = 'treatment-vs-holdout'"
        ).to_arrow_table()
    truth = shoppers.truth([(who, arm, ENTERED) for who, arm in arms.items()], WINDOW)
    return found.to_pylist(), truth.effect_points / 100


@pytest.mark.slow
def test_twenty_playbooks_that_send_nothing_find_nothing(
    built: tuple[list[dict[str, Any]], float],
) -> None:
    rows = [row for row in built[0] if row["playbook_id"] in A_A]
    assert len(rows) >= 20 * 3 * 3
    assert {row["verdict"] for row in rows} <= {"no difference", "not yet decidable"}
    adjusted = [row for row in rows if row["is_adjusted"]]
    assert len(adjusted) == 20 * 2 * 3
    month = [it for it in adjusted if (it["metric"], it["window_days"]) == ("reactivation", 30)]
    outside = [it for it in month if not it["adjusted_ci_low"] <= 0 <= it["adjusted_ci_high"]]
    assert len(outside) <= 3


@pytest.mark.slow
def test_the_published_intervals_hold_the_known_effect(
    built: tuple[list[dict[str, Any]], float],
) -> None:
    rows, truth = built
    (row,) = [
        it for it in rows
        if (it["playbook_id"], it["metric"], it["window_days"]) == ("messaged", "reactivation", 30)
    ]  # fmt: skip
    assert row["is_adjusted"]
    assert row["verdict"] == "winner"
    for kind in ("ci", "sequential_ci", "adjusted_ci", "adjusted_sequential_ci"):
        assert row[f"{kind}_low"] <= truth <= row[f"{kind}_high"], kind
