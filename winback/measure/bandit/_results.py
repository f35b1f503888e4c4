"""What deciding added at each step, and what each arm alone would have brought: a row a policy."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from winback.measure.bandit._estimates import (
    Log,
    doubly_robust,
    inverse_propensity,
    self_normalized,
)
from winback.measure.bandit._gain import Returns, gain
from winback.measure.statistics import Plan, frame_of, records

if TYPE_CHECKING:
    import pandas as pd

# The policy that was followed, beside one for each arm dealt to everybody.
LEARNED: Final = "learned"


@dataclass(frozen=True)
class Result:
    """A policy of a step: of `learned` the gain over the random control, of an arm the mean
    response a customer had everybody been dealt it, of those who could be dealt each arm. Only
    closed windows count."""

    playbook_id: str
    step: int
    policy: str
    n_bandit: int | None = None
    n_random: int | None = None
    rate_bandit: float | None = None
    rate_random: float | None = None
    gain: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p_value: float | None = None
    sequential_ci_low: float | None = None
    sequential_ci_high: float | None = None
    srm_p_value: float | None = None
    verdict: str | None = None
    customers: int | None = None
    ips_rate: float | None = None
    ips_se: float | None = None
    snips_rate: float | None = None
    snips_se: float | None = None
    dr_rate: float | None = None
    dr_se: float | None = None


def results_frame(outcomes: pd.DataFrame, shares: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """A row a policy of each step that was dealt: `outcomes` has a row a choice, `shares` the part
    of the random control of each step."""
    found: list[Result] = []
    for row in records(shares.sort_values(["playbook_id", "step"])):
        playbook_id, step = str(row["playbook_id"]), int(row["step"])
        of_step = (outcomes["playbook_id"] == playbook_id) & (outcomes["step"] == step)
        people = outcomes[of_step]
        share = float(row["random_control_share"])
        found.append(_learned(playbook_id, step, people, share, plan))
        found += _arms(playbook_id, step, people[people["is_mature"] & people["is_comparable"]])
    return frame_of(found, Result)


def _learned(playbook_id: str, step: int, people: pd.DataFrame, share: float, plan: Plan) -> Result:
    groups = {dealer: people[people["dealt_by"] == dealer] for dealer in ("bandit", "random")}
    over = {dealer: group[group["is_mature"]] for dealer, group in groups.items()}
    returns = {
        dealer: Returns(len(group), int(group["has_responded"].sum()))
        for dealer, group in over.items()
    }
    found = gain(
        returns["bandit"],
        returns["random"],
        plan,
        assigned=(len(groups["bandit"]), len(groups["random"])),
        random_control_share=share,
    )
    n_bandit, n_random = returns["bandit"].n, returns["random"].n
    if found is None:
        return Result(playbook_id, step, LEARNED, n_bandit, n_random, verdict="not yet decidable")
    return Result(
        playbook_id,
        step,
        LEARNED,
        n_bandit,
        n_random,
        found.rate_bandit,
        found.rate_random,
        found.estimate,
        found.ci_low,
        found.ci_high,
        found.p_value,
        found.sequential_ci_low,
        found.sequential_ci_high,
        found.srm_p_value,
        found.verdict,
        customers=n_bandit + n_random,
    )


def _arms(playbook_id: str, step: int, people: pd.DataFrame) -> Iterator[Result]:
    """What each arm would have brought. The order of rows is total, so that sums are the same."""
    if not len(people):
        return
    people = people.sort_values(["chosen_on", "enrollment_id"])
    names = sorted(people["arm"].unique())
    days = sorted(people["chosen_on"].unique())
    log = Log(
        arm=np.searchsorted(np.array(names, dtype=object), people["arm"].to_numpy(dtype=object)),
        outcome=people["has_responded"].to_numpy(dtype=np.float64),
        propensity=people["propensity"].to_numpy(dtype=np.float64),
        batch=people["chosen_on"].map({day: n for n, day in enumerate(days)}).to_numpy(np.int64),
        n_arms=len(names),
    )
    for number, name in enumerate(names):
        policy = np.eye(len(names))[number]
        ips, snips, dr = (
            estimate(log, policy)
            for estimate in (inverse_propensity, self_normalized, doubly_robust)
        )
        numbers = (ips.value, ips.standard_error, snips.value, snips.standard_error)
        ips_rate, ips_se, snips_rate, snips_se, dr_rate, dr_se = (
            it if math.isfinite(it) else None for it in (*numbers, dr.value, dr.standard_error)
        )
        yield Result(
            playbook_id, step, name, customers=len(people),
            ips_rate=ips_rate, ips_se=ips_se, snips_rate=snips_rate, snips_se=snips_se,
            dr_rate=dr_rate, dr_se=dr_se,
        )  # fmt: skip
