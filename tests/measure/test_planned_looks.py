"""What planned looks say, and what an experiment's verdict makes of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.measure.test_contrasts import PLAN, as_planned, cell
from winback.measure.statistics import Contrast, contrasts, judge_looks, looks_frame

START = datetime(2026, 3, 1, tzinfo=UTC)


def look(
    number: int, treated: tuple[int, int], held_out: tuple[int, int], **changes: Any
) -> dict[str, Any]:
    """A look at (came back, people) of both groups; 8,000 customers are planned."""
    return {
        "plan_id": "plan", "playbook_id": "sms_email", "window_days": 30, "look": number,
        "looked_at": START + timedelta(days=30 * number), "n_treatment": treated[1],
        "n_control": held_out[1], "reactivated_treatment": treated[0],
        "reactivated_control": held_out[0], "customers": 8_000, "alpha": 0.05,
        "smallest_effect": 0.01, "min_customers_per_arm": 100.0, "min_expected_reactivations": 10.0,
        **changes,
    }  # fmt: skip


def verdicts(*looks: dict[str, Any]) -> list[str]:
    return [it.verdict for it in judge_looks(looks)]


def test_an_early_look_decides_by_a_far_bound_and_the_last_by_a_near_one() -> None:
    """The same three standard errors, at an eighth of the customers and at all of them."""
    early = look(1, (63, 700), (10, 300))
    (found,) = judge_looks([early])
    assert found.estimate / found.standard_error == pytest.approx(3.5, abs=0.3)
    assert found.bound == pytest.approx(6.23, abs=0.01)
    assert found.verdict == "not yet decidable"
    last = look(8, (280, 5_600), (79, 2_400))
    by_eighths = [look(n, (35 * n, 700 * n), (14 * n, 300 * n)) for n in range(1, 8)]
    *_, at_the_end = judge_looks([*by_eighths, last])
    assert at_the_end.estimate / at_the_end.standard_error == pytest.approx(3.5, abs=0.5)
    assert at_the_end.bound == pytest.approx(2.066, abs=0.001)
    assert at_the_end.verdict == "winner"


def test_a_verdict_stays_with_its_day_whatever_later_looks_show() -> None:
    looks = [
        look(2, (70, 1_400), (28, 600)),
        look(4, (250, 2_800), (36, 1_200)),
        look(6, (252, 4_200), (108, 1_800)),
    ]
    found = list(judge_looks(reversed(looks)))
    assert [it.verdict for it in found] == ["not yet decidable", "winner", "winner"]
    assert [it.decided_at for it in found] == [None, looks[1]["looked_at"], looks[1]["looked_at"]]
    assert verdicts(look(8, (56, 5_600), (84, 2_400))) == ["loser"]


def test_no_difference_is_said_once_the_interval_is_within_what_matters() -> None:
    wide = [look(4, (84, 2_800), (36, 1_200))]
    assert verdicts(*wide) == ["not yet decidable"]
    near = look(8, (168, 5_600), (72, 2_400))
    assert verdicts(*wide, near) == ["not yet decidable", "no difference"]
    assert verdicts(near | {"smallest_effect": 0.005}) == ["not yet decidable"]


def test_a_look_with_too_few_people_decides_nothing() -> None:
    found = look(8, (400, 7_901), (1, 99))
    assert verdicts(found) == ["not yet decidable"]
    assert verdicts(found | {"min_customers_per_arm": 50.0}) == ["not yet decidable"]
    less = {"min_customers_per_arm": 50.0, "min_expected_reactivations": 1.0}
    assert verdicts(found | less) == ["winner"]


def test_looks_that_were_made_say_the_same_once_more_follow() -> None:
    looks = [look(n, (40 * n, 700 * n), (9 * n, 300 * n)) for n in range(1, 9)]
    whole = list(judge_looks(looks))
    for made in range(1, 9):
        assert [it.bound for it in judge_looks(looks[:made])] == pytest.approx(
            [it.bound for it in whole[:made]], abs=1e-8
        )
        assert verdicts(*looks[:made]) == [it.verdict for it in whole[:made]]


def test_no_looks_give_an_empty_frame_with_its_types() -> None:
    frame = looks_frame(pd.DataFrame(columns=list(look(1, (0, 1), (0, 1)))))
    assert len(frame) == 0
    assert str(frame["plan_id"].dtype) == "string"
    assert str(frame["decided_at"].dtype) == "datetime64[us, UTC]"


def plan_of(name: str = "plan", *, window: int = 30) -> dict[str, Any]:
    return {"plan_id": name, "playbook_id": "sms_email", "window_days": window}


def result(
    *cells: dict[str, Any],
    looks: list[dict[str, Any]],
    plans: tuple[dict[str, Any], ...] = (plan_of(),),
    contrast: str = "treatment-vs-holdout",
    metric: str = "reactivation",
    planned: list[dict[str, Any]] | None = None,
) -> Contrast:
    judged = [vars(it) for it in judge_looks(looks)]
    rows = contrasts(cells, planned or as_planned(cells), (), PLAN, started=plans, looks=judged)
    (found,) = [it for it in rows if (it.contrast, it.metric) == (contrast, metric)]
    return found


IN_PLAN = [
    cell("treatment", "base", 5_600, 280, stratum="plan"),
    cell("holdout", "", 2_400, 72, stratum="plan"),
]
BEFORE = [
    cell("treatment", "base", 20_000, 2_400, stratum="past"),
    cell("holdout", "", 10_000, 800, stratum="past"),
]


def test_where_a_plan_exists_its_looks_give_the_verdict() -> None:
    """The always-valid interval would have decided."""
    treated, held_out = IN_PLAN
    assert result(*IN_PLAN, looks=[], plans=()).verdict == "winner"
    looks = [look(3, (105, 2_100), (27, 900))]
    row = result(*IN_PLAN, looks=looks)
    assert (row.verdict, row.decided_at) == ("not yet decidable", None)
    looks.append(look(8, (280, 5_600), (72, 2_400)))
    row = result(*IN_PLAN, looks=looks)
    assert (row.verdict, row.decided_at) == ("winner", looks[-1]["looked_at"])
    assert (row.n_treatment, row.n_control) == (treated["assigned"], held_out["assigned"])


def test_a_contrast_or_window_that_nobody_planned_keeps_the_always_valid_rule() -> None:
    decided = [look(8, (280, 5_600), (72, 2_400))]
    sure = [cell("treatment", "base", 20_000, 2_400, stratum="plan"),
            cell("holdout", "", 10_000, 800, stratum="plan")]  # fmt: skip
    for options in ({"contrast": "base-vs-holdout"}, {"metric": "revenue_per_customer"}):
        row = result(*sure, looks=decided, **options)  # type: ignore[arg-type]
        assert (row.verdict, row.decided_at) == ("winner", None)
    assert result(*sure, looks=[], plans=(plan_of(window=14),)).verdict == "winner"


def test_until_a_plan_decides_what_was_found_before_it_stands() -> None:
    assert result(*IN_PLAN, looks=[]).verdict == "not yet decidable"
    row = result(*BEFORE, *IN_PLAN, looks=[])
    assert (row.verdict, row.decided_at) == ("winner", None)
    lost = [look(8, (56, 5_600), (84, 2_400))]
    row = result(*BEFORE, *IN_PLAN, looks=lost)
    assert (row.verdict, row.decided_at) == ("loser", lost[0]["looked_at"])


def test_of_several_plans_the_latest_verdict_counts_and_no_later_plan_undoes_it() -> None:
    first = [look(8, (280, 5_600), (72, 2_400))]
    then = look(2, (80, 1_800), (8, 200), plan_id="later", looked_at=START + timedelta(days=400))
    plans = (plan_of(), plan_of("later"))
    row = result(*IN_PLAN, looks=[*first, then], plans=plans)
    assert (row.verdict, row.decided_at) == ("winner", first[0]["looked_at"])
    lost = then | {"look": 8, "n_treatment": 7_200, "n_control": 800,
                   "reactivated_treatment": 72, "reactivated_control": 40}  # fmt: skip
    row = result(*IN_PLAN, looks=[*first, then, lost], plans=plans)
    assert (row.verdict, row.decided_at) == ("loser", lost["looked_at"])


def test_arms_that_were_not_dealt_as_planned_withhold_a_planned_verdict_too() -> None:
    planned = [it | {"expected": 4_000.0} for it in IN_PLAN]
    row = result(*IN_PLAN, looks=[look(8, (280, 5_600), (72, 2_400))], planned=planned)
    assert (row.verdict, row.decided_at) == ("withheld", None)


def with_index(row: dict[str, Any], explains: float) -> dict[str, Any]:
    """The look with an index of 0.5 for this share of those who came back, and of 0 for others."""
    sums = {}
    for arm in ("treatment", "control"):
        high = round(explains * row[f"reactivated_{arm}"])
        sums |= {
            f"index_{arm}": 0.5 * high,
            f"index_squared_{arm}": 0.25 * high,
            f"index_reactivated_{arm}": 0.5 * high,
        }
    return row | sums


def test_a_look_takes_out_what_was_known_before_the_entry() -> None:
    plain = look(8, (224, 5_600), (68, 2_400))
    (before,) = judge_looks([plain])
    (after,) = judge_looks([with_index(plain, 0.5)])
    assert (before.is_adjusted, after.is_adjusted) == (False, True)
    assert after.standard_error < 0.8 * before.standard_error
    assert (after.rate_treatment, after.bound) == (before.rate_treatment, before.bound)
    assert after.ci_low <= after.estimate <= after.ci_high
    small = with_index(look(1, (30, 700), (3, 99)), 0.5)
    assert [it.is_adjusted for it in judge_looks([small])] == [False]
    missing = dict.fromkeys(with_index(plain, 0.5).keys() - plain.keys(), float("nan"))
    assert [it.is_adjusted for it in judge_looks([plain | missing])] == [False]


def test_adjusted_looks_find_as_little_as_they_may_where_there_is_nothing() -> None:
    """400 shops, in which the index tells who comes back and the messages change nothing."""
    rng, wrong = np.random.default_rng(21), 0
    for _ in range(400):
        index = rng.beta(0.5, 9, 4_000)
        back = rng.random(4_000) < index
        is_held_out = rng.random(4_000) < 0.3
        looks = []
        for number in range(1, 9):
            row: dict[str, Any] = {}
            for arm, who in (("treatment", ~is_held_out), ("control", is_held_out)):
                seen = who & (np.arange(4_000) < 500 * number)
                x, y = index[seen], back[seen]
                row |= {
                    f"n_{arm}": len(x), f"reactivated_{arm}": int(y.sum()),
                    f"index_{arm}": x.sum(), f"index_squared_{arm}": (x * x).sum(),
                    f"index_reactivated_{arm}": (x * y).sum(),
                }  # fmt: skip
            looks.append(look(number, (0, 1), (0, 1), customers=4_000, **row))
        wrong += [*judge_looks(looks)][-1].verdict in {"winner", "loser"}
    assert wrong <= 0.05 * 400 + 2 * np.sqrt(0.05 * 0.95 * 400)
