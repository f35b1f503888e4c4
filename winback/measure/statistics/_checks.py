"""Whether people were dealt to a playbook's cells as planned, also in each part of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from winback.measure.statistics._frames import frame_of, records
from winback.measure.statistics._several import holm
from winback.measure.statistics._statistics import sample_ratio_p_value

if TYPE_CHECKING:
    import pandas as pd

Rows = list[Mapping[str, Any]]


@dataclass(frozen=True)
class Check:
    """One row of experiment_checks: a part of a playbook's customers, by arm, and the p-value.

    Both p-values are None where a cell is too small to judge, or the only one.
    """

    playbook_id: str
    dimension: str
    dimension_value: str
    n_treatment: int
    n_holdout: int
    expected_treatment: float
    expected_holdout: float
    srm_p_value: float | None
    holm_p_value: float | None
    is_off: bool


def checks(
    cells: Iterable[Mapping[str, Any]], *, threshold: float, min_expected: float
) -> Iterator[Check]:
    """Each part of each playbook's customers, from a row per cell with `assigned` and `expected`.

    Many are looked at, so Holm's correction decides over all of a playbook's: less than
    `threshold`, and the part is off.
    """
    ordered = sorted(cells, key=_part_of)
    for _, of_playbook in groupby(ordered, lambda row: str(row["playbook_id"])):
        found = [(key, list(rows)) for key, rows in groupby(of_playbook, _part_of)]
        p_values = [_p_value(rows, min_expected) for _, rows in found]
        corrected = holm(p_values)
        for (key, rows), p_value, holm_p_value in zip(found, p_values, corrected, strict=True):
            yield Check(
                *key,
                n_treatment=sum(int(it["assigned"]) for it in _of("treatment", rows)),
                n_holdout=sum(int(it["assigned"]) for it in _of("holdout", rows)),
                expected_treatment=sum(float(it["expected"]) for it in _of("treatment", rows)),
                expected_holdout=sum(float(it["expected"]) for it in _of("holdout", rows)),
                srm_p_value=p_value,
                holm_p_value=holm_p_value,
                is_off=holm_p_value is not None and holm_p_value < threshold,
            )


def _part_of(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(row["playbook_id"]), str(row["dimension"]), str(row["dimension_value"])


def _of(arm: str, rows: Rows) -> Rows:
    return [row for row in rows if row["arm"] == arm]


def _p_value(rows: Rows, min_expected: float) -> float | None:
    """A cell that was not planned expects nobody, and is off whatever its size."""
    expected = [float(row["expected"]) for row in rows]
    if any(0 < it < min_expected for it in expected):
        return None
    return sample_ratio_p_value([int(row["assigned"]) for row in rows], expected)


def checks_frame(cells: pd.DataFrame, *, threshold: float, min_expected: float) -> pd.DataFrame:
    """The checks of a frame of cells as a frame."""
    return frame_of(checks(records(cells), threshold=threshold, min_expected=min_expected), Check)
