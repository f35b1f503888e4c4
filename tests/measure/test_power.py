"""`winback power`: the number of customers is the one by which tests are decided, and the day is
that on which so many have entered and their window is over."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import astuple
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from published_tables import PLANS, write_tables

from winback.cli import main
from winback.measure.power import (
    Rule,
    customers_needed,
    plan_size,
    read_plans,
    sizes_frame,
    smallest_effect_within,
    tell,
)

COLUMNS = {"playbook_plans": PLANS}
RULE = Rule(alpha=0.05, looks=8, min_customers_per_arm=100, min_expected_reactivations=10.0)


def test_the_number_is_the_one_that_simulation_found() -> None:
    """Base 2.8 %, 1.2 points more: some 17,800 with 10 % left alone, and 8,200 with 30 %.

    The verdict's own standard error is a little wider than the formula's.
    """
    assert customers_needed(0.028, 0.012, 0.1, RULE) == pytest.approx(17_787, rel=0.02)
    assert customers_needed(0.028, 0.012, 0.3, RULE) == pytest.approx(8_194, rel=0.02)


@settings(max_examples=40)
@given(st.floats(0.005, 0.4), st.floats(0.002, 0.3), st.floats(0.05, 0.5), st.floats(1.05, 2))
def test_more_effect_or_more_left_alone_takes_fewer_customers(
    base: float, effect: float, holdout: float, times: float
) -> None:
    needed = customers_needed(base, effect, holdout, RULE)
    larger = customers_needed(base, min(effect * times, 1 - base), holdout, RULE)
    assert (larger or math.inf) <= (needed or math.inf)
    if needed is not None and holdout < 0.4:
        assert (customers_needed(base, effect, holdout * 1.2, RULE) or math.inf) <= needed * 1.03


@given(st.floats(0.005, 0.4), st.floats(0.05, 0.5), st.integers(1_000, 1_000_000))
@settings(max_examples=25)
def test_the_smallest_effect_takes_no_more_than_there_are(
    base: float, holdout: float, customers: int
) -> None:
    smallest = smallest_effect_within(customers, base, holdout, RULE)
    if smallest is not None:
        needed = customers_needed(base, smallest, holdout, RULE)
        assert needed is not None
        assert needed <= customers
        assert (
            customers_needed(base, smallest * 0.95, holdout, RULE) or math.inf
        ) > customers * 0.95


def test_a_plan_is_for_the_smallest_effect_or_the_one_that_enough_customers_enter_for() -> None:
    needed = customers_needed(0.03, 0.01, 0.3, RULE)
    assert needed is not None
    assert plan_size(0.03, 0.01, 0.3, needed, RULE) == (0.01, needed)
    smaller = plan_size(0.03, 0.01, 0.3, needed // 4, RULE)
    assert smaller is not None
    assert smaller.effect == pytest.approx(0.02, rel=0.1)
    assert 0.98 * (needed // 4) <= smaller.customers <= needed // 4
    assert plan_size(0.03, 0.01, 0.3, 50, RULE) is None
    assert plan_size(None, 0.01, 0.3, needed, RULE) is None
    assert plan_size(0.03, 0.01, 0.0, needed, RULE) is None


def test_sizes_are_a_row_a_playbook_and_have_their_types_without_one() -> None:
    point = {
        "playbook_id": "p", "base_rate": 0.03, "holdout_share": 0.3, "smallest_effect": 0.01,
        "alpha": 0.05, "looks": 8, "min_customers_per_arm": 100.0, "window_days": 30,
        "min_expected_reactivations": 10.0, "longest_days": 365, "entries_a_day": 10.0,
    }  # fmt: skip
    frame = sizes_frame(pd.DataFrame([point, point | {"playbook_id": "q", "base_rate": None}]))
    size = plan_size(0.03, 0.01, 0.3, 3_350, RULE)
    assert size is not None
    assert frame.iloc[0].tolist() == ["p", customers_needed(0.03, 0.01, 0.3, RULE), *size]
    assert frame.iloc[1].isna().tolist() == [False, True, True, True]
    empty = sizes_frame(pd.DataFrame(columns=list(point)))
    assert [str(it) for it in empty.dtypes] == ["string", "Int64", "float64", "Int64"]


@pytest.mark.parametrize(("base", "effect"), [(0.0, 0.0), (0.05, 0.0), (1.0, 0.0)])
def test_what_can_not_be_told_apart_takes_no_number(base: float, effect: float) -> None:
    assert customers_needed(base, effect, 0.1, RULE) is None


START = datetime(2026, 3, 1, 12, tzinfo=UTC)
DECIDED = datetime(2026, 4, 20, 22, 30, tzinfo=UTC)
# Planned effect and customers, looks made, entered, matured, start, verdicts, the last look.
NEW = (0.02, 4000, 0, 0, 0, None, None, None, date(2026, 9, 1))
RUNNING = (0.02, 4000, 3, 2500, 1600, START, None, None, date(2026, 7, 1))


@pytest.fixture
def published(tmp_path: Path) -> Path:
    rows: list[tuple[object, ...]] = [
        ("soon", "holdout", 0.3, 30, 400, 0.05, 1000, 50.0, 0.03, *astuple(RULE), *NEW),
        ("far", "history", 0.1, 30, 5000, 0.03, 10, 2.0, 0.005, *astuple(RULE), *RUNNING),
        ("alone", "history", 0.0, 30, 5000, 0.03, 5, 2.0, 0.005, *astuple(RULE), *[None] * 9),
        ("unknown", "history", 0.1, 30, 0, None, 0, 0.0, 0.005, *astuple(RULE), *[None] * 9),
        ("decided", "holdout", 0.3, 30, 900, 0.05, 900, 20.0, 0.03, *astuple(RULE),
         0.03, 900, 5, 900, 600, START, DECIDED, DECIDED, date(2026, 5, 20)),
        ("ended", "holdout", 0.1, 30, 900, 0.05, 900, 20.0, 0.03, *astuple(RULE),
         0.03, 900, 8, 900, 900, START, None, DECIDED, date(2026, 4, 30)),
    ]  # fmt: skip
    folder = write_tables(tmp_path / "published" / "current", COLUMNS, {"playbook_plans": rows})
    # Midnight has passed in Berlin.
    manifest = {
        "run_id": "run", "as_of": "2026-05-01T22:30:00+00:00", "git_sha": "", "row_counts": {},
        "landed_rows": {}, "segment_hashes": {},
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def plans_of(published: Path, **options: Any) -> dict[str, Any]:
    found = read_plans(published, timezone="Europe/Berlin", **options)
    return {plan.playbook_id: plan for plan in found}


def test_the_verdict_falls_when_so_many_entered_and_their_window_is_over(published: Path) -> None:
    plan = plans_of(published)["soon"]
    needed = customers_needed(0.05, 0.03, 0.3, RULE)
    assert needed is not None
    days = math.ceil(needed / 50) + 30
    assert plan.own.customers == needed
    assert plan.own.verdict_on == date(2026, 5, 2) + timedelta(days=days)
    told = list(tell(plan))
    assert told[0] == (
        "soon: 5.0 of 100 customers come back by themselves within 30 days, as 400 people whom it "
        "left alone show. 1,000 have entered, 50.0 a day."
    )
    assert told[1] == (
        f"  With 30% left alone, an effect of 3.0 points takes {needed:,} customers: on "
        f"{plan.own.verdict_on}."
    )
    assert told[-1] == (
        "  A test that starts now is planned for an effect of 2.0 points: 4,000 customers, looked "
        "at 8 times, the last time on 2026-09-01."
    )


def test_who_entered_counts_for_the_shares_that_they_were_dealt_by_alone(published: Path) -> None:
    """Another holdout starts another test."""
    same = plans_of(published, playbook="far", effect=0.032)["far"]
    other = plans_of(published, playbook="far", effect=0.032, holdout=0.3)["far"]
    needed = [customers_needed(0.03, 0.032, share, RULE) for share in (0.1, 0.3)]
    assert [same.own.customers, other.own.customers] == needed
    assert same.own.verdict_on == date(2026, 5, 2) + timedelta(
        days=30 + math.ceil((needed[0] - 2500) / 2)
    )
    assert other.own.verdict_on is None
    assert other.test is None


def test_a_verdict_that_is_far_says_what_would_change_that(published: Path) -> None:
    plan = plans_of(published)["far"]
    assert plan.own.verdict_on is None
    told = "\n".join(tell(plan))
    assert "5,000 times that somebody was silent for so long" in told
    assert "With 10% left alone, an effect of 0.5 points takes" in told
    assert "not within a year" in told
    assert "With 30% left alone" in told
    assert (
        "The test since 2026-03-01 is planned for an effect of 2.0 points. Of its 4,000 customers "
        "1,600 have had their 30 days: 3 of 8 looks are made, and the last one falls on 2026-07-01."
    ) in told
    assert "Recommended: leave 30% alone until the first verdict" in told


def test_after_a_verdict_fewer_need_be_left_alone(published: Path) -> None:
    plans = plans_of(published)
    told = list(tell(plans["decided"]))
    # Half past midnight in Berlin.
    assert told[-2].endswith("have had their 30 days, and its verdict fell on 2026-04-21.")
    assert told[-1] == (
        "  Recommended, now that there is a verdict: leave 10% alone (holdout_share in "
        "dbt_project/seeds/playbooks.csv)."
    )
    ended = list(tell(plans["ended"]))
    assert "it ended on 2026-04-30 without a verdict: an effect, if there is one" in ended[-1]


def test_a_plan_without_a_start_says_what_is_missing(published: Path) -> None:
    plans = plans_of(published)
    assert "nobody is left alone, so there is never a verdict" in next(tell(plans["alone"]))
    assert "nobody is known to have come back by themselves" in next(tell(plans["unknown"]))
    # Planned with a holdout, it has one.
    assert plans_of(published, playbook="alone", holdout=0.3)["alone"].own is not None


def test_the_command_plans_one_playbook_with_another_effect(
    published: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WINBACK_HOME", str(published.parents[1]))
    assert run(monkeypatch, "--playbook", "soon", "--effect", "10", "--json") == 0
    (plan,) = json.loads(capsys.readouterr().out)["plans"]
    assert (plan["own"]["effect"], plan["own"]["holdout"]) == (0.1, 0.3)
    assert plan["own"]["customers"] == customers_needed(0.05, 0.1, 0.3, RULE)
    assert run(monkeypatch, "--holdout", "100") == 2
    assert "--holdout 100 is not between 0 and 100." in capsys.readouterr().err
    assert run(monkeypatch, "--playbook", "none") == 2
    assert (
        "'none' is no playbook that is switched on: soon, decided, ended, far"
        in capsys.readouterr().err
    )
    (published / "manifest.json").unlink()
    assert run(monkeypatch) == 1
    assert capsys.readouterr().err == (
        "winback: Nothing is published to plan by. Next: winback build\n"
    )


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["winback", "power", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)
