"""The shop's one number: the global holdout's, and the playbooks' own as one."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from winback.measure.statistics._comparison import AGAINST_HOLDOUT, verdict_of
from winback.measure.statistics._frames import frame_of, records
from winback.measure.statistics._plan import Plan, Verdict, is_enough
from winback.measure.statistics._pooling import pooled
from winback.measure.statistics._statistics import (
    Difference,
    Sample,
    confidence_sequence,
    sample_ratio_p_value,
)
from winback.measure.statistics._strata import Compared, compare_means, compare_shares

if TYPE_CHECKING:
    import pandas as pd

ShopMetric = Literal["reactivation", "revenue_per_customer", "value_per_customer"]
Method = Literal["global-holdout", "pooled-fixed", "pooled-random", "best-guess"]
Row = Mapping[str, Any]
# The sums of the people's cells that a metric of money is made of.
_SUMS: Final[dict[ShopMetric, str]] = {
    "revenue_per_customer": "net_revenue_cents",
    "value_per_customer": "value_cents",
}


@dataclass(frozen=True)
class ShopResult:
    """One estimate of what the messages cause for each customer picked for them.

    In shares of customers, or cents a customer. `playbook_id` is empty but for a best guess, which
    is a playbook's. The sequential interval, the sample ratio and the verdict are the global
    holdout's; `spread` is the share of the playbooks' differences that isn't chance.
    """

    method: Method
    playbook_id: str
    metric: ShopMetric
    window_days: int
    n_treatment: int
    n_control: int
    estimate: float
    standard_error: float
    ci_low: float | None
    ci_high: float | None
    sequential_ci_low: float | None = None
    sequential_ci_high: float | None = None
    srm_p_value: float | None = None
    verdict: Verdict | None = None
    playbooks: int | None = None
    spread: float | None = None


def shop_results(results: Iterable[Row], people: Iterable[Row], plan: Plan) -> Iterator[ShopResult]:
    """Every estimate from the playbooks' contrasts with their holdouts, and from the people.

    `results` has the columns of experiment_results, `people` a row per window, share of the global
    holdout and side of it, with sums. A playbook whose groups are not as planned is left out.
    """
    contrasts = defaultdict[tuple[ShopMetric, int], list[Row]](list)
    for row in results:
        is_usable = row["contrast"] == AGAINST_HOLDOUT and row["verdict"] != "withheld"
        if is_usable and row["metric"] in {"reactivation", *_SUMS}:
            contrasts[row["metric"], int(row["window_days"])].append(row)
    for (metric, window), rows in sorted(contrasts.items()):
        yield from _of_playbooks(metric, window, rows, plan)
    sides = defaultdict[int, dict[float, dict[bool, Row]]](lambda: defaultdict(dict))
    for row in people:
        share, is_alone = float(row["global_holdout_share"]), bool(row["is_left_alone"])
        sides[int(row["window_days"])][share][is_alone] = row
    for window, shares in sorted(sides.items()):
        # A share at which nobody is on one side says nothing of a difference.
        cells = [_Cell(share, it[False], it[True]) for share, it in shares.items() if len(it) == 2]
        if cells:
            yield from _of_people(window, cells, plan)


def _of_playbooks(
    metric: ShopMetric, window: int, rows: Sequence[Row], plan: Plan
) -> Iterator[ShopResult]:
    rows = [row for row in rows if row["standard_error"] > 0]
    differences = [
        Difference(float(row["estimate"]), None, None, float(row["standard_error"])) for row in rows
    ]
    found = pooled(differences, alpha=plan.alpha)
    if found is None:
        return
    n, held = (sum(int(row[it]) for row in rows) for it in ("n_treatment", "n_control"))
    methods: dict[Method, Difference] = {
        "pooled-fixed": found.fixed,
        "pooled-random": found.random,
    }
    for method, difference in methods.items():
        yield ShopResult(
            method,
            "",
            metric,
            window,
            n,
            held,
            difference.estimate,
            difference.standard_error,
            difference.interval.low if difference.interval else None,
            difference.interval.high if difference.interval else None,
            playbooks=len(rows),
            spread=found.i_squared if len(rows) > 1 else None,
        )
    for row, guess in zip(rows, found.shrunken, strict=True):
        yield ShopResult(
            "best-guess",
            str(row["playbook_id"]),
            metric,
            window,
            int(row["n_treatment"]),
            int(row["n_control"]),
            guess,
            float(row["standard_error"]),
            None,
            None,
            playbooks=len(rows),
        )


class _Cell(NamedTuple):
    """Those who entered at one share of the global holdout: written to, and left alone."""

    share: float
    others: Row
    alone: Row

    def total(self, name: str) -> int:
        return int(self.others[name]) + int(self.alone[name])


def _of_people(window: int, cells: Sequence[_Cell], plan: Plan) -> Iterator[ShopResult]:
    n = sum(int(it.others["people"]) for it in cells)
    held = sum(int(it.alone["people"]) for it in cells)
    expected = sum(it.share * it.total("people") for it in cells)
    ratio = sample_ratio_p_value((n, held), (n + held - expected, expected))
    came_back = sum(it.total("reactivated") for it in cells)
    has_enough = is_enough(
        came_back,
        (n, held),
        least=plan.min_customers_per_arm,
        least_expected=plan.min_expected_reactivations,
    )
    metrics: tuple[ShopMetric, ...] = ("reactivation", *_SUMS)
    for metric in metrics:
        found = _compare(metric, cells, plan).difference
        # No interval: nothing varies, or the metric is unknown.
        if found.interval is None or math.isnan(found.estimate):
            continue
        sequence = confidence_sequence(
            found, n=n + held, tuned_for=plan.sequential_tuning_customers, alpha=plan.alpha
        )
        yield ShopResult(
            "global-holdout",
            "",
            metric,
            window,
            n,
            held,
            found.estimate,
            found.standard_error,
            *found.interval,
            *sequence,
            srm_p_value=ratio,
            verdict=verdict_of(
                sequence,
                "reactivation" if metric == "reactivation" else "revenue_per_customer",
                plan,
                is_as_dealt=ratio is None or ratio >= plan.srm_threshold,
                is_enough=has_enough,
                is_best_by_chance=False,
            ),
        )


def _compare(metric: ShopMetric, cells: Sequence[_Cell], plan: Plan) -> Compared:
    if metric != "reactivation":
        samples = [(_sample(it.others, metric), _sample(it.alone, metric)) for it in cells]
        return compare_means(samples, alpha=plan.alpha)
    counts = [
        (
            (int(it.others["reactivated"]), int(it.alone["reactivated"])),
            (int(it.others["people"]), int(it.alone["people"])),
        )
        for it in cells
    ]
    return compare_shares(counts, alpha=plan.alpha)


def _sample(side: Row, metric: ShopMetric) -> Sample:
    name = _SUMS[metric]
    return Sample(int(side["people"]), float(side[name]), float(side[f"{name}_squared"]))


def shop_results_frame(results: pd.DataFrame, people: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """The estimates of two frames as a frame."""
    return frame_of(shop_results(records(results), records(people), plan), ShopResult)
