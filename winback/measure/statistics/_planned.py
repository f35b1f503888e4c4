"""Planned tests: what each look at a playbook's test says, and whose verdict counts.

A plan is written when a test starts, and says how many customers it takes, how often it is looked
at, and which difference matters. A look falls when as many people as it asks for have had their
whole window. So what a look says follows from the people, and not from the days on which somebody
looked: a warehouse that is built anew makes the same looks.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from winback.measure.statistics._frames import frame_of, records
from winback.measure.statistics._looks import look_bounds
from winback.measure.statistics._paired import Adjusted, Paired, adjusted_difference
from winback.measure.statistics._plan import UNDECIDED, Verdict, is_enough, judge
from winback.measure.statistics._statistics import Interval, proportion_difference

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Look:
    """One row of experiment_looks. `bound` is in standard errors; the interval holds of all looks
    of the plan together. Once a look has decided, the later ones keep its verdict and its time."""

    plan_id: str
    playbook_id: str
    window_days: int
    look: int
    looked_at: datetime
    n_treatment: int
    n_control: int
    rate_treatment: float
    rate_control: float
    estimate: float
    standard_error: float
    is_adjusted: bool
    bound: float
    ci_low: float
    ci_high: float
    verdict: Verdict
    decided_at: datetime | None


def judge_looks(looks: Iterable[Mapping[str, Any]]) -> Iterator[Look]:
    """The looks of each plan, from sums: in their order, with the verdict since.

    `looks` has a row per plan and look: `plan_id`, `playbook_id`, `window_days`, `look`,
    `looked_at`, the sums `n_treatment`, `n_control`, `reactivated_treatment` and
    `reactivated_control`, those of the index (`index_treatment` and so on, missing without one),
    and of the plan `customers`, `alpha`, `smallest_effect`, `min_customers_per_arm` and
    `min_expected_reactivations`.
    """

    def of_a_plan(row: Mapping[str, Any]) -> str:
        return str(row["plan_id"])

    for _, group in groupby(sorted(looks, key=lambda it: (of_a_plan(it), it["look"])), of_a_plan):
        rows = list(group)
        information = tuple(float(row["n_treatment"] + row["n_control"]) for row in rows)
        plan = rows[0]
        bounds = look_bounds(information, float(plan["customers"]), alpha=float(plan["alpha"]))
        verdict: Verdict = UNDECIDED
        decided_at: datetime | None = None
        for row, bound in zip(rows, bounds, strict=True):
            look = _look(row, bound)
            if verdict == UNDECIDED and look.verdict != UNDECIDED:
                verdict, decided_at = look.verdict, look.looked_at
            yield Look(**vars(look) | {"verdict": verdict, "decided_at": decided_at})


def _look(row: Mapping[str, Any], bound: float) -> Look:
    """One look by itself."""
    sizes = int(row["n_treatment"]), int(row["n_control"])
    back = int(row["reactivated_treatment"]), int(row["reactivated_control"])
    adjusted = _adjusted(row)
    plain = proportion_difference(back, sizes, alpha=float(row["alpha"]))
    difference = adjusted.difference if adjusted else plain
    estimate, error = difference.estimate, difference.standard_error
    interval = Interval(max(-1.0, estimate - bound * error), min(1.0, estimate + bound * error))
    enough = is_enough(
        sum(back),
        sizes,
        least=float(row["min_customers_per_arm"]),
        least_expected=float(row["min_expected_reactivations"]),
    )
    return Look(
        plan_id=str(row["plan_id"]),
        playbook_id=str(row["playbook_id"]),
        window_days=int(row["window_days"]),
        look=int(row["look"]),
        looked_at=row["looked_at"],
        n_treatment=sizes[0],
        n_control=sizes[1],
        rate_treatment=back[0] / sizes[0],
        rate_control=back[1] / sizes[1],
        estimate=estimate,
        standard_error=error,
        is_adjusted=adjusted is not None,
        bound=bound,
        ci_low=interval.low,
        ci_high=interval.high,
        verdict=judge(interval, float(row["smallest_effect"])) if enough else UNDECIDED,
        decided_at=None,
    )


def _adjusted(row: Mapping[str, Any]) -> Adjusted | None:
    """With the index of before the entry, where there is one and both groups are large enough for
    slopes; as in every other comparison."""
    groups = []
    for arm in ("treatment", "control"):
        index = row.get(f"index_{arm}")
        n, back = int(row[f"n_{arm}"]), int(row[f"reactivated_{arm}"])
        if index is None or math.isnan(index) or n < int(row["min_customers_per_arm"]):
            return None
        squares, products = (
            float(row[f"{name}_{arm}"]) for name in ("index_squared", "index_reactivated")
        )
        groups.append(Paired(n, back, back, float(index), squares, products))
    return adjusted_difference(groups[0], groups[1], alpha=float(row["alpha"]))


@dataclass(frozen=True)
class Settled:
    """What the plans of a playbook's window say: the latest of their verdicts, and since when.

    People of `plans` count in these looks alone; a verdict of before is by the others.
    """

    plans: frozenset[str]
    verdict: Verdict
    decided_at: datetime | None


def settled_by_window(
    plans: Iterable[Mapping[str, Any]], looks: Iterable[Mapping[str, Any]]
) -> dict[tuple[str, int], Settled]:
    """By playbook and window, from a row a plan and a row a judged look."""
    found: dict[tuple[str, int], Settled] = {}
    for row in plans:
        key = str(row["playbook_id"]), int(row["window_days"])
        ids = found[key].plans if key in found else frozenset()
        found[key] = Settled(ids | {str(row["plan_id"])}, UNDECIDED, None)
    decided = (row for row in looks if row["verdict"] != UNDECIDED)
    for row in sorted(decided, key=lambda it: it["decided_at"]):
        key = str(row["playbook_id"]), int(row["window_days"])
        found[key] = Settled(found[key].plans, row["verdict"], row["decided_at"])
    return found


def looks_frame(looks: pd.DataFrame) -> pd.DataFrame:
    """The judged looks of a frame as a frame."""
    return frame_of(judge_looks(records(looks)), Look)
