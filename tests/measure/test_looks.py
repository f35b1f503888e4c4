"""The bounds of planned looks, against published ones, another library's integration, and
simulation."""

from __future__ import annotations

import math

import gsdesign
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from winback.measure.statistics import crossing, drift_needed, error_spent, look_bounds

EIGHTHS = tuple(look / 8 for look in range(1, 9))


def test_five_even_looks_have_the_published_bounds() -> None:
    """Reboussin, DeMets, Kim and Lan 2000 (Control Clin Trials 21:190-207)."""
    bounds = look_bounds((0.2, 0.4, 0.6, 0.8, 1.0), 1.0, alpha=0.05)
    assert bounds == pytest.approx((4.877, 3.357, 2.680, 2.290, 2.031), abs=1e-3)


def test_one_look_has_the_bound_of_a_test_without_looks() -> None:
    assert look_bounds((500.0,), 500.0, alpha=0.05) == pytest.approx((stats.norm.isf(0.025),))


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.1])
@pytest.mark.parametrize("information", [EIGHTHS, (0.15, 0.3, 0.34, 0.71, 1.0), (0.5, 0.99, 1.0)])
def test_bounds_are_those_by_the_integration_of_gsdesign(
    information: tuple[float, ...], alpha: float
) -> None:
    expected = bounds_by_gsdesign(information, alpha)
    assert look_bounds(information, 1.0, alpha=alpha) == pytest.approx(expected, abs=1e-3)


def bounds_by_gsdesign(information: tuple[float, ...], alpha: float) -> list[float]:
    bounds: list[float] = []
    spent, grid, at_before = 0.0, None, 0.0
    for at in information:
        now = 2 * stats.norm.sf(stats.norm.isf(alpha / 4) / math.sqrt(at))

        def above(bound: float, grid=grid, at=at, at_before=at_before) -> float:  # type: ignore[no-untyped-def]
            if grid is None:
                found = gsdesign.h1(80, 0.0, at, bound, np.inf)
            else:
                found = gsdesign.hupdate(80, 0.0, at, bound, np.inf, 0.0, at_before, grid)
            return float(np.sum(found[2]))

        goal = now - spent
        bound = float(optimize.brentq(lambda it, a=above, g=goal: a(it) - g, 0.0, 8.9))
        bounds.append(bound)
        if grid is None:
            grid = gsdesign.h1(80, 0.0, at, -bound, bound)
        else:
            grid = gsdesign.hupdate(80, 0.0, at, -bound, bound, 0.0, at_before, grid)
        spent, at_before = now, at
    return bounds


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 1200), min_size=1, max_size=12, unique=True).map(sorted),
    st.sampled_from([0.01, 0.05, 0.2]),
)
def test_the_error_of_any_looks_is_what_was_to_be_spent(customers: list[int], alpha: float) -> None:
    information = tuple(map(float, customers))
    bounds = look_bounds(information, 1000.0, alpha=alpha)
    by_chance = crossing(information, bounds, drift=0.0)
    spent = error_spent(information[-1] / 1000, alpha=alpha)
    assert sum(by_chance.above) == pytest.approx(spent, abs=1e-7)
    assert sum(by_chance.below) == pytest.approx(spent, abs=1e-7)
    assert spent <= alpha / 2 + 1e-12


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 99), min_size=2, max_size=8, unique=True).map(sorted))
def test_later_looks_leave_the_bounds_of_earlier_ones_as_they_are(customers: list[int]) -> None:
    information = tuple(map(float, customers))
    whole = look_bounds(information, 100.0, alpha=0.05)
    assert look_bounds(information[:-1], 100.0, alpha=0.05) == pytest.approx(whole[:-1], abs=1e-8)


def test_after_the_planned_information_nothing_is_left_to_spend() -> None:
    assert look_bounds((60.0, 110.0, 140.0), 100.0, alpha=0.05)[-1] == math.inf
    assert error_spent(1.4, alpha=0.05) == error_spent(1.0, alpha=0.05) == pytest.approx(0.025)
    assert error_spent(0.0, alpha=0.05) == 0


def test_a_look_without_anything_new_is_none() -> None:
    with pytest.raises(ValueError, match="more information than the one before"):
        look_bounds((0.5, 0.5), 1.0, alpha=0.05)


def test_walks_leave_the_bounds_as_often_as_reckoned() -> None:
    drift = drift_needed(8, alpha=0.05, power=0.8)
    bounds = np.array(look_bounds(EIGHTHS, 1.0, alpha=0.05))
    reckoned = crossing(EIGHTHS, tuple(bounds), drift=drift)
    assert sum(reckoned.above) == pytest.approx(0.8, abs=1e-6)
    steps = np.random.default_rng(3).normal(drift / 8, math.sqrt(1 / 8), (40_000, 8))
    above = np.cumsum(steps, axis=1) > bounds * np.sqrt(EIGHTHS)
    first = np.bincount(above.argmax(axis=1)[above.any(axis=1)], minlength=8) / 40_000
    assert first == pytest.approx(np.array(reckoned.above), abs=0.01)


def test_eight_looks_take_a_thirtieth_more_customers_than_one() -> None:
    many, one = (drift_needed(looks, alpha=0.05, power=0.8) for looks in (8, 1))
    assert one == pytest.approx(stats.norm.isf(0.025) + stats.norm.isf(0.2), abs=1e-5)
    assert (many / one) ** 2 == pytest.approx(1.034, abs=1e-3)
