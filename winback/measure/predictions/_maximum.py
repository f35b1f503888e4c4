"""The parameters, all above zero, that make what was seen most likely."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

Floats = npt.NDArray[np.float64]
# A parameter beyond these says that the data has no most likely model: it runs off for good.
_LEAST, _MOST = 1e-5, 1e5


def total(weights: Floats, values: Floats) -> float:
    """The sum of values by weights. Not by `@`: its threads cost ten times what they save here."""
    return float((weights * values).sum())


class Point(NamedTuple):
    """A log-likelihood and its gradient."""

    value: float
    gradient: Floats


class Maximum(NamedTuple):
    """Where the likelihood is largest."""

    parameters: tuple[float, ...]
    log_likelihood: float


def largest_likelihood(likelihood: Callable[[Floats], Point], count: int) -> Maximum | None:
    """The maximum over `count` parameters, from all of them 1; None where there is none inside."""

    def loss(logs: Floats) -> tuple[float, Floats]:
        parameters = np.exp(logs)
        value, gradient = likelihood(parameters)
        return -value / scale, -gradient * parameters / scale

    scale = max(abs(likelihood(np.ones(count)).value), 1.0)
    bounds = [(np.log(_LEAST), np.log(_MOST))] * count
    options = {"ftol": 1e-14, "gtol": 1e-9, "maxiter": 500}
    found = minimize(
        loss, np.zeros(count), jac=True, method="L-BFGS-B", bounds=bounds, options=options
    )
    parameters = np.exp(found.x)
    inside = np.all((parameters > 2 * _LEAST) & (parameters < _MOST / 2))
    if not (np.isfinite(found.fun) and inside):
        return None
    return Maximum(tuple(float(it) for it in parameters), float(-found.fun * scale))
