"""Simulated shops, looked at daily: how often their planned tests err, decide, and end when they
were to. Each day's customers go through the rows and the functions that the warehouse calls."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from tests.measure.test_contrasts import PLAN
from winback.measure.power import Rule, customers_needed, plan_size
from winback.measure.statistics import contrasts, judge_looks

pytestmark = pytest.mark.long

RULE = Rule(alpha=0.05, looks=8, min_customers_per_arm=100, min_expected_reactivations=10)
START = datetime(2026, 3, 1, tzinfo=UTC)
BASE, EFFECT, HOLDOUT = 0.028, 0.012, 0.3
_NEEDED = customers_needed(BASE, EFFECT, HOLDOUT, RULE)
assert _NEEDED is not None
CUSTOMERS = _NEEDED
# A test of two months.
A_DAY = CUSTOMERS / 60


@dataclass
class Test:
    """What became of a shop's test: by which customers it decided, and how."""

    __test__ = False

    verdict: str
    customers: int


def days_of(rng: np.random.Generator, effect: float) -> np.ndarray:
    """A row a day: people and who came back, of the treated and of those left alone, summed up."""
    entered = rng.poisson(A_DAY, 100)
    held_out = rng.binomial(entered, HOLDOUT)
    treated = entered - held_out
    rows = (
        treated, held_out, rng.binomial(treated, BASE + effect), rng.binomial(held_out, BASE),
    )  # fmt: skip
    return np.cumsum(rows, axis=1).T


def looks_by(days: np.ndarray) -> list[dict[str, Any]]:
    """The rows of int_experiments__looks by the last of these days."""
    rows, before = [], 0
    for day, (treated, held_out, treated_back, held_out_back) in enumerate(days.tolist()):
        number = RULE.looks * min(treated + held_out, CUSTOMERS) // CUSTOMERS
        if number > before:
            rows.append({
                "plan_id": "plan", "playbook_id": "sms_email", "window_days": 30, "look": number,
                "looked_at": START + timedelta(days=day), "n_treatment": treated,
                "n_control": held_out, "reactivated_treatment": treated_back,
                "reactivated_control": held_out_back, "customers": CUSTOMERS, "alpha": RULE.alpha,
                "smallest_effect": EFFECT, "min_customers_per_arm": RULE.min_customers_per_arm,
                "min_expected_reactivations": RULE.min_expected_reactivations,
            })  # fmt: skip
        before = number
    return rows


def verdict_on(days: np.ndarray) -> str:
    """experiment_results' verdict of all treated, by the last of these days."""
    treated, held_out, treated_back, held_out_back = days[-1].tolist()
    cells = [
        {
            "playbook_id": "sms_email", "window_days": 30, "stratum": "plan", "arm": arm,
            "variant": variant, "assigned": n, "assigned_mature": n, "reactivated_mature": back,
            "net_revenue_cents_mature": 0, "net_revenue_cents_squared_mature": 0.0,
        }
        for arm, variant, n, back in (
            ("treatment", "base", treated, treated_back), ("holdout", "", held_out, held_out_back),
        )
    ]  # fmt: skip
    total = treated + held_out
    planned = [
        row | {"expected": share * total}
        for row, share in zip(cells, (1 - HOLDOUT, HOLDOUT), strict=True)
    ]
    plans = [{"plan_id": "plan", "playbook_id": "sms_email", "window_days": 30}]
    judged = [vars(it) for it in judge_looks(looks_by(days))]
    rows = contrasts(cells, planned, (), PLAN, started=plans, looks=judged)
    return next(row.verdict for row in rows if row.contrast == "treatment-vs-holdout")


