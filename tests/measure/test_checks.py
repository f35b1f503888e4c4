"""Parts of a playbook's customers that were not dealt as planned."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from winback.measure.statistics import checks

pytestmark = pytest.mark.long

Cell = dict[str, object]


def part(value: str, treated: int, held_out: int, *, share: float = 0.3) -> list[Cell]:
    """The two cells of a country, dealt by one share."""
    total = treated + held_out
    named = {"playbook_id": "p", "dimension": "country", "dimension_value": value}
    return [
        named | {"arm": "treatment", "variant": "a", "assigned": treated,
                 "expected": (1 - share) * total},
        named | {"arm": "holdout", "variant": "", "assigned": held_out, "expected": share * total},
    ]  # fmt: skip


def found(*cells: list[Cell]):  # type: ignore[no-untyped-def]
    rows = [row for part in cells for row in part]
    return {it.dimension_value: it for it in checks(rows, threshold=0.001, min_expected=5)}


def test_a_part_that_was_sorted_is_off_though_the_whole_is_not() -> None:
    rows = found(part("DE", 800, 200), part("FR", 600, 400), part("GB", 700, 300))
    assert [name for name, row in rows.items() if row.is_off] == ["DE", "FR"]
    assert (rows["DE"].n_treatment, rows["DE"].n_holdout) == (800, 200)
    assert (rows["DE"].expected_treatment, rows["DE"].expected_holdout) == (700, 300)
    expected = stats.chisquare([800, 200], [700, 300]).pvalue
    assert rows["DE"].srm_p_value == pytest.approx(expected)
    assert rows["DE"].holm_p_value == pytest.approx(3 * expected)


def test_a_part_too_small_to_judge_is_not_judged_and_corrects_no_other() -> None:
    rows = found(part("LU", 16, 0), part("FR", 600, 400))
    assert (rows["LU"].srm_p_value, rows["LU"].is_off) == (None, False)
    assert rows["FR"].holm_p_value == rows["FR"].srm_p_value


def test_a_cell_that_was_not_planned_is_off() -> None:
    stranger = part("DE", 700, 300)[0] | {"variant": "b", "assigned": 1, "expected": 0.0}
    row = found(part("DE", 700, 300), [stranger])["DE"]
    assert row.is_off
    assert row.n_treatment == 701


def test_by_chance_no_more_parts_are_off_than_the_threshold_says() -> None:
    """200 shops of 60 days each: about one in a thousand has a day that is off."""
    rng = np.random.default_rng(3)
    off = 0
    for _ in range(200):
        held_out = rng.binomial(100, 0.3, 60)
        days = [part(f"{day}", 100 - int(n), int(n)) for day, n in enumerate(held_out)]
        off += any(row.is_off for row in found(*days).values())
    assert off <= 2
