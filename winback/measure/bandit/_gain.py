"""What deciding adds: those whom the bandit dealt to, against those whom chance dealt to.

Both groups are written to by the same rules, so their difference is the choice of the arm alone.
What sending adds is another question, which the holdout answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from winback.measure.statistics import (
    Interval,
    Plan,
    Verdict,
    confidence_sequence,
    is_enough,
    proportion_difference,
    sample_ratio_p_value,
    verdict_of,
)


class Returns(NamedTuple):
    """A group of those whose window is over: how many, and how many came back within it."""

    n: int
    responded: int


@dataclass(frozen=True)
class Gain:
    """The bandit's return rate less that of the random control, as an absolute difference; the
    verdict is by the always-valid interval, and withheld where the groups are not as dealt."""

    n_bandit: int
    n_random: int
    rate_bandit: float
    rate_random: float
    estimate: float
    ci_low: float | None
    ci_high: float | None
    p_value: float | None
    sequential_ci_low: float
    sequential_ci_high: float
    srm_p_value: float | None
    verdict: Verdict


def gain(
    bandit: Returns,
    random: Returns,
    plan: Plan,
    *,
    assigned: tuple[int, int],
    random_control_share: float,
) -> Gain | None:
    """Compare the two groups; None while a group has nobody whose window is over.

    `assigned`: everybody of the two groups, also with an open window, for the sample-ratio check
    against the share of the random control.
    """
    if not bandit.n or not random.n:
        return None
    everybody = sum(assigned)
    shares = (1.0 - random_control_share, random_control_share)
    srm_p_value = sample_ratio_p_value(assigned, [everybody * share for share in shares])
    responded, sizes = (bandit.responded, random.responded), (bandit.n, random.n)
    found = proportion_difference(responded, sizes, alpha=plan.alpha)
    sequence: Interval = confidence_sequence(
        found, n=sum(sizes), tuned_for=plan.sequential_tuning_customers, alpha=plan.alpha
    )
    return Gain(
        n_bandit=bandit.n,
        n_random=random.n,
        rate_bandit=bandit.responded / bandit.n,
        rate_random=random.responded / random.n,
        estimate=found.estimate,
        ci_low=found.interval.low if found.interval else None,
        ci_high=found.interval.high if found.interval else None,
        p_value=found.p_value,
        sequential_ci_low=sequence.low,
        sequential_ci_high=sequence.high,
        srm_p_value=srm_p_value,
        verdict=verdict_of(
            sequence,
            "reactivation",
            plan,
            is_as_dealt=srm_p_value is None or srm_p_value >= plan.srm_threshold,
            is_enough=is_enough(
                sum(responded),
                sizes,
                least=plan.min_customers_per_arm,
                least_expected=plan.min_expected_reactivations,
            ),
            is_best_by_chance=False,
        ),
    )
