"""The statistics, against published values, other libraries, and simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from winback.measure.statistics import (
    Difference,
    Sample,
    confidence_sequence,
    mean_difference,
    proportion_difference,
    proportion_interval,
    sample_ratio_p_value,
)


def sample(values):
    return Sample(len(values), float(np.sum(values)), float(np.sum(np.square(values))))


def test_newcombe_interval_has_the_values_of_his_paper():
    """Newcombe 1998 (Stat Med 17:873-890), table II, method 10, examples a, b and d."""
    cases = [
        ((56, 48), (70, 80), (0.0524, 0.3339)),
        ((9, 3), (10, 10), (0.1705, 0.8090)),
        ((5, 0), (56, 29), (-0.0381, 0.1926)),
    ]
    for successes, sizes, expected in cases:
        interval = proportion_difference(successes, sizes).interval
        assert interval == pytest.approx(expected, abs=5e-5)


def test_pooled_z_is_the_square_root_of_the_chi_square_of_the_table():
    difference = proportion_difference((90, 40), (1000, 700))
    table = [[90, 910], [40, 660]]
    assert difference.p_value == pytest.approx(
        stats.chi2_contingency(table, correction=False).pvalue, rel=1e-9
    )


@given(st.integers(1, 400), st.integers(1, 400), st.data())
def test_any_two_shares_have_an_interval_around_their_difference(n1, n2, data):
    x1, x2 = data.draw(st.integers(0, n1)), data.draw(st.integers(0, n2))
    difference = proportion_difference((x1, x2), (n1, n2))
    assert -1 <= difference.interval.low <= difference.estimate <= difference.interval.high <= 1
    assert 0 <= difference.p_value <= 1
    assert difference.standard_error > 0
    assert difference.interval == pytest.approx(
        confint_proportions_2indep(x1, n1, x2, n2, method="newcomb")
    )


def test_welch_equals_scipy_on_the_raw_values():
    rng = np.random.default_rng(7)
    treated = np.where(rng.random(400) < 0.1, rng.gamma(2, 3000, 400), 0)
    held_out = np.where(rng.random(90) < 0.07, rng.gamma(2, 2500, 90), 0)
    ours = mean_difference(sample(treated), sample(held_out))
    theirs = stats.ttest_ind(treated, held_out, equal_var=False)
    assert ours.p_value == pytest.approx(theirs.pvalue, rel=1e-9)
    assert ours.interval == pytest.approx(tuple(theirs.confidence_interval()), rel=1e-9)


def test_two_groups_without_spread_have_a_difference_but_no_test():
    difference = mean_difference(sample([5.0, 5.0]), sample([3.0, 3.0, 3.0]))
    assert difference == Difference(2.0, None, None, 0.0)


def test_confidence_sequence_has_the_half_width_of_the_formula():
    """alpha .05, N* 5000: -2 ln .05 = 5.99146, ln 6.99146 = 1.94469, so rho2 = 7.93615/5000.

    After n = 1000, n rho2 + 1 = 2.58723 and ln(sqrt(2.58723)/.05) = 3.47103, so that the
    half-width is sqrt(2 * 2.58723 * 3.47103 / 1.58723) = 3.36390 standard errors.
    """
    interval = confidence_sequence(Difference(0.0, None, None, 1.0), n=1000)
    assert interval.high == pytest.approx(3.36390, abs=1e-4)
    assert interval.low == -interval.high


def test_confidence_sequence_is_wider_than_the_fixed_interval_and_shrinks_with_customers():
    halves = []
    for n in (500, 5_000, 50_000):
        difference = proportion_difference((n // 20, n // 200), (n * 9 // 10, n // 10))
        sequence = confidence_sequence(difference, n=n)
        assert sequence.low < difference.interval.low < difference.interval.high < sequence.high
        halves.append(sequence.high - sequence.low)
    assert halves == sorted(halves, reverse=True)


@pytest.mark.parametrize("base_rate", [0.02, 0.05, 0.2])
def test_looking_every_fifty_customers_finds_a_false_effect_in_at_most_five_percent(base_rate):
    """1,500 null experiments, 10 % holdout, looked at from 10 expected returns in it on."""
    rng = np.random.default_rng(20261122)
    looks = np.arange(1_000, 20_001, 50)
    steps = np.diff(looks, prepend=0)
    held_steps, treated_steps = steps // 10, steps - steps // 10
    shape = (1_500, len(looks))
    held = np.cumsum(rng.binomial(held_steps, base_rate, shape), axis=1)
    treated = np.cumsum(rng.binomial(treated_steps, base_rate, shape), axis=1)
    held_n, treated_n = np.cumsum(held_steps), np.cumsum(treated_steps)
    is_enough = (held + treated) / looks * held_n >= 10
    false_alarms = _excludes_zero(treated, treated_n, held, held_n) & is_enough
    assert false_alarms.any(axis=1).mean() <= 0.05


def _excludes_zero(treated, treated_n, held, held_n):
    """The sequence at every look of every experiment: its width is per standard error."""
    shares = [(treated + 1) / (treated_n + 2), (held + 1) / (held_n + 2)]
    errors = np.sqrt(
        shares[0] * (1 - shares[0]) / (treated_n + 2) + shares[1] * (1 - shares[1]) / (held_n + 2)
    )
    unit = Difference(0.0, None, None, 1.0)
    widths = np.array([confidence_sequence(unit, n=int(n)).high for n in treated_n + held_n])
    return np.abs(treated / treated_n - held / held_n) > errors * widths


def test_sample_ratio_check_is_one_chi_square_over_all_cells():
    observed, expected = [460, 440, 100], [450.0, 450.0, 100.0]
    assert sample_ratio_p_value(observed, expected) == pytest.approx(
        stats.chisquare(observed, expected).pvalue
    )


def test_customers_in_a_cell_that_was_not_planned_are_never_chance():
    assert sample_ratio_p_value([90, 10, 1], [90.9, 10.1, 0.0]) == 0.0


def test_one_cell_alone_has_no_ratio():
    assert sample_ratio_p_value([90], [90.0]) is None


def test_one_share_has_wilsons_interval() -> None:
    assert proportion_interval(0, 0) is None
    for successes, n in ((0, 1), (1, 1), (0, 300), (41, 313), (300, 300)):
        low, high = proportion_interval(successes, n) or (None, None)
        assert (low, high) == pytest.approx(
            proportion_confint(successes, n, method="wilson"), abs=1e-12
        )
