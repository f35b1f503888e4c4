"""Lin's adjustment, the index it takes, ratios by the delta method, and several comparisons."""

from __future__ import annotations

import math
from unittest.mock import patch

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from winback.measure.statistics import (
    Difference,
    Paired,
    adjusted_difference,
    compare_adjusted,
    confidence_sequence,
    fit_weights,
    holm,
    mean_difference,
    ratio_difference,
    sequential_p_value,
)

Arrays = tuple[np.ndarray, np.ndarray]


def paired(y: np.ndarray, x: np.ndarray) -> Paired:
    return Paired(
        len(y), *map(float, (y.sum(), (y * y).sum(), x.sum(), (x * x).sum(), (x * y).sum()))
    )


def drawn(seed: int, sizes: tuple[int, int], slopes: tuple[float, float]) -> tuple[Arrays, Arrays]:
    """Two groups of outcomes and indexes, with unlike spread, slopes and mean indexes."""
    rng = np.random.default_rng(seed)
    groups = []
    for place, (size, slope) in enumerate(zip(sizes, slopes, strict=True)):
        x = rng.gamma(2 + place, 0.1, size)
        groups.append((0.3 * place + slope * x + rng.normal(0, 1 + place, size), x))
    return groups[0], groups[1]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10_000),
    st.tuples(st.integers(5, 400), st.integers(5, 400)),
    st.tuples(st.floats(-3, 3), st.floats(-3, 3)),
)
def test_lins_estimate_and_error_are_those_of_least_squares_with_interactions(
    seed: int, sizes: tuple[int, int], slopes: tuple[float, float]
) -> None:
    first, second = drawn(seed, sizes, slopes)
    found = adjusted_difference(paired(*first), paired(*second))
    assert found is not None
    y, x = (np.concatenate(both) for both in zip(first, second, strict=True))
    is_first = np.repeat([1.0, 0.0], sizes)
    centered = x - x.mean()
    design = np.column_stack([np.ones(len(y)), is_first, centered, is_first * centered])
    fit = sm.OLS(y, design).fit()
    assert found.difference.estimate == pytest.approx(fit.params[1], rel=1e-9, abs=1e-9)
    # What each slope leaves, and that the mean to which both are moved is a sample's.
    variance = sum(
        float((fit.resid[is_first == arm] ** 2).sum()) / (size - 1) / size
        for arm, size in zip((1.0, 0.0), sizes, strict=True)
    )
    variance += fit.params[3] ** 2 * x.var(ddof=1) / len(y)
    assert found.difference.standard_error == pytest.approx(math.sqrt(variance), rel=1e-9)


@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3"])
def test_in_large_groups_that_were_dealt_the_error_is_the_sandwich_of_statsmodels(
    kind: str,
) -> None:
    """One slope for both, so that the mean's own error plays no part."""
    rng = np.random.default_rng(4)
    x, is_first = rng.gamma(2, 0.1, 9_000), np.repeat([1.0, 0.0], (6_000, 3_000))
    y = 0.3 * is_first + x + rng.normal(0, 1 + is_first)
    found = adjusted_difference(*(paired(y[is_first == it], x[is_first == it]) for it in (1, 0)))
    design = np.column_stack([np.ones(len(y)), is_first, x - x.mean(), is_first * (x - x.mean())])
    sandwich = sm.OLS(y, design).fit(cov_type=kind).bse[1]
    assert found is not None
    assert found.difference.standard_error == pytest.approx(sandwich, rel=0.002)


def test_the_adjusted_interval_covers_as_it_says_and_saves_what_the_index_explains() -> None:
    """Returns whose chance is the index itself: it explains 7 % of their variance."""
    rng = np.random.default_rng(6)
    runs, covered, saved = 600, 0, []
    for _ in range(runs):
        groups = []
        for size, effect in ((1_400, 0.02), (600, 0.0)):
            x = rng.beta(0.6, 9, size)
            groups.append(paired((rng.random(size) < np.minimum(1, x + effect)).astype(float), x))
        found = adjusted_difference(groups[0], groups[1])
        assert found is not None
        assert found.difference.interval is not None
        low, high = found.difference.interval
        covered += low <= 0.02 <= high
        saved.append(found.variance_reduction)
    assert covered / runs == pytest.approx(0.95, abs=0.025)
    assert np.mean(saved) == pytest.approx(0.085, abs=0.02)


def test_an_index_that_says_nothing_changes_nothing_much() -> None:
    rng = np.random.default_rng(9)
    groups = [paired(rng.normal(size=2_000), rng.random(2_000)) for _ in range(2)]
    found = adjusted_difference(groups[0], groups[1])
    plain = mean_difference(groups[0].ys, groups[1].ys)
    assert found is not None
    assert found.difference.estimate == pytest.approx(plain.estimate, abs=0.005)
    assert abs(found.variance_reduction) < 0.005


def test_without_slopes_or_spread_there_is_no_adjustment() -> None:
    rng = np.random.default_rng(1)
    some = paired(rng.random(50), rng.random(50))
    one_index = paired(rng.random(50), np.full(50, 0.25))
    two = paired(rng.random(2), rng.random(2))
    assert adjusted_difference(some, one_index) is None
    assert adjusted_difference(two, some) is None
    nobody_back = paired(np.zeros(50), rng.random(50))
    assert adjusted_difference(nobody_back, nobody_back) is None
    # What the index tells to the last digit leaves nothing to judge by.
    told = np.arange(50.0)
    assert adjusted_difference(paired(told, told), paired(told, told)) is None