def shops(seed: int, effect: float, count: int) -> Iterator[Test]:
    """Tests as their looks decide them."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        looks = list(judge_looks(looks_by(days_of(rng, effect))))
        first = next((it for it in looks if it.verdict != "not yet decidable"), looks[-1])
        yield Test(first.verdict, first.n_treatment + first.n_control)


def test_a_shop_that_is_looked_at_daily_has_the_verdict_of_its_looks_and_keeps_it() -> None:
    rng = np.random.default_rng(4)
    for effect in (0.0, EFFECT, 0.02):
        days = days_of(rng, effect)
        seen = [verdict_on(days[:day]) for day in range(5, 80)]
        looks = list(judge_looks(looks_by(days[:79])))
        since = {it.verdict for it in looks} | {"not yet decidable"}
        assert set(seen) <= since | {"withheld"}
        told = [it for it in seen if it not in {"withheld", "not yet decidable"}]
        assert len(set(told)) <= 1
        assert seen[-1] in {looks[-1].verdict, "withheld"}


def test_shops_without_an_effect_seldom_have_a_winner_and_those_with_one_seldom_none() -> None:
    """The small twin of the slow test: bounds three standard errors of 100 shops wide."""
    null = Counter(it.verdict for it in shops(1, 0.0, 100))
    assert null["winner"] + null["loser"] <= 100 * 0.05 + 3 * math.sqrt(100 * 0.05 * 0.95)
    found = Counter(it.verdict for it in shops(2, EFFECT, 100))
    assert found["winner"] >= 100 * 0.8 - 3 * math.sqrt(100 * 0.8 * 0.2)
    assert found["no difference"] <= 100 * 0.05 + 3 * math.sqrt(100 * 0.05 * 0.95)


@pytest.mark.slow
def test_two_thousand_shops_err_as_seldom_and_decide_as_soon_as_promised() -> None:
    count = 2_000
    null = Counter(it.verdict for it in shops(11, 0.0, count))
    assert null["winner"] / count <= 0.05
    assert (null["winner"] + null["loser"]) / count <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / count)
    for seed, effect in ((12, EFFECT), (13, -EFFECT)):
        at_the_smallest = Counter(it.verdict for it in shops(seed, effect, count))
        assert at_the_smallest["no difference"] / count <= 0.05
    decided = [it for it in shops(14, EFFECT, count) if it.verdict != "not yet decidable"]
    assert sum(it.customers <= 8_500 for it in decided) / count >= 0.8
    winners = [it.customers for it in decided if it.verdict == "winner"]
    assert len(winners) / count >= 0.78
    assert float(np.median(winners)) < 0.8 * CUSTOMERS


@pytest.mark.slow
def test_the_intervals_of_all_looks_cover_the_truth_together() -> None:
    rng = np.random.default_rng(21)
    for effect in (0.0, EFFECT):
        missed = 0
        for _ in range(1_000):
            looks = judge_looks(looks_by(days_of(rng, effect)))
            missed += any(not it.ci_low <= effect <= it.ci_high for it in looks)
        assert missed / 1_000 <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 1_000)


def test_the_last_look_falls_within_a_fifth_of_the_day_that_was_forecast() -> None:
    """The forecast rests on four weeks of entries; afterwards they come and go by the week."""
    rng = np.random.default_rng(31)
    off = []
    for _ in range(300):
        rate = rng.uniform(5, 200)
        weekday = rng.dirichlet(np.full(7, 20.0)) * 7

        def entries(days: int, rate: float = rate, weekday: np.ndarray = weekday) -> np.ndarray:
            return rng.poisson(rate * np.resize(weekday, days))

        seen = entries(28).sum() / 28
        size = plan_size(BASE, EFFECT, HOLDOUT, math.floor(seen * (365 - 30)), RULE)
        if size is None:
            continue
        forecast = math.ceil(size.customers / seen) + 30
        came = np.cumsum(entries(1_000))
        was = int(np.searchsorted(came, size.customers)) + 1 + 30
        off.append(abs(was - forecast) / forecast)
    assert len(off) > 250
    assert np.mean(np.array(off) <= 0.2) >= 0.9
