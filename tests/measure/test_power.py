"""`winback power`: the number of customers is the one by which tests are decided, and the day is
that on which so many have entered and their window is over."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import astuple
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from published_tables import PLANS, write_tables

from winback.cli import main
from winback.measure.power import Rule, customers_needed, read_plans, smallest_effect_within, tell
from winback.measure.statistics import confidence_sequence, proportion_difference

COLUMNS = {"playbook_plans": PLANS}
RULE = Rule(alpha=0.05, tuned_for=5000, min_customers_per_arm=100, min_expected_reactivations=10.0)


def test_the_number_is_the_one_that_simulation_found() -> None:
    """Base 2.8 %, 1.2 points more, 10 % left alone, looked at all the time: some 30,300."""
    assert customers_needed(0.028, 0.012, 0.1, RULE) == pytest.approx(30_300, rel=0.07)


def test_by_the_number_four_of_five_tests_are_decided() -> None:
    base, effect, holdout = 0.05, 0.03, 0.3
    needed = customers_needed(base, effect, holdout, RULE)
    assert needed is not None
    rng = np.random.default_rng(11)
    decided = sum(decides(rng, base, effect, holdout, needed) for _ in range(300))
    assert 0.74 <= decided / 300 <= 0.88


def decides(
    rng: np.random.Generator, base: float, effect: float, holdout: float, customers: int
) -> bool:
    """Whether a test of so many customers is a winner at one of 60 looks."""
    treated = [0, 0]
    alone = [0, 0]
    for _ in range(60):
        of_these = max(1, customers // 60)
        n = rng.binomial(of_these, holdout)
        alone = [alone[0] + rng.binomial(n, base), alone[1] + n]
        treated = [
            treated[0] + rng.binomial(of_these - n, base + effect),
            treated[1] + of_these - n,
        ]
        total = treated[1] + alone[1]
        is_enough = (treated[0] + alone[0]) / total * alone[1] >= 10 and alone[1] >= 100
        difference = proportion_difference((treated[0], alone[0]), (treated[1], alone[1]))
        if is_enough and confidence_sequence(difference, n=total).low > 0:
            return True
    return False


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


@pytest.mark.parametrize(("base", "effect"), [(0.0, 0.0), (0.05, 0.0), (1.0, 0.0)])
def test_what_can_not_be_told_apart_takes_no_number(base: float, effect: float) -> None:
    assert customers_needed(base, effect, 0.1, RULE) is None


@pytest.fixture
def published(tmp_path: Path) -> Path:
    rows: list[tuple[object, ...]] = [
        ("soon", "holdout", 0.3, 30, 400, 0.05, 1000, 50.0, 0.03, *astuple(RULE)),
        ("far", "history", 0.1, 30, 5000, 0.03, 10, 2.0, 0.005, *astuple(RULE)),
        ("alone", "history", 0.0, 30, 5000, 0.03, 5, 2.0, 0.005, *astuple(RULE)),
        ("unknown", "history", 0.1, 30, 0, None, 0, 0.0, 0.005, *astuple(RULE)),
    ]
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
    days = math.ceil((needed - 1000) / 50) + 30
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
    assert not any("Recommended" in line for line in told)


def test_a_verdict_that_is_far_says_what_would_change_that(published: Path) -> None:
    plan = plans_of(published)["far"]
    assert plan.own.verdict_on is None
    told = "\n".join(tell(plan))
    assert "5,000 times that somebody was silent for so long" in told
    assert "With 10% left alone, an effect of 0.5 points takes" in told
    assert "not within a year" in told
    assert "With 30% left alone" in told
    assert "Recommended: leave 30% alone until the first verdict" in told
    year = 10 + 2 * (365 - 30)
    smallest = smallest_effect_within(year, 0.03, 0.1, RULE)
    expected = "No effect can be told" if smallest is None else f"{100 * smallest:.1f} points"
    assert expected in told


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
    assert "'none' is no playbook that is switched on: soon, far, alone" in capsys.readouterr().err
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