def test_over_strata_each_is_adjusted_by_itself_and_a_small_one_counts_as_it_is() -> None:
    large = tuple(paired(*it) for it in drawn(2, (900, 300), (2.0, 2.0)))
    small = tuple(paired(*it) for it in drawn(3, (60, 20), (2.0, 2.0)))
    whole = compare_adjusted([(large[0], large[1])], min_people=100)
    alone = adjusted_difference(large[0], large[1])
    assert whole is not None
    assert alone is not None
    assert whole.difference == alone.difference
    assert whole.variance_reduction == pytest.approx(alone.variance_reduction)
    both = compare_adjusted([(large[0], large[1]), (small[0], small[1])], min_people=100)
    assert both is not None
    plain = mean_difference(small[0].ys, small[1].ys)
    # 225 and 15 are the sizes' harmonic sums.
    expected = (225 * whole.difference.estimate + 15 * plain.estimate) / 240
    assert both.difference.estimate == pytest.approx(expected)
    assert compare_adjusted([(small[0], small[1])], min_people=100) is None


def test_a_ratio_has_the_delta_methods_error() -> None:
    """Revenue by order, of which some have several: the person is the unit."""
    rng = np.random.default_rng(12)
    groups, errors, ratios = [], [], []
    for size, each in ((3_000, 5_000), (2_000, 4_600)):
        orders = rng.poisson(0.3, size).astype(float)
        revenue = orders * rng.gamma(4, each / 4, size)
        groups.append(paired(revenue, orders))
        ratio = revenue.sum() / orders.sum()
        influence = (revenue - ratio * orders) / orders.mean()
        errors.append(influence.std(ddof=1) / math.sqrt(size))
        ratios.append(ratio)
    found = ratio_difference(groups[0], groups[1])
    assert found is not None
    assert found.estimate == pytest.approx(ratios[0] - ratios[1])
    assert found.standard_error == pytest.approx(math.hypot(*errors))
    nobody = paired(np.zeros(5), np.zeros(5))
    assert ratio_difference(groups[0], nobody) is None


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_holms_p_values_are_those_of_statsmodels(p_values: list[float]) -> None:
    # statsmodels collects all garbage of the process at each call: up to half a second.
    with patch("gc.collect"):
        expected = multipletests(p_values, method="holm")[1]
    assert holm(p_values) == pytest.approx(list(expected), abs=1e-12)


def test_a_comparison_without_a_p_value_is_none_of_several() -> None:
    assert holm([0.02, None, 0.04]) == [0.04, None, 0.04]
    assert holm([]) == []


@given(
    st.floats(-0.2, 0.2),
    st.floats(1e-4, 0.1),
    st.integers(200, 100_000),
)
def test_the_sequential_p_value_is_where_the_sequence_touches_nothing(
    estimate: float, error: float, n: int
) -> None:
    difference = Difference(estimate, None, None, error)
    sequence = confidence_sequence(difference, n=n, alpha=0.05)
    is_clear = sequence.low > 0 or sequence.high < 0
    assert is_clear == (sequential_p_value(difference, n=n, alpha=0.05) < 0.05)


def history(seed: int, size: int, share: float) -> dict[str, float]:
    """The sums that SQL makes of so many people, of whose returns the features explain a share."""
    rng = np.random.default_rng(seed)
    recency, frequency = np.log(rng.uniform(31, 400, size)), np.log(rng.integers(1, 9, size))
    features = {
        "recency": recency, "frequency": frequency, "recency_frequency": recency * frequency,
        "spent": frequency + rng.normal(3, 1, size),
    }  # fmt: skip
    score = 0.1 + share * (frequency - frequency.mean()) - share * (recency - recency.mean())
    back = (rng.random(size) < np.clip(score, 0, 1)).astype(float)
    sums = {"playbook_id": "p", "watched": size, "came_back": int(back.sum())}
    names = list(features)
    for place, name in enumerate(names):
        sums[f"sum_{name}"] = features[name].sum()
        sums[f"sum_{name}_back"] = (features[name] * back).sum()
        for other in names[place:]:
            sums[f"sum_{name}_{other}"] = (features[name] * features[other]).sum()
    fit = sm.OLS(back, sm.add_constant(np.column_stack(list(features.values())))).fit()
    return sums | {"params": fit.params, "rsquared_adj": fit.rsquared_adj}


def test_weights_are_those_of_least_squares() -> None:
    sums = history(1, 4_000, 0.1)
    (weights,) = fit_weights([sums], min_watched=300, min_explained=0.01)
    found = [
        weights.base, weights.recency, weights.frequency, weights.recency_frequency, weights.spent,
    ]  # fmt: skip
    assert found == pytest.approx(list(sums["params"]), rel=1e-6)  # type: ignore[arg-type]
    assert weights.explained == pytest.approx(sums["rsquared_adj"])
    assert weights.is_used
    assert weights.came_back_rate == sums["came_back"] / 4_000


def test_an_index_that_explains_nothing_is_dropped_before_anybody_enters() -> None:
    (weights,) = fit_weights([history(2, 4_000, 0.0)], min_watched=300, min_explained=0.01)
    assert weights.explained is not None
    assert weights.explained < 0.01
    assert not weights.is_used


def test_a_short_history_or_one_in_which_all_are_alike_has_no_index() -> None:
    short = history(3, 299, 0.1)
    alike = history(3, 400, 0.1) | {"sum_spent_spent": history(3, 400, 0.1)["sum_spent"] ** 2 / 400}
    nobody = history(3, 400, 0.1) | {"came_back": 0}
    found = list(fit_weights([short, alike, nobody], min_watched=300, min_explained=0.01))
    assert [(it.is_used, it.explained, it.base) for it in found] == [(False, None, None)] * 3
