"""The shop's one number: pooled as the literature does it, and from who is left alone by all."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shipped_plan import PLAN
from statsmodels.stats.meta_analysis import combine_effects

from winback.measure.statistics import Difference, pooled, shop_results

estimates = st.integers(-1000, 1000).map(lambda it: it / 1000)
errors = st.floats(0.001, 1)


def difference(estimate: float, error: float) -> Difference:
    return Difference(estimate, None, None, error)


@given(st.lists(st.tuples(estimates, errors), min_size=2, max_size=8))
def test_the_pool_is_the_one_of_statsmodels(given: list[tuple[float, float]]) -> None:
    found = pooled([difference(*it) for it in given])
    effects, errors_ = np.array(given).T
    # statsmodels lets the variance between go below zero, DerSimonian and Laird don't.
    with np.errstate(divide="ignore", invalid="ignore"):
        oracle = combine_effects(effects, errors_**2, method_re="dl", use_t=False)
    assert found is not None
    assert found.fixed.estimate == pytest.approx(oracle.mean_effect_fe, abs=1e-9)
    assert found.fixed.standard_error == pytest.approx(oracle.sd_eff_w_fe, rel=1e-9)
    assert found.tau_squared == pytest.approx(max(0.0, oracle.tau2), rel=1e-6, abs=1e-9)
    if oracle.tau2 > 0:
        assert found.random.estimate == pytest.approx(oracle.mean_effect_re, abs=1e-6)
        assert found.random.standard_error == pytest.approx(oracle.sd_eff_w_re, rel=1e-6)
        assert found.i_squared == pytest.approx(oracle.i2, abs=1e-6)


@given(st.lists(st.tuples(estimates, errors), min_size=2, max_size=8))
def test_a_best_guess_lies_between_a_playbooks_own_estimate_and_all_others(
    given: list[tuple[float, float]],
) -> None:
    found = pooled([difference(*it) for it in given])
    assert found is not None
    for (own, _), guess in zip(given, found.shrunken, strict=True):
        low, high = sorted((own, found.random.estimate))
        assert low - 1e-9 <= guess <= high + 1e-9


def test_one_playbook_stays_what_it_is_and_none_is_no_pool() -> None:
    found = pooled([difference(0.1, 0.02)])
    assert found is not None
    assert (found.random.estimate, found.shrunken, found.tau_squared) == (0.1, (0.1,), 0.0)
    assert pooled([]) is None
    assert pooled([difference(0.0, 0.0)]) is None


def contrast(playbook: str, estimate: float, **changes: object) -> dict[str, object]:
    return {
        "playbook_id": playbook, "contrast": "treatment-vs-holdout", "metric": "reactivation",
        "window_days": 30, "n_treatment": 900, "n_control": 100, "estimate": estimate,
        "standard_error": 0.01, "verdict": "winner", **changes,
    }  # fmt: skip


def test_the_pool_takes_playbooks_against_their_holdouts_as_far_as_dealt_as_planned() -> None:
    rows = [
        contrast("a", 0.02),
        contrast("b", 0.06),
        contrast("withheld", 0.5, verdict="withheld"),
        contrast("a", 0.5, contrast="x-vs-y"),
        contrast("nothing varies", 0.0, standard_error=0.0),
        contrast("a", 0.1, window_days=14),
    ]
    found = {(it.method, it.playbook_id, it.window_days): it for it in shop_results(rows, [], PLAN)}
    fixed = found["pooled-fixed", "", 30]
    assert fixed.estimate == pytest.approx(0.04)
    assert (fixed.playbooks, fixed.n_treatment, fixed.n_control) == (2, 1800, 200)
    assert found["pooled-fixed", "", 14].spread is None
    guesses = [found["best-guess", it, 30].estimate for it in ("a", "b")]
    assert guesses == [pytest.approx(0.0225), pytest.approx(0.0575)]


def side(n: int, back: int, *, share: float, alone: bool) -> dict[str, object]:
    """People of whom each that came back spent 10.00, with 4.00 left of it."""
    return {
        "window_days": 30, "global_holdout_share": share, "is_left_alone": alone, "people": n,
        "reactivated": back, "net_revenue_cents": 1000.0 * back,
        "net_revenue_cents_squared": 1e6 * back, "value_cents": 400.0 * back,
        "value_cents_squared": 160_000.0 * back,
    }  # fmt: skip


def test_people_left_alone_by_all_are_compared_with_all_others() -> None:
    people = [
        side(19_000, 1_900, share=0.05, alone=False),
        side(1_000, 50, share=0.05, alone=True),
    ]
    found = {it.metric: it for it in shop_results([], people, PLAN)}
    assert found["reactivation"].estimate == pytest.approx(0.05)
    assert found["revenue_per_customer"].estimate == pytest.approx(50)
    assert found["value_per_customer"].estimate == pytest.approx(20)
    assert {it.verdict for it in found.values()} == {"winner"}
    assert {it.method for it in found.values()} == {"global-holdout"}


def test_a_share_that_changed_is_a_cell_of_its_own() -> None:
    # No difference within either share; all counts together would show 5 points.
    people = [
        side(950, 95, share=0.05, alone=False), side(50, 5, share=0.05, alone=True),
        side(500, 0, share=0.5, alone=False), side(500, 0, share=0.5, alone=True),
    ]  # fmt: skip
    (found,) = (it for it in shop_results([], people, PLAN) if it.metric == "reactivation")
    assert found.estimate == pytest.approx(0, abs=1e-3)
    assert (found.n_treatment, found.n_control) == (1450, 550)


def test_a_global_holdout_of_another_size_than_planned_is_withheld() -> None:
    people = [
        side(950, 300, share=0.05, alone=False),
        side(150, 10, share=0.05, alone=True),
    ]
    assert {it.verdict for it in shop_results([], people, PLAN)} == {"withheld"}


def test_without_a_margin_there_is_no_value() -> None:
    unknown = {"value_cents": math.nan, "value_cents_squared": math.nan}
    people = [
        side(950, 95, share=0.05, alone=False) | unknown,
        side(50, 5, share=0.05, alone=True) | unknown,
    ]
    assert [it.metric for it in shop_results([], people, PLAN)] == [
        "reactivation",
        "revenue_per_customer",
    ]
    alone = [side(50, 5, share=0.05, alone=True)]
    assert list(shop_results([], alone, PLAN)) == []
