"""Two groups compared by one metric, and judged beside the others of their playbook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any, Final

from winback.measure.statistics._group import Group, Metric
from winback.measure.statistics._paired import Adjusted
from winback.measure.statistics._plan import UNDECIDED, Plan, Verdict, is_enough, judge
from winback.measure.statistics._several import holm
from winback.measure.statistics._statistics import (
    Difference,
    Interval,
    confidence_sequence,
    sequential_p_value,
)
from winback.measure.statistics._strata import (
    Compared,
    compare_adjusted,
    compare_means,
    compare_ratios,
    compare_shares,
    join_intervals,
    stratum_weights,
)
from winback.measure.statistics._survival import share_by, share_difference

Pair = tuple[Group, Group]
AGAINST_HOLDOUT: Final = "treatment-vs-holdout"


@dataclass(frozen=True)
class Contrast:
    """One row of experiment_results; rates are shares, or cents per customer or order, of those
    whose window is over, averaged over strata.

    The adjusted figures are None where the playbook has no index of before its first entry, the
    winsorized ones for other metrics than revenue, Holm's for all treated against the holdout, and
    the time of the verdict where no planned look gave it.
    """

    playbook_id: str
    contrast: str
    metric: Metric
    window_days: int
    n_treatment: int
    n_control: int
    open_treatment: int
    open_control: int
    rate_treatment: float
    rate_control: float
    estimate: float
    standard_error: float
    ci_low: float | None
    ci_high: float | None
    p_value: float | None
    sequential_ci_low: float
    sequential_ci_high: float
    srm_p_value: float | None
    verdict: Verdict
    km_estimate: float | None
    km_ci_low: float | None
    km_ci_high: float | None
    is_adjusted: bool
    adjusted_estimate: float | None
    adjusted_standard_error: float | None
    adjusted_ci_low: float | None
    adjusted_ci_high: float | None
    adjusted_p_value: float | None
    adjusted_sequential_ci_low: float | None
    adjusted_sequential_ci_high: float | None
    variance_reduction: float | None
    winsorized_estimate: float | None
    winsorized_ci_low: float | None
    winsorized_ci_high: float | None
    winsorized_sequential_ci_low: float | None
    winsorized_sequential_ci_high: float | None
    holm_p_value: float | None
    holm_sequential_p_value: float | None
    decided_at: datetime | None = None


@dataclass(frozen=True)
class Comparison:
    """Two groups by one metric, before they are judged beside the others: the pair of them in each
    stratum whose windows are over in both, and how many in all strata are still open."""

    playbook_id: str
    contrast: str
    metric: Metric
    window_days: int
    pairs: Sequence[Pair]
    still_open: tuple[int, int]
    plain: Compared
    adjusted: Adjusted | None

    @property
    def first(self) -> Group:
        return reduce(Group.__add__, (first for first, _ in self.pairs))

    @property
    def second(self) -> Group:
        return reduce(Group.__add__, (second for _, second in self.pairs))

    @property
    def deciding(self) -> Difference:
        """The one with less noise, where an index is used; that was settled before the entries."""
        return self.adjusted.difference if self.adjusted else self.plain.difference

    def sequence(self, difference: Difference, plan: Plan) -> Interval:
        return confidence_sequence(difference, **self._looked_at(plan))

    def sequential_p_value(self, plan: Plan) -> float:
        return sequential_p_value(self.deciding, **self._looked_at(plan))

    def _looked_at(self, plan: Plan) -> dict[str, Any]:
        return {
            "n": sum(first.n + second.n for first, second in self.pairs),
            "tuned_for": plan.sequential_tuning_customers,
            "alpha": plan.alpha,
        }


def compare(
    name: tuple[str, str, Metric, int], pairs: Sequence[Pair], plan: Plan
) -> Comparison | None:
    """The two groups in each stratum, by one metric. None where no window is over in both, and by
    order where a group has no order."""
    ready = [(first, second) for first, second in pairs if first.n and second.n]
    plain = _compared(name[2], ready, plan) if ready else None
    if plain is None:
        return None
    still_open = (sum(it.open for it, _ in pairs), sum(it.open for _, it in pairs))
    return Comparison(*name, ready, still_open, plain, _adjusted(name[2], ready, plan))


def _compared(metric: Metric, pairs: Sequence[Pair], plan: Plan) -> Compared | None:
    if metric == "order_value":
        by_orders = [(first.by_orders, second.by_orders) for first, second in pairs]
        return compare_ratios(by_orders, alpha=plan.alpha)
    if metric == "revenue_per_customer":
        samples = [(first.revenue, second.revenue) for first, second in pairs]
        return compare_means(samples, alpha=plan.alpha)
    counts = [
        ((first.reactivated, second.reactivated), (first.n, second.n)) for first, second in pairs
    ]
    return compare_shares(counts, alpha=plan.alpha)


def _adjusted(metric: Metric, pairs: Sequence[Pair], plan: Plan) -> Adjusted | None:
    """In groups as large as a verdict takes: in smaller ones the slopes are chance."""
    known = [
        (one, other)
        for first, second in pairs
        if (one := first.by_index(metric)) and (other := second.by_index(metric))
    ]
    if len(known) < len(pairs):
        return None
    return compare_adjusted(known, min_people=plan.min_customers_per_arm, alpha=plan.alpha)


def judged(rows: list[Comparison], srm_p_value: float | None, plan: Plan) -> Iterator[Contrast]:
    """All comparisons of a playbook, window and metric with their verdicts.

    The one that was planned, all treated against the holdout, stands for itself. The others are
    looked at for whichever is best, so Holm's correction holds their error rate as a whole.
    """
    several = [row for row in rows if row.contrast != AGAINST_HOLDOUT]
    once = holm([row.plain.difference.p_value for row in several])
    always = holm([row.sequential_p_value(plan) for row in several])
    corrected = {row.contrast: found for row, *found in zip(several, once, always, strict=True)}
    for row in rows:
        holm_p_value, holm_sequential_p_value = corrected.get(row.contrast, (None, None))
        yield _contrast(row, holm_p_value, holm_sequential_p_value, srm_p_value, plan)


def _contrast(
    row: Comparison,
    holm_p_value: float | None,
    holm_sequential_p_value: float | None,
    srm_p_value: float | None,
    plan: Plan,
) -> Contrast:
    first, second, adjusted = row.first, row.second, row.adjusted
    rates, plain = row.plain
    interval, sequence = plain.interval, row.sequence(plain, plan)
    km_estimate, km_interval = _by_kaplan_meier(row.metric, row.pairs, row.window_days, plan)
    less_noise = adjusted.difference if adjusted else None
    winsorized = _winsorized(row.metric, row.pairs, plan)
    deciding = row.sequence(row.deciding, plan)
    return Contrast(
        playbook_id=row.playbook_id,
        contrast=row.contrast,
        metric=row.metric,
        window_days=row.window_days,
        n_treatment=first.n,
        n_control=second.n,
        open_treatment=row.still_open[0],
        open_control=row.still_open[1],
        rate_treatment=rates[0],
        rate_control=rates[1],
        estimate=plain.estimate,
        standard_error=plain.standard_error,
        ci_low=interval.low if interval else None,
        ci_high=interval.high if interval else None,
        p_value=plain.p_value,
        sequential_ci_low=sequence.low,
        sequential_ci_high=sequence.high,
        srm_p_value=srm_p_value,
        verdict=verdict_of(
            deciding,
            row.metric,
            plan,
            is_as_dealt=srm_p_value is None or srm_p_value >= plan.srm_threshold,
            is_enough=is_enough(
                first.reactivated + second.reactivated,
                (first.n, second.n),
                least=plan.min_customers_per_arm,
                least_expected=plan.min_expected_reactivations,
            ),
            is_best_by_chance=(holm_sequential_p_value or 0.0) > plan.alpha,
        ),
        km_estimate=km_estimate,
        km_ci_low=km_interval.low if km_interval else None,
        km_ci_high=km_interval.high if km_interval else None,
        is_adjusted=adjusted is not None,
        variance_reduction=adjusted.variance_reduction if adjusted else None,
        **_columns("adjusted", less_noise, row, plan),
        adjusted_standard_error=less_noise.standard_error if less_noise else None,
        adjusted_p_value=less_noise.p_value if less_noise else None,
        **_columns("winsorized", winsorized, row, plan),
        holm_p_value=holm_p_value,
        holm_sequential_p_value=holm_sequential_p_value,
    )


def _columns(
    prefix: str, difference: Difference | None, row: Comparison, plan: Plan
) -> dict[str, Any]:
    """An estimate and its two intervals under these columns' names; None where there is none."""
    interval = difference and difference.interval
    sequence = difference and row.sequence(difference, plan)
    return {
        f"{prefix}_estimate": difference.estimate if difference else None,
        f"{prefix}_ci_low": interval.low if interval else None,
        f"{prefix}_ci_high": interval.high if interval else None,
        f"{prefix}_sequential_ci_low": sequence.low if sequence else None,
        f"{prefix}_sequential_ci_high": sequence.high if sequence else None,
    }


