"""What the log says of other policies holds the truth as often as it says, and deciding pays."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from bandit_shops import Lived, live, steady, turning

from winback.base.errors import WinbackError
from winback.measure.bandit import (
    Bounds,
    Day,
    Evidence,
    Log,
    doubly_robust,
    inverse_propensity,
    next_move,
    self_normalized,
)
from winback.measure.statistics import proportion_difference

pytestmark = pytest.mark.long

DRIFTING = Bounds(discount=0.9)
ESTIMATES = (inverse_propensity, self_normalized, doubly_robust)
FEW = pytest.param(12, id="few")
MANY = pytest.param(500, id="many", marks=[pytest.mark.slow, pytest.mark.timeout(1_800)])


@cache
def turned(seed: int) -> Lived:
    """A shop whose best arm is the worst but one from the sixtieth day on."""
    rates = turning((0.12, 0.03, 0.05), (0.05, 0.03, 0.12), 60)
    return live(seed, rates, DRIFTING, days=120, a_day=200)


@cache
def even(seed: int) -> Lived:
    return live(1_000 + seed, steady(0.08, 0.08, 0.08), Bounds(), days=40)


def near(shops: int, share: float, margin: float) -> float:
    """The least share of shops that three standard errors of chance leave."""
    return share - margin * float(np.sqrt(share * (1 - share) / shops))


@pytest.mark.parametrize("shops", [FEW, MANY])
@pytest.mark.parametrize("policy", [(0.0, 0.0, 1.0), (0.5, 0.5, 0.0), (1 / 3, 1 / 3, 1 / 3)])
def test_estimates_are_within_two_standard_errors(
    shops: int, policy: tuple[float, float, float]
) -> None:
    distances: dict[str, list[float]] = {it.__name__: [] for it in ESTIMATES}
    for seed in range(shops):
        shop = turned(seed)
        truth = float(np.mean((shop.true_rates @ np.array(policy))[shop.log.batch]))
        for estimate in ESTIMATES:
            found = estimate(shop.log, policy)
            distances[estimate.__name__].append((found.value - truth) / found.standard_error)
    for name, of_shops in distances.items():
        within = np.mean(np.abs(of_shops) <= 2)
        assert within >= near(shops, 0.954, 3), (name, within)


@pytest.mark.parametrize("shops", [FEW, MANY])
def test_regret_under_drift_is_at_most_half_of_an_even_split(shops: int) -> None:
    """Of everybody, those of the random control included."""
    shares = [turned(seed).regret() / turned(seed).even_regret() for seed in range(shops)]
    assert np.mean(shares) <= 0.5


@pytest.mark.parametrize("shops", [FEW, MANY])
def test_deciding_between_equal_arms_gains_nothing(shops: int) -> None:
    held, gains, errors = [], [], []
    for seed in range(shops):
        shop = even(seed)
        groups = [shop.log.outcome[~shop.is_control], shop.log.outcome[shop.is_control]]
        gain = proportion_difference(
            (int(groups[0].sum()), int(groups[1].sum())), (len(groups[0]), len(groups[1]))
        )
        assert gain.interval is not None
        held.append(gain.interval.low <= 0 <= gain.interval.high)
        gains.append(gain.estimate)
        errors.append(gain.standard_error)
    assert np.mean(held) >= near(shops, 0.95, 3)
    assert abs(np.mean(gains)) <= 3 * np.mean(errors) / np.sqrt(shops)


def test_doubly_robust_is_less_noisy_where_arms_return_often() -> None:
    rates = steady(0.6, 0.4, 0.7)
    log = live(3, rates, Bounds(), days=40).log
    policy = (0.0, 1.0, 0.0)
    assert (
        doubly_robust(log, policy).standard_error < inverse_propensity(log, policy).standard_error
    )


def test_a_policy_may_differ_from_person_to_person() -> None:
    log = live(4, steady(0.2, 0.1, 0.3), Bounds(), days=20).log
    alike = np.tile([0.2, 0.3, 0.5], (len(log.arm), 1))
    for estimate in ESTIMATES:
        assert estimate(log, alike) == estimate(log, (0.2, 0.3, 0.5))


def test_a_log_with_a_chance_of_nothing_is_refused() -> None:
    none = np.zeros(1, dtype=np.int64)
    with pytest.raises(WinbackError, match="bandit log: an arm was dealt with a chance of 0"):
        Log(none, np.ones(1), np.zeros(1), none, 2)


# Hillstrom, the MineThatData e-mail challenge of 2008: 64,000 customers dealt evenly to three arms,
# and how many of each visited and bought within two weeks. Who they were is nothing to a bandit,
# so the counts are the whole log but for its order.
HILLSTROM = {
    "mens": (21_307, {"visit": 3_894, "conversion": 267}),
    "nothing": (21_306, {"visit": 2_262, "conversion": 122}),
    "womens": (21_387, {"visit": 3_238, "conversion": 189}),
}
A_BATCH = 2_000


def replayed(outcome: str, seed: int) -> Log:
    """The log of a bandit that saw these people in a random order. Where it chooses the arm that a
    person had, that person counts; whoever had another arm is passed over."""
    rng, bounds = np.random.default_rng(seed), Bounds()
    had = np.repeat(np.arange(3), [n for n, _ in HILLSTROM.values()])
    came = np.concatenate(
        [np.arange(n) < counts[outcome] for n, counts in HILLSTROM.values()]
    ).astype(np.float64)
    order = rng.permutation(len(had))
    had, came = had[order], came[order]
    seen: list[list[Day]] = [[], [], []]
    kept: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]] = []
    for batch, start in enumerate(range(0, len(had), A_BATCH)):
        rows = slice(start, start + A_BATCH)
        arms = [
            Evidence(name, [Day(batch - then, n, k) for then, n, k in days])
            for name, days in zip(HILLSTROM, seen, strict=True)
        ]
        move = next_move(arms, bounds, name="hillstrom")
        chances = np.array([it.propensity for it in move.arms])
        n_people = len(had[rows])
        chosen = np.searchsorted(np.cumsum(chances), rng.random(n_people), side="right")
        is_kept = chosen == had[rows]
        arm, result = had[rows][is_kept], came[rows][is_kept]
        for n in range(3):
            seen[n].append(Day(batch, int((arm == n).sum()), int(result[arm == n].sum())))
        kept.append((arm, result, chances[arm], np.full(len(arm), batch)))
    arm, result, chance, batches = (np.concatenate(it) for it in zip(*kept, strict=True))
    return Log(arm, result, chance, batches, 3)


@pytest.mark.parametrize("outcome", ["visit", "conversion"])
def test_hillstrom_s_arms_replayed_give_the_published_differences(outcome: str) -> None:
    """Over forty orders of the people, each fixed policy's gain over sending nothing."""
    published = {name: counts[outcome] / n for name, (n, counts) in HILLSTROM.items()}
    names = list(HILLSTROM)
    within = []
    for seed in range(40):
        log = replayed(outcome, seed)
        for estimate in ESTIMATES:
            found = {name: estimate(log, np.eye(3)[n]) for n, name in enumerate(names)}
            for name in ("mens", "womens"):
                error = np.hypot(found[name].standard_error, found["nothing"].standard_error)
                gain = found[name].value - found["nothing"].value
                truth = published[name] - published["nothing"]
                within.append(abs(gain - truth) <= 1.96 * error)
    assert np.mean(within) >= 0.93


def test_hillstrom_s_best_arm_is_found() -> None:
    log = replayed("visit", 1)
    late = log.arm[log.batch > 16]
    assert np.mean(late == 0) > 0.6
