"""Intervals hold the truth as often as they say, where no other test of this room counts it."""

from __future__ import annotations

import numpy as np
import pytest

from winback.measure.statistics import (
    Difference,
    Paired,
    Watched,
    pooled,
    ratio_difference,
    share_by,
    share_difference,
)

pytestmark = pytest.mark.long

RUNS = 1_000
# Three standard errors of a share of 0.95 in so many runs.
NEAR = pytest.approx(0.95, abs=0.021)


def kaplan_meier(rng: np.random.Generator, people: int, a_day: float) -> list[Watched]:
    """People who do it with one chance each day, watched for one to sixty days."""
    day, watched = rng.geometric(a_day, people), rng.integers(1, 61, people)
    happened = day <= watched
    times, counts = np.unique(
        np.stack([np.minimum(day, watched), happened]), axis=1, return_counts=True
    )
    return [Watched(float(t), bool(h), int(n)) for t, h, n in zip(*times, counts, strict=True)]


def test_the_difference_of_kaplan_and_meier_with_open_windows() -> None:
    rng, covered = np.random.default_rng(1), 0
    truth = (1 - 0.996**30) - (1 - 0.998**30)
    for _ in range(RUNS):
        first = share_by(kaplan_meier(rng, 1_500, 0.004), 30)
        second = share_by(kaplan_meier(rng, 500, 0.002), 30)
        found = share_difference(first, second)
        assert found is not None
        covered += found[1].low <= truth <= found[1].high
    # It may be wider than it says, and not narrower.
    assert 0.93 <= covered / RUNS <= 0.99


def orders(rng: np.random.Generator, people: int, each: float) -> Paired:
    """The revenue (y) and the orders (x) of people, some of whom order often."""
    x = rng.poisson(0.3, people).astype(float)
    y = x * rng.gamma(4, each / 4, people)
    sums = (float(it) for it in (y.sum(), (y**2).sum(), x.sum(), (x**2).sum(), (x * y).sum()))
    return Paired(people, *sums)


def test_the_value_of_an_order_by_the_delta_method() -> None:
    rng, covered = np.random.default_rng(2), 0
    for _ in range(RUNS):
        found = ratio_difference(orders(rng, 2_000, 5_000), orders(rng, 600, 4_600))
        assert found is not None
        assert found.interval is not None
        covered += found.interval.low <= 400 <= found.interval.high
    assert covered / RUNS == NEAR


@pytest.mark.parametrize(("playbooks", "tau", "least"), [(4, 0.0, 0.93), (12, 0.02, 0.9)])
def test_the_pools_of_playbooks_that_are_alike_and_that_differ(
    playbooks: int, tau: float, least: float
) -> None:
    rng, truth = np.random.default_rng(3), 0.03
    covered = {"fixed": 0, "random": 0}
    for _ in range(RUNS):
        errors = rng.uniform(0.005, 0.03, playbooks)
        estimates = rng.normal(rng.normal(truth, tau, playbooks), errors)
        found = pooled([Difference(*it) for it in _rows(estimates, errors)])
        assert found is not None
        for name in covered:
            interval = getattr(found, name).interval
            covered[name] += interval.low <= truth <= interval.high
    if not tau:
        assert covered["fixed"] / RUNS == NEAR
    # DerSimonian and Laird's is known to be a little too narrow where few playbooks differ.
    assert least <= covered["random"] / RUNS <= 0.99


def _rows(
    estimates: np.ndarray[tuple[int], np.dtype[np.float64]],
    errors: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> list[tuple[float, None, None, float]]:
    return [(float(y), None, None, float(s)) for y, s in zip(estimates, errors, strict=True)]
