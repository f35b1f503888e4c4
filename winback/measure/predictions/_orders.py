"""How often customers order and whether they still do: the MBG/NBD model of repeat orders.

Batislam, Denizel, Filiztekin, Empirical validation and comparison of models for customer base
analysis, International Journal of Research in Marketing 24 (2007). A customer orders at random at
a rate that is Gamma(r, alpha) over the shop, and after each order, the first one too, may leave for
good with a chance that is Beta(a, b). BG/NBD, which most libraries offer, lets nobody leave before
a second order, and so calls each one-time buyer alive for sure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import digamma, expit, gammaln, hyp2f1

from winback.measure.predictions._maximum import Point, largest_likelihood, total

Floats = npt.NDArray[np.float64]
# The formula of expected orders divides by a - 1, and is smooth there.
_NEAR_ONE = 1e-6


@dataclass(frozen=True)
class OrderCounts:
    """Customers with the same history, times in weeks: `repeats` orders on days after the first
    order's, the last of them after `last_week` of the `weeks` since the first."""

    repeats: Floats
    last_week: Floats
    weeks: Floats
    customers: Floats


@dataclass(frozen=True)
class OrderModel:
    """The parameters, alpha in weeks, and the log-likelihood of what they were fitted to."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float


def fit_orders(counts: OrderCounts) -> OrderModel | None:
    """The most likely model, or None where nothing is most likely (too few ever came again)."""
    if not counts.repeats.any():
        return None
    found = largest_likelihood(_Likelihood(counts), 4)
    if found is None:
        return None
    r, alpha, a, b = found.parameters
    return OrderModel(r, alpha, a, b, found.log_likelihood)


def orders_if_active(model: OrderModel, repeats: Floats, weeks: Floats, horizon: float) -> Floats:
    """Orders to expect in the `horizon` weeks to come of who has not left, by their history.

    Times the chance of being active it is what to expect of a customer. It hangs on no time of
    the last order, so that few values serve a whole shop.
    """
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    if abs(a - 1) < _NEAR_ONE:
        a = 1 + _NEAR_ONE
    shape = r + repeats
    share = horizon / (alpha + weeks + horizon)
    tail = hyp2f1(shape, b + repeats + 1, a + b + repeats, share)
    kept = ((alpha + weeks) / (alpha + weeks + horizon)) ** shape * tail
    expected: Floats = (a + b + repeats) / (a - 1) * (1 - kept)
    return expected


class _Likelihood:
    """Log-likelihood and gradient. Gamma functions are reckoned once for each number of orders."""

    def __init__(self, counts: OrderCounts) -> None:
        self._last, self._weeks, self._customers = counts.last_week, counts.weeks, counts.customers
        self._numbers, self._number = np.unique(counts.repeats, return_inverse=True)
        self._repeats = counts.repeats
        self._by_number: Floats = np.bincount(self._number, weights=counts.customers).astype(float)

    def __call__(self, parameters: Floats) -> Point:
        r, alpha, a, b = parameters
        n, x, times, customers = self._numbers, self._repeats, self._by_number, self._customers
        now, last = alpha + self._weeks, alpha + self._last
        to_now = np.log(now)
        since_last = to_now - np.log(last)
        # How much likelier it is that a customer left after the last order than that they stay.
        left = np.take(np.log(a) - np.log(b + n), self._number) + (r + x) * since_last
        by_number = gammaln(r + n) - gammaln(r) + r * np.log(alpha)
        by_number += gammaln(a + b) + gammaln(b + n + 1) - gammaln(b) - gammaln(a + b + n + 1)
        by_group = np.logaddexp(0, left) - (r + x) * to_now
        value = total(times, by_number) + total(customers, by_group)

        weight = customers * expit(left)
        by_left = np.bincount(self._number, weights=weight, minlength=len(n))
        both = digamma(a + b) - digamma(a + b + n + 1)
        in_r = total(weight, since_last) - total(customers, to_now)
        in_alpha = (weight * ((r + x) / now - (r + x) / last) - customers * (r + x) / now).sum()
        gradient = np.array(
            [
                total(times, digamma(r + n) - digamma(r) + np.log(alpha)) + in_r,
                times.sum() * r / alpha + in_alpha,
                total(times, both) + weight.sum() / a,
                total(times, both + digamma(b + n + 1) - digamma(b)) - (by_left / (b + n)).sum(),
            ]
        )
        return Point(value, gradient)
