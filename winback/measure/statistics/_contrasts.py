"""Contrasts: which groups of a playbook are compared, by which measure, with what verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import reduce
from itertools import combinations, groupby
from typing import TYPE_CHECKING, Any, Final, get_args

from winback.measure.statistics._comparison import (
    AGAINST_HOLDOUT,
    Contrast,
    Pair,
    compare,
    judged,
)
from winback.measure.statistics._frames import frame_of, records
from winback.measure.statistics._group import Group, Metric
from winback.measure.statistics._plan import UNDECIDED, Plan
from winback.measure.statistics._planned import Settled, settled_by_window
from winback.measure.statistics._statistics import sample_ratio_p_value
from winback.measure.statistics._survival import Cell, Watched, cell_of, watched_by_cell

if TYPE_CHECKING:
    import pandas as pd

HOLDOUT: Final = "holdout"
METRICS: Final[tuple[Metric, ...]] = get_args(Metric)
# What a plan is made for; everything else is judged by the always-valid interval.
PLANNED: Final = (AGAINST_HOLDOUT, "reactivation")


def contrasts(
    cells: Iterable[Mapping[str, Any]],
    planned: Iterable[Mapping[str, Any]],
    watched: Iterable[Mapping[str, Any]],
    plan: Plan,
    *,
    started: Iterable[Mapping[str, Any]] = (),
    looks: Iterable[Mapping[str, Any]] = (),
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
    of a window, number of hours and outcome. `started` has a row per plan that was written, whose
    people are the stratum of its name, and `looks` one per look that was judged.
    """
    settled = settled_by_window(started, looks)
    ratios, hours = dict(_sample_ratios(planned)), watched_by_cell(watched)

    def key(cell: Mapping[str, Any]) -> tuple[str, int]:
        return str(cell["playbook_id"]), int(cell["window_days"])

    for (playbook, window), rows in groupby(sorted(cells, key=key), key):
        by_name = _pairs_by_name(rows, hours)
        for metric in METRICS:
            compared = (
                compare((playbook, name, metric, window), list(pairs.values()), plan)
                for name, pairs in by_name.items()
            )
            found = [comparison for comparison in compared if comparison is not None]
            for row in judged(found, ratios.get(playbook), plan):
                test = settled.get((playbook, window))
                is_planned = (row.contrast, row.metric) == PLANNED
                yield _as_settled(row, test, by_name, plan) if test and is_planned else row


def _as_settled(
    row: Contrast, test: Settled, by_name: Mapping[str, Mapping[str, Pair]], plan: Plan
) -> Contrast:
    """With the verdict of the planned looks. Where none has decided yet, what people say whom no
    plan counts stands, such as those of another tool before."""
    if row.verdict == "withheld":
        return row
    if test.verdict != UNDECIDED:
        return replace(row, verdict=test.verdict, decided_at=test.decided_at)
    name = row.playbook_id, row.contrast, row.metric, row.window_days
    others = [pair for it, pair in by_name[row.contrast].items() if it not in test.plans]
    before = compare(name, others, plan)
    (found,) = judged([before], row.srm_p_value, plan) if before else (None,)
    return replace(row, verdict=found.verdict if found else UNDECIDED)


def _pairs_by_name(
    rows: Iterable[Mapping[str, Any]], hours: Mapping[Cell, tuple[Watched, ...]]
) -> dict[str, dict[str, Pair]]:
    """The two groups of each contrast, in each stratum that has both."""
    strata: dict[str, dict[str, Group]] = {}
    for row in rows:
        name = HOLDOUT if row["arm"] == HOLDOUT else str(row["variant"])
        group = Group.of(row, hours.get(cell_of(row), ()))
        strata.setdefault(str(row["stratum"]), {})[name] = group
    found: dict[str, dict[str, Pair]] = {}
    for stratum in sorted(strata):
        for name, first, second in _pairs(strata[stratum]):
            found.setdefault(name, {})[stratum] = (first, second)
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


def _pairs(groups: Mapping[str, Group]) -> Iterator[tuple[str, Group, Group]]:
    """All treated against the holdout, each variant against it, each two variants."""
    variants = sorted(name for name in groups if name != HOLDOUT)
    if HOLDOUT in groups and variants:
        treated = reduce(Group.__add__, (groups[name] for name in variants))
        yield AGAINST_HOLDOUT, treated, groups[HOLDOUT]
        for name in variants:
            yield f"{name}-vs-holdout", groups[name], groups[HOLDOUT]
    for one, other in combinations(variants, 2):
        yield f"{one}-vs-{other}", groups[one], groups[other]


def contrasts_frame(
    cells: pd.DataFrame,
    planned: pd.DataFrame,
    watched: pd.DataFrame,
    plan: Plan,
    *,
    started: pd.DataFrame,
    looks: pd.DataFrame,
) -> pd.DataFrame:
    """The contrasts of these frames as a frame."""
    sums, shares, hours, plans, judged_looks = (
        records(it) for it in (cells, planned, watched, started, looks)
    )
    rows = contrasts(sums, shares, hours, plan, started=plans, looks=judged_looks)
    return frame_of(rows, Contrast)
