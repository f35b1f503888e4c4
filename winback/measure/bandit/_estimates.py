"""What another policy would have brought, estimated from the log of who was dealt what by chance.

A log keeps of each person the arm, the outcome and the chance of that arm. Whoever would have been
dealt it more often by the other policy counts for more. The chances may have depended on what came
before: the estimates stay right as long as they were written down before the outcome.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from winback.base.errors import WinbackError
from winback.measure.bandit._exact import Floats


@dataclass(frozen=True)
class Log:
    """One row a person, in the order in which they were dealt: the arm by its number from 0, the
    outcome, and the chance with which that arm was dealt to them. `batch` counts from 0: people of
    a batch were dealt before the outcome of any of them was known."""

    arm: NDArray[np.int64]
    outcome: Floats
    propensity: Floats
    batch: NDArray[np.int64]
    n_arms: int

    def __post_init__(self) -> None:
        if len(self.arm) and not np.all(self.propensity > 0.0):
            raise WinbackError(
                "bandit log: an arm was dealt with a chance of 0 or less; "
                "compare bandit_choices with bandit_moves"
            )


@dataclass(frozen=True)
class Estimate:
    """The mean outcome a person under a policy, and its standard error."""

    value: float
    standard_error: float


Policy = Sequence[float] | Floats


def _weights(log: Log, policy: Policy) -> Floats:
    """How many times as often the policy deals each row's arm; `policy` is a chance an arm, or a
    row of them a person."""
    wanted = np.asarray(policy, dtype=np.float64)
    chances = wanted[log.arm] if wanted.ndim == 1 else wanted[np.arange(len(log.arm)), log.arm]
    return np.asarray(chances / log.propensity, dtype=np.float64)


def _mean(scores: Floats) -> Estimate:
    n = len(scores)
    if n < 2:
        return Estimate(float(np.mean(scores)) if n else math.nan, math.nan)
    return Estimate(float(np.mean(scores)), float(np.std(scores, ddof=1)) / math.sqrt(n))


def inverse_propensity(log: Log, policy: Policy) -> Estimate:
    """IPS: unbiased, and noisy where the policy deals what was seldom dealt."""
    return _mean(_weights(log, policy) * log.outcome)


def self_normalized(log: Log, policy: Policy) -> Estimate:
    """SNIPS: divided by the weights that came out, not by the number of people; a little biased in
    a small log, and never outside what the outcomes can be."""
    weights = _weights(log, policy)
    whole = float(np.sum(weights))
    if not whole:
        return Estimate(math.nan, math.nan)
    value = float(np.sum(weights * log.outcome)) / whole
    residuals = weights * (log.outcome - value)
    return Estimate(value, float(np.sqrt(np.sum(residuals * residuals))) / whole)


def doubly_robust(log: Log, policy: Policy) -> Estimate:
    """DR: what each arm brought before, corrected by the weighted error of that guess.

    It is right if the chances are, whatever the guess; a good guess makes it less noisy.
    """
    guesses = means_before(log)
    wanted = np.broadcast_to(np.asarray(policy, dtype=np.float64), guesses.shape)
    own = guesses[np.arange(len(log.arm)), log.arm]
    corrections = _weights(log, policy) * (log.outcome - own)
    return _mean(np.sum(wanted * guesses, axis=1) + corrections)


def means_before(log: Log) -> Floats:
    """For each row and arm the arm's mean outcome in earlier batches; of all arms where it had
    nobody, and 0 before the first outcome."""
    n_batches = int(log.batch.max()) + 1 if len(log.batch) else 0
    counts = np.zeros((n_batches + 1, log.n_arms))
    sums = np.zeros((n_batches + 1, log.n_arms))
    np.add.at(counts, (log.batch + 1, log.arm), 1.0)
    np.add.at(sums, (log.batch + 1, log.arm), log.outcome)
    counts, sums = np.cumsum(counts, axis=0), np.cumsum(sums, axis=0)
    everybody = counts.sum(axis=1, keepdims=True)
    pooled = np.divide(
        sums.sum(axis=1, keepdims=True), everybody, out=np.zeros_like(everybody),
        where=everybody > 0,
    )  # fmt: skip
    pooled = np.broadcast_to(pooled, counts.shape).copy()
    means = np.divide(sums, counts, out=pooled, where=counts > 0)
    return np.asarray(means[log.batch], dtype=np.float64)
