"""Contrasts: which groups of a playbook are compared, by which measure, with what verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import reduce
from itertools import combinations, groupby
from typing import TYPE_CHECKING, Any, Final, Literal

from winback.measure.statistics._statistics import (
    Interval,
    Sample,
    confidence_sequence,
    sample_ratio_p_value,
)
from winback.measure.statistics._strata import (
    Compared,
    compare_means,
    compare_shares,
    join_intervals,
    stratum_weights,
)
from winback.measure.statistics._survival import (
    Cell,
    Watched,
    cell_of,
    share_by,
    share_difference,
    watched_by_cell,
)

if TYPE_CHECKING:
    import pandas as pd

Metric = Literal["reactivation", "revenue_per_customer"]
Verdict = Literal["winner", "loser", "no difference", "not yet decidable", "withheld"]


@dataclass(frozen=True)
class Plan:
    """What was settled before anybody looked; the shop's numbers are dbt vars."""

    alpha: float
    sequential_tuning_customers: int
    min_customers_per_arm: int
    min_expected_reactivations: float
    smallest_effect_reactivation: float
    smallest_effect_revenue_cents: float
    srm_threshold: float

    def smallest_effect(self, metric: Metric) -> float:
        if metric == "reactivation":
            return self.smallest_effect_reactivation
        return self.smallest_effect_revenue_cents


@dataclass(frozen=True)
class _Group:
    """A cell or several of a stratum, of those whose window is over: how many, who came back, what
    they spent (cents); how many windows are still open; and for how many hours all were watched."""

    n: int
    reactivated: int
    revenue: Sample
    open: int
    watched: tuple[Watched, ...]

    @property
    def everybody(self) -> int:
        return self.n + self.open

    def __add__(self, other: _Group) -> _Group:
        return _Group(
            self.n + other.n,
            self.reactivated + other.reactivated,
            Sample(
                self.revenue.n + other.revenue.n,
                self.revenue.total + other.revenue.total,
                self.revenue.total_squares + other.revenue.total_squares,
            ),
            self.open + other.open,
            self.watched + other.watched,
        )


@dataclass(frozen=True)
class Contrast:
    """One row of experiment_results; rates are shares, or cents per customer, of those whose
    window is over, averaged over strata."""

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


HOLDOUT: Final = "holdout"
METRICS: Final[tuple[Metric, ...]] = ("reactivation", "revenue_per_customer")


def contrasts(
    cells: Iterable[Mapping[str, Any]],
    planned: Iterable[Mapping[str, Any]],
    watched: Iterable[Mapping[str, Any]],
    plan: Plan,
) -> Iterator[Contrast]:
    """Compare every pair of a playbook's groups that both have customers whose window is over.

    A window that is still open says nothing yet: on its second day nobody can have come back on
    its thirtieth, and two groups without a difference until then may differ at its end. Beside it,
    for looking and for no verdict, stands the difference by Kaplan and Meier, which counts people
    with an open window for as long as they were watched.

    People who were dealt by other shares are another stratum: compared by themselves, and counted
    where it has both groups.

    `cells` has a row per playbook, window, stratum, arm and variant with its sums; `planned` one
    per playbook, arm and variant with the expected and the assigned number; `watched` one per cell
    of a window, number of hours and outcome.
    """
    ratios, hours = dict(_sample_ratios(planned)), watched_by_cell(watched)

    def key(cell: Mapping[str, Any]) -> tuple[str, int]:
        return str(cell["playbook_id"]), int(cell["window_days"])

    for (playbook, window), rows in groupby(sorted(cells, key=key), key):
        for name, pairs in _pairs_by_name(rows, hours).items():
            ready = [(first, second) for first, second in pairs if first.n and second.n]
            if not ready:
                continue
            still_open = (sum(it.open for it, _ in pairs), sum(it.open for _, it in pairs))
            for metric in METRICS:
                named = (playbook, name, metric, window)
                yield _contrast(named, ready, still_open, ratios.get(playbook), plan)


def _pairs_by_name(
    rows: Iterable[Mapping[str, Any]], hours: Mapping[Cell, tuple[Watched, ...]]
) -> dict[str, list[tuple[_Group, _Group]]]:
    """The two groups of each contrast, in each stratum that has both."""
    strata: dict[str, dict[str, _Group]] = {}
    for row in rows:
        name = HOLDOUT if row["arm"] == HOLDOUT else str(row["variant"])
        group = _group(row, hours.get(cell_of(row), ()))
        strata.setdefault(str(row["stratum"]), {})[name] = group
    found: dict[str, list[tuple[_Group, _Group]]] = {}
    for stratum in sorted(strata):
        for name, first, second in _pairs(strata[stratum]):
            found.setdefault(name, []).append((first, second))
    return found


def _sample_ratios(
    planned: Iterable[Mapping[str, Any]],
) -> Iterator[tuple[str, float | None]]:
    def key(row: Mapping[str, Any]) -> str:
        return str(row["playbook_id"])

    for playbook, group in groupby(sorted(planned, key=key), key):
        rows = list(group)
        observed = [int(row["assigned"]) for row in rows]
        yield playbook, sample_ratio_p_value(observed, [float(row["expected"]) for row in rows])


