"""Groups that were dealt by several shares: compared stratum by stratum, then averaged."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import StratifiedTable

from winback.measure.statistics import (
    Sample,
    compare_means,
    compare_shares,
    mean_difference,
    proportion_difference,
)

# A quiet season with few left alone, then a busy one with many: in each the messages add nothing.
QUIET = ((45, 5), (900, 100))
BUSY = ((100, 100), (500, 500))


def sample(values: np.ndarray) -> Sample:
    return Sample(len(values), float(np.sum(values)), float(np.sum(np.square(values))))


def test_a_share_that_was_changed_between_two_seasons_makes_no_effect() -> None:
    """Added up, 145 of 1,400 stand against 105 of 600: a loss that nobody caused."""
    (raw,) = [proportion_difference((145, 105), (1400, 600))]
    assert raw.p_value is not None
    assert raw.p_value < 0.001
    found = compare_shares([QUIET, BUSY])
    assert found.difference.estimate == pytest.approx(0, abs=1e-12)
    assert found.difference.p_value == pytest.approx(1)
    assert found.difference.interval is not None
    assert found.difference.interval.low < 0 < found.difference.interval.high
    assert found.rates[0] == pytest.approx(found.rates[1])


def test_money_of_two_seasons_makes_no_effect_either() -> None:
    rng = np.random.default_rng(5)
    quiet, busy = rng.gamma(2, 500, 1_000), rng.gamma(2, 5_000, 1_000)
    strata = [
        (sample(quiet[:900]), sample(quiet[900:])),
        (sample(busy[:500]), sample(busy[500:])),
    ]
    found = compare_means(strata)
    assert abs(found.difference.estimate) < 3 * found.difference.standard_error
    assert found.difference.interval is not None
    assert found.difference.interval.low < 0 < found.difference.interval.high
    assert found.rates[0] - found.rates[1] == pytest.approx(found.difference.estimate)


def test_the_p_value_over_strata_is_cochrans() -> None:
    strata = [((60, 20), (900, 500)), ((140, 70), (800, 700))]
    tables = [np.array([[x1, n1 - x1], [x2, n2 - x2]]) for (x1, x2), (n1, n2) in strata]
    expected = StratifiedTable([it.astype(float) for it in tables]).test_null_odds()
    assert compare_shares(strata).difference.p_value == pytest.approx(expected.pvalue, rel=0.02)


def test_one_stratum_is_as_if_there_were_none() -> None:
    assert compare_shares([QUIET]).difference == proportion_difference(*QUIET)
    pair = (Sample(40, 900.0, 90_000.0), Sample(30, 400.0, 30_000.0))
    assert compare_means([pair]).difference == mean_difference(*pair)


@given(st.integers(2, 4), st.tuples(st.integers(0, 30), st.integers(0, 20)))
def test_a_stratum_cut_into_equal_parts_gives_what_the_whole_gives(
    parts: int, successes: tuple[int, int]
) -> None:
    sizes = (300, 100)
    whole = compare_shares([(tuple(parts * x for x in successes), tuple(parts * n for n in sizes))])  # type: ignore[list-item]
    cut = compare_shares([(successes, sizes)] * parts)
    assert cut.rates == pytest.approx(whole.rates)
    assert cut.difference.estimate == pytest.approx(whole.difference.estimate)
    assert cut.difference.p_value == pytest.approx(whole.difference.p_value)


def test_the_intervals_over_strata_cover_as_they_say() -> None:
    rng = np.random.default_rng(8)
    runs, covered = 800, np.zeros(2)
    for _ in range(runs):
        shares, samples = [], []
        for base, sizes in ((0.03, (900, 300)), (0.08, (500, 400))):
            came = [
                rng.random(n) < base + extra for n, extra in zip(sizes, (0.02, 0.0), strict=True)
            ]
            shares.append(((int(came[0].sum()), int(came[1].sum())), sizes))
            spent = [it * rng.gamma(2, 20, len(it)) for it in came]
            samples.append((sample(spent[0]), sample(spent[1])))
        found = (compare_shares(shares).difference, compare_means(samples).difference)
        for which, (difference, truth) in enumerate(zip(found, (0.02, 0.02 * 40), strict=True)):
            assert difference.interval is not None
            covered[which] += difference.interval.low <= truth <= difference.interval.high
    assert covered / runs == pytest.approx(np.array([0.95, 0.95]), abs=0.022)


def test_strata_without_any_spread_have_a_difference_and_no_test() -> None:
    pair = (Sample(2, 10.0, 50.0), Sample(2, 6.0, 18.0))
    found = compare_means([pair, pair]).difference
    assert found.estimate == pytest.approx(2.0)
    assert found.interval is None
    assert math.isclose(found.standard_error, 0.0)