def _winsorized(metric: Metric, pairs: Sequence[Pair], plan: Plan) -> Difference | None:
    known = [
        (one, other)
        for first, second in pairs
        if (one := first.capped_revenue) and (other := second.capped_revenue)
    ]
    if metric != "revenue_per_customer" or len(known) < len(pairs):
        return None
    return compare_means(known, alpha=plan.alpha).difference


def _by_kaplan_meier(
    metric: Metric, pairs: Sequence[Pair], window: int, plan: Plan
) -> tuple[float | None, Interval | None]:
    """Averaged over the strata in which somebody of both groups was watched to the end."""
    if metric != "reactivation":
        return None, None
    found = []
    for pair in pairs:
        shares = (share_by(it.watched, 24.0 * window, alpha=plan.alpha) for it in pair)
        if difference := share_difference(*shares):
            found.append(((pair[0].everybody, pair[1].everybody), difference))
    if not found:
        return None, None
    weights = stratum_weights([sizes for sizes, _ in found])
    parts = [part for _, part in found]
    estimate = sum(weight * it for weight, (it, _) in zip(weights, parts, strict=True))
    return estimate, join_intervals(weights, parts)


def verdict_of(
    sequence: Interval,
    metric: Metric,
    plan: Plan,
    *,
    is_as_dealt: bool,
    is_enough: bool,
    is_best_by_chance: bool,
) -> Verdict:
    """The always-valid interval decides, so that looking early can't make a winner; of several
    comparisons none wins that Holm's correction takes for the best of them by chance."""
    if not is_as_dealt:
        return "withheld"
    if not is_enough:
        return UNDECIDED
    found = judge(sequence, plan.smallest_effect(metric))
    return UNDECIDED if is_best_by_chance and found in {"winner", "loser"} else found