def _group(row: Mapping[str, Any], watched: tuple[Watched, ...]) -> _Group:
    n = int(row["assigned_mature"])
    money, squares = row["net_revenue_cents_mature"], row["net_revenue_cents_squared_mature"]
    revenue = Sample(n, float(money), float(squares))
    still_open = int(row["assigned"]) - n
    return _Group(n, int(row["reactivated_mature"]), revenue, still_open, watched)


def _pairs(groups: Mapping[str, _Group]) -> Iterator[tuple[str, _Group, _Group]]:
    """All treated against the holdout, each variant against it, each two variants."""
    variants = sorted(name for name in groups if name != HOLDOUT)
    if HOLDOUT in groups and variants:
        treated = reduce(_Group.__add__, (groups[name] for name in variants))
        yield "treatment-vs-holdout", treated, groups[HOLDOUT]
        for name in variants:
            yield f"{name}-vs-holdout", groups[name], groups[HOLDOUT]
    for one, other in combinations(variants, 2):
        yield f"{one}-vs-{other}", groups[one], groups[other]


def _contrast(
    name: tuple[str, str, Metric, int],
    pairs: Sequence[tuple[_Group, _Group]],
    still_open: tuple[int, int],
    srm_p_value: float | None,
    plan: Plan,
) -> Contrast:
    playbook, contrast, metric, window = name
    first, second = (reduce(_Group.__add__, side) for side in zip(*pairs, strict=True))
    rates, difference = _compare(metric, pairs, plan)
    sequence = confidence_sequence(
        difference,
        n=first.n + second.n,
        tuned_for=plan.sequential_tuning_customers,
        alpha=plan.alpha,
    )
    interval = difference.interval
    km_estimate, km_interval = _by_kaplan_meier(metric, pairs, window, plan)
    return Contrast(
        playbook_id=playbook,
        contrast=contrast,
        metric=metric,
        window_days=window,
        n_treatment=first.n,
        n_control=second.n,
        open_treatment=still_open[0],
        open_control=still_open[1],
        rate_treatment=rates[0],
        rate_control=rates[1],
        estimate=difference.estimate,
        standard_error=difference.standard_error,
        ci_low=interval.low if interval else None,
        ci_high=interval.high if interval else None,
        p_value=difference.p_value,
        sequential_ci_low=sequence.low,
        sequential_ci_high=sequence.high,
        srm_p_value=srm_p_value,
        verdict=_verdict(
            sequence,
            metric,
            plan,
            is_as_dealt=srm_p_value is None or srm_p_value >= plan.srm_threshold,
            is_enough=_is_enough(first, second, plan),
        ),
        km_estimate=km_estimate,
        km_ci_low=km_interval.low if km_interval else None,
        km_ci_high=km_interval.high if km_interval else None,
    )


def _by_kaplan_meier(
    metric: Metric, pairs: Sequence[tuple[_Group, _Group]], window: int, plan: Plan
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


def _compare(metric: Metric, pairs: Sequence[tuple[_Group, _Group]], plan: Plan) -> Compared:
    if metric == "revenue_per_customer":
        samples = [(first.revenue, second.revenue) for first, second in pairs]
        return compare_means(samples, alpha=plan.alpha)
    counts = [
        ((first.reactivated, second.reactivated), (first.n, second.n)) for first, second in pairs
    ]
    return compare_shares(counts, alpha=plan.alpha)


def _is_enough(first: _Group, second: _Group, plan: Plan) -> bool:
    """Whether the large-sample intervals hold: see `min_expected_reactivations`."""
    both = first + second
    smaller = min(first.n, second.n)
    expected = both.reactivated / both.n * smaller
    return smaller >= plan.min_customers_per_arm and expected >= plan.min_expected_reactivations


def _verdict(
    sequence: Interval, metric: Metric, plan: Plan, *, is_as_dealt: bool, is_enough: bool
) -> Verdict:
    """The always-valid interval decides, so that looking early can't make a winner."""
    if not is_as_dealt:
        return "withheld"
    if not is_enough:
        return "not yet decidable"
    if sequence.low > 0:
        return "winner"
    if sequence.high < 0:
        return "loser"
    smallest = plan.smallest_effect(metric)
    if -smallest < sequence.low and sequence.high < smallest:
        return "no difference"
    return "not yet decidable"


_DTYPES: Final = {"str": "object", "int": "Int64", "Metric": "object", "Verdict": "object"}


def contrasts_frame(
    cells: pd.DataFrame, planned: pd.DataFrame, watched: pd.DataFrame, plan: Plan
) -> pd.DataFrame:
    """The contrasts of three frames as a frame; its types hold also where it has no rows."""
    import pandas as pd

    sums, shares, hours = (it.to_dict("records") for it in (cells, planned, watched))
    rows = contrasts(sums, shares, hours, plan)  # type: ignore[arg-type]
    dtypes = {column.name: _DTYPES.get(str(column.type), "float64") for column in fields(Contrast)}
    return pd.DataFrame([asdict(row) for row in rows], columns=list(dtypes)).astype(dtypes)
