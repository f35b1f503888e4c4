"""Shops with known return rates, in which a bandit deals a step's arms day by day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from winback.measure.bandit import Bounds, Day, Evidence, Log, Move, next_move

Rates = Callable[[int], NDArray[np.float64]]


@dataclass(frozen=True)
class Lived:
    """What happened: a row a person, whether the random control dealt to them, the moves of each
    day, and what each arm's true worth was on that day (a row a day)."""

    log: Log
    is_control: NDArray[np.bool_]
    moves: list[Move]
    true_rates: NDArray[np.float64]

    def regret(self, *, of_control: bool | None = None) -> float:
        """Returns given away against the best arm of each day, by the true rates; of all, or of
        those whom the bandit alone dealt to."""
        rows = slice(None) if of_control is None else self.is_control == of_control
        day, arm = self.log.batch[rows], self.log.arm[rows]
        return float(np.sum(self.true_rates.max(axis=1)[day] - self.true_rates[day, arm]))

    def even_regret(self) -> float:
        """The same if everybody had been dealt evenly."""
        of_day = self.true_rates.max(axis=1) - self.true_rates.mean(axis=1)
        return float(np.sum(of_day[self.log.batch]))


def live(
    seed: int,
    rates: Rates,
    bounds: Bounds,
    *,
    arms: tuple[str, ...] = ("arrivals", "nothing", "offer"),
    days: int = 60,
    a_day: int = 100,
) -> Lived:
    """Deal `a_day` people on each day and see on the next who came back."""
    rng = np.random.default_rng(seed)
    history: dict[str, list[Day]] = {arm: [] for arm in arms}
    rows: list[tuple[NDArray[np.int64], ...]] = []
    outcomes, chances, controls, moves, true = [], [], [], [], []
    for day in range(days):
        aged = {
            arm: [Day(day - then, n, k) for then, n, k in seen] for arm, seen in history.items()
        }
        move = next_move([Evidence(arm, aged[arm]) for arm in arms], bounds, name="step")
        own = np.array([it.propensity for it in move.arms])
        is_control = rng.random(a_day) < bounds.random_control_share
        by_bandit = np.searchsorted(np.cumsum(own), rng.random(a_day), side="right")
        arm = np.where(is_control, rng.integers(len(arms), size=a_day), by_bandit)
        arm = np.minimum(arm, len(arms) - 1)
        came = rng.random(a_day) < rates(day)[arm]
        for n, name in enumerate(arms):
            dealt = arm == n
            history[name].append(Day(day, int(dealt.sum()), int(came[dealt].sum())))
        dealt_by = np.array(
            [move.chance(name, random_control_share=bounds.random_control_share) for name in arms]
        )
        rows.append((arm, np.full(a_day, day)))
        outcomes.append(came.astype(np.float64))
        chances.append(dealt_by[arm])
        controls.append(is_control)
        moves.append(move)
        true.append(rates(day))
    log = Log(
        arm=np.concatenate([it[0] for it in rows]),
        outcome=np.concatenate(outcomes),
        propensity=np.concatenate(chances),
        batch=np.concatenate([it[1] for it in rows]),
        n_arms=len(arms),
    )
    return Lived(log, np.concatenate(controls), moves, np.array(true))


def steady(*rates: float) -> Rates:
    """The same rates on every day."""
    return lambda _: np.array(rates)


def turning(before: tuple[float, ...], after: tuple[float, ...], on_day: int) -> Rates:
    """Rates that turn on a day, so that another arm is best from then on."""
    return lambda day: np.array(before if day < on_day else after)
