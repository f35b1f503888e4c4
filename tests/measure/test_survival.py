"""Shares by a time among people who were not all watched that long: known cases, an oracle."""

from __future__ import annotations

import random

import numpy as np
import pytest
from statsmodels.duration.survfunc import SurvfuncRight
from statsmodels.stats.proportion import proportion_confint

from winback.measure.statistics import Watched, proportion_interval, share_by


def test_half_are_lost_sight_of_on_day_10_and_the_share_is_that_of_everybody() -> None:
    # Of 100 people 10 do it on day 5 and, of the 90 left, a fifth on day 20: 28 in truth.
    watched = [
        Watched(5, True, 10),
        Watched(10, False, 45),
        Watched(20, True, 9),
        Watched(90, False, 36),
    ]
    found = share_by(watched, 30)
    assert (found.n, found.happened, found.censored) == (100, 19, 45)
    assert found.share == pytest.approx(0.28)
    # Less sure than of 100 people watched to the end.
    of_100 = proportion_interval(28, 100)
    assert found.interval is not None
    assert of_100 is not None
    assert found.interval.low < of_100.low
    assert found.interval.high > of_100.high


def test_who_did_it_before_most_were_lost_sight_of_is_one_of_everybody() -> None:
    watched = [Watched(4, True, 27), Watched(10, False, 434), Watched(30, False, 178)]
    found, of_all = share_by(watched, 30), proportion_interval(27, 639)
    assert found.share == pytest.approx(27 / 639)
    assert found.interval is not None
    assert of_all is not None
    assert found.interval.low == pytest.approx(of_all.low)
    # The days after the launch rest on 178 people, so the high end is that of fewer.
    assert of_all.high < found.interval.high < 0.09


def test_with_everybody_watched_it_is_the_plain_share_with_wilsons_interval() -> None:
    watched = [Watched(day, True, 209) for day in (1, 2, 30)] + [Watched(31, False, 18767)]
    found = share_by(watched, 30)
    assert (found.n, found.happened, found.censored) == (19394, 627, 0)
    assert found.share == 627 / 19394
    assert found.interval == proportion_interval(627, 19394)


@pytest.mark.parametrize(
    ("watched", "counts", "share"),
    [
        ([], (0, 0, 0), None),
        # The last instant belongs to the time; one watched until then was watched all of it.
        ([Watched(30, True, 1), Watched(30, False, 1)], (2, 1, 0), 0.5),
        ([Watched(31, True, 1), Watched(31, False, 1)], (2, 0, 0), 0.0),
        # Who does it at the instant at which another is lost sight of did it among both.
        ([Watched(5, True, 1), Watched(5, False, 1), Watched(31, False, 2)], (4, 1, 1), 0.25),
        # Nobody was watched to the end: it can't be known.
        ([Watched(5, True, 1), Watched(29, False, 1)], (2, 1, 1), None),
        # Everybody who could did it.
        ([Watched(5, False, 1), Watched(29, True, 1)], (2, 1, 1), 1.0),
    ],
)
def test_edges(watched: list[Watched], counts: tuple[int, int, int], share: float | None) -> None:
    found = share_by(watched, 30)
    assert (found.n, found.happened, found.censored) == counts
    assert found.share == (None if share is None else pytest.approx(share))
    if share is None:
        assert found.interval is None
    else:
        assert found.interval is not None
        assert 0 <= found.interval.low <= share <= found.interval.high <= 1


def test_nobody_did_it_and_few_were_watched_to_the_end() -> None:
    found = share_by([Watched(3, False, 600), Watched(31, False, 39)], 30)
    assert found.share == 0
    assert found.interval == proportion_interval(0, 39)


def test_share_and_low_end_are_those_of_statsmodels() -> None:
    luck = random.Random(3)  # noqa: S311
    times = [luck.randrange(1, 60) for _ in range(400)]
    happened = [luck.random() < 0.3 for _ in times]
    oracle = SurvfuncRight(np.array(times), np.array(happened, dtype=int))
    place = int(np.searchsorted(oracle.surv_times, 30, side="right")) - 1
    survival, error = oracle.surv_prob[place], oracle.surv_prob_se[place]

    found = share_by([Watched(*one, 1) for one in zip(times, happened, strict=True)], 30)

    assert found.share == pytest.approx(1 - survival)
    assert found.interval is not None
    # Wilson's interval of as many people as give Greenwood's error.
    size = survival * (1 - survival) / error**2
    low, _ = proportion_confint((1 - survival) * size, size, method="wilson")
    assert found.interval.low == pytest.approx(low)
