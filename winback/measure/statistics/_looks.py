"""Planned looks: how far an estimate must lie from zero, if a test is looked at a few times.

A test that is looked at often would find a difference by chance more often than once. Here the
error that it may make is spent look by look (Lan and DeMets 1983), little of it early (O'Brien and
Fleming 1979), so that the last look asks for hardly more than a test that is looked at once.

Between two looks the sum of what customers do wanders as a Brownian motion whose time is the
information. Whether it has left the bounds follows look by look from where it may be if it has
not (Armitage, McPherson and Rowe 1969).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

# Beyond so many standard deviations nothing is left that counts.
_REACH: Final = 9.0
# No look asks for more than this many standard errors: what it may spend is below 1e-300.
_FARTHEST: Final = 37.0
# Nodes for each width of a step: errors stay below 1e-9, down to looks 1/10,000 apart.
_NODES_PER_STEP: Final = 4.0
_FEWEST_NODES: Final = 32
_MOST_NODES: Final = 2048


def error_spent(share: float, *, alpha: float) -> float:
    """What a side may have erred by when `share` of the planned information is there.

    Of `alpha`, which is of both sides: half of it once `share` is 1, and never more.
    """
    from scipy import stats

    if share <= 0:
        return 0.0
    deviate = stats.norm.isf(alpha / 4)
    return float(2 * stats.norm.sf(deviate / math.sqrt(min(1.0, share))))


@lru_cache(maxsize=4096)
def look_bounds(
    information: tuple[float, ...], planned: float, *, alpha: float
) -> tuple[float, ...]:
    """At each look the standard errors by which an estimate must lie off zero, to either side.

    `information` grows from look to look, in any unit, such as customers; `planned` is the one of
    the last look, set before the first. Looks may fall anywhere. After the planned information
    nothing is left to spend: the bound is infinite. `alpha` is the error of all looks and of both
    sides.

    Raises ValueError where a look has no more information than the one before.
    """
    from scipy import optimize

    walk = _Walk(information)
    found: list[float] = []
    spent = 0.0
    for look, at in enumerate(information):
        to_spend = error_spent(at / planned, alpha=alpha) - spent

        def too_much(bound: float, look: int = look, to_spend: float = to_spend) -> float:
            return walk.leaves_above(look, bound) - to_spend

        bound = math.inf
        if to_spend > 0 and too_much(_FARTHEST) < 0:
            bound = float(optimize.brentq(too_much, 0.0, _FARTHEST, xtol=1e-10))
        found.append(bound)
        walk.stays_within(look, bound)
        spent += to_spend
    return tuple(found)


@dataclass(frozen=True)
class Crossing:
    """At each look: how likely the estimate first lies above its bound there, or below it."""

    above: tuple[float, ...]
    below: tuple[float, ...]


def crossing(information: Sequence[float], bounds: Sequence[float], *, drift: float) -> Crossing:
    """How likely each look is the one that decides, for an effect of `drift`.

    `drift` is the effect by the standard error that one unit of information leaves: so that
    the estimate lies `drift * sqrt(information)` standard errors off zero, on average.
    """
    walk = _Walk(information, drift)
    above, below = [], []
    for look, bound in enumerate(bounds):
        above.append(walk.leaves_above(look, bound))
        below.append(walk.leaves_below(look, bound))
        walk.stays_within(look, bound)
    return Crossing(tuple(above), tuple(below))


@cache
def drift_needed(looks: int, *, alpha: float, power: float) -> float:
    """The effect that `looks` even looks find with `power`, in standard errors of the last one."""
    from scipy import optimize

    information = tuple((look + 1) / looks for look in range(looks))
    bounds = look_bounds(information, 1.0, alpha=alpha)

    def missing(drift: float) -> float:
        return sum(crossing(information, bounds, drift=drift).above) - power

    return float(optimize.brentq(missing, 0.0, 20.0, xtol=1e-8))


class _Walk:
    """The Brownian motion of a test, as far as it stayed within the bounds of all looks before.

    `nodes` are places where it may be at the last look, `mass` how likely it is about each.
    """

    def __init__(self, information: Sequence[float], drift: float = 0.0) -> None:
        import numpy as np

        self._at = [0.0, *(float(at) for at in information)]
        self._steps = [later - at for at, later in zip(self._at, self._at[1:], strict=False)]
        if any(step <= 0 for step in self._steps):
            raise ValueError("a look must have more information than the one before")
        self._drift = drift
        self._nodes: Numbers = np.zeros(1)
        self._mass: Numbers = np.ones(1)

    def leaves_above(self, look: int, bound: float) -> float:
        return self._leaves(look, bound, 1.0)

    def leaves_below(self, look: int, bound: float) -> float:
        return self._leaves(look, bound, -1.0)

    def _leaves(self, look: int, bound: float, side: float) -> float:
        from scipy import special

        step = self._steps[look]
        edge = bound * math.sqrt(self._at[look + 1])
        missing = edge - side * (self._nodes + self._drift * step)
        return float(self._mass @ special.ndtr(-missing / math.sqrt(step)))

    def stays_within(self, look: int, bound: float) -> None:
        """Go on to the look, as far as it is within its bound."""
        import numpy as np

        at, step = self._at[look + 1], self._steps[look]
        middle, reach = self._drift * at, _REACH * math.sqrt(at)
        edge = bound * math.sqrt(at)
        low, high = max(-edge, middle - reach), min(edge, middle + reach)
        if high <= low:
            self._nodes, self._mass = np.zeros(1), np.zeros(1)
            return
        nodes, weights = _nodes_between(low, high, math.sqrt(min(self._steps[look : look + 2])))
        width = math.sqrt(step)
        deviates = (nodes[:, None] - self._nodes[None, :] - self._drift * step) / width
        density = np.exp(-0.5 * deviates**2) @ self._mass / (width * math.sqrt(2 * math.pi))
        self._nodes, self._mass = nodes, weights * density


def _nodes_between(low: float, high: float, width: float) -> tuple[Numbers, Numbers]:
    """Gauss and Legendre's nodes and weights, close enough for what varies over `width`."""
    wanted = _FEWEST_NODES + _NODES_PER_STEP * (high - low) / width
    places, weights = _legendre(min(_MOST_NODES, 16 * math.ceil(wanted / 16)))
    half = (high - low) / 2
    return low + half * (places + 1), half * weights


@cache
def _legendre(count: int) -> tuple[Numbers, Numbers]:
    from scipy import special

    places, weights = special.roots_legendre(count)
    return places, weights
