"""What an order of a customer is worth: the Gamma-Gamma model of spend.

Fader, Hardie, Lee, RFM and CLV: using iso-value curves for customer base analysis, Journal of
Marketing Research 42 (2005). Orders vary about a customer's own mean, and the means over the shop,
so that the mean of few orders is drawn to the shop's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import digamma, gammaln

from winback.measure.predictions._maximum import Point, largest_likelihood, total

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SpendCounts:
    """Customers with as many `repeats`, worth `mean_cents` on average, which is above 0."""

    repeats: Floats
    mean_cents: Floats
    customers: Floats


@dataclass(frozen=True)
class SpendModel:
    """The parameters, gamma in cents, and the log-likelihood of what they were fitted to."""

    p: float
    q: float
    gamma: float
    log_likelihood: float


def fit_spend(counts: SpendCounts) -> SpendModel | None:
    """The most likely model; None where there is none, or its mean has no end (q at most 1)."""
    customers = float(counts.customers.sum())
    if customers == 0:
        return None
    # About 1, whatever the currency is worth.
    unit = total(counts.customers, counts.mean_cents) / customers
    x, z, n = counts.repeats, counts.mean_cents / unit, counts.customers
    spent = x * z

    def likelihood(parameters: Floats) -> Point:
        p, q, gamma = parameters
        spread = np.log(gamma + spent)
        value = gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(gamma)
        value += (p * x - 1) * np.log(z) + p * x * np.log(x) - (p * x + q) * spread
        both = digamma(p * x + q)
        in_p = x * (both - digamma(p * x) + np.log(spent) - spread)
        in_q = both - digamma(q) + np.log(gamma) - spread
        in_gamma = q / gamma - (p * x + q) / (gamma + spent)
        return Point(total(n, value), np.array([total(n, it) for it in (in_p, in_q, in_gamma)]))

    found = largest_likelihood(likelihood, 3)
    if found is None:
        return None
    p, q, gamma = found.parameters
    # A density per unit becomes one per cent.
    in_cents = found.log_likelihood - customers * float(np.log(unit))
    return SpendModel(p, q, gamma * unit, in_cents) if q > 1 else None
