"""Choices follow the chances of their move, the same wherever they are asked; and what they add."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from datetime import UTC, date, datetime

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from shipped_plan import PLAN

from winback.measure.bandit import (
    NOTHING,
    Bounds,
    Day,
    Evidence,
    Kept,
    Returns,
    choose,
    gain,
    next_move,
    results_frame,
)

pytestmark = pytest.mark.long

PEOPLE = 20_000


def learned(**stopped: str) -> Kept:
    arms = [
        Evidence("arrivals", [Day(31, 800, 40)]),
        Evidence(NOTHING, [Day(31, 800, 30)]),
        Evidence("offer", [Day(31, 800, 44)]),
    ]
    move = next_move(arms, Bounds(), name="sms_email step 2", stopped=stopped)
    return Kept("sms_email", 2, datetime(2026, 3, 2, tzinfo=UTC), "sms_email|2", Bounds(), move)


def test_people_are_dealt_by_the_chances_and_a_tenth_of_them_at_random() -> None:
    kept = learned()
    choices = [choose(kept, f"enrollment {n}") for n in range(PEOPLE)]
    names = [it.arm for it in kept.move.arms]
    for dealer, share in (("bandit", 0.9), ("random", 0.1)):
        arms = [it.arm for it in choices if it.dealt_by == dealer]
        assert stats.binomtest(len(arms), PEOPLE, share).pvalue > 0.001
        wanted = (
            [it.propensity for it in kept.move.arms]
            if dealer == "bandit"
            else [1 / 3, 1 / 3, 1 / 3]
        )
        found = stats.chisquare([arms.count(name) for name in names], np.array(wanted) * len(arms))
        assert found.pvalue > 0.001
    assert sum(it.arm == "offer" for it in choices) / PEOPLE == pytest.approx(
        kept.move.chance("offer", random_control_share=0.1), abs=0.015
    )


def test_the_chance_of_a_choice_is_what_weighs_it_in_the_log() -> None:
    """The mean of one over the chance, over those who got an arm, is everybody."""
    kept = learned()
    choices = [choose(kept, f"enrollment {n}") for n in range(PEOPLE)]
    for name in ("arrivals", NOTHING, "offer"):
        weights = sum(1 / it.propensity for it in choices if it.arm == name)
        assert weights / PEOPLE == pytest.approx(1, abs=0.05)


def test_no_group_is_dealt_a_stopped_arm() -> None:
    kept = learned(offer="complaints")
    assert "offer" not in {choose(kept, f"enrollment {n}").arm for n in range(5_000)}


def test_everybody_is_sent_nothing_where_all_arms_are_stopped() -> None:
    kept = learned(offer="complaints", arrivals="operator", nothing="operator")
    found = {choose(kept, f"enrollment {n}") for n in range(5_000)}
    assert {(it.arm, it.propensity) for it in found} == {(NOTHING, 1.0)}


@given(
    barred=st.sets(st.sampled_from(["arrivals", "offer"])),
    stopped=st.sets(st.sampled_from(["arrivals", NOTHING, "offer"])),
    person=st.integers(0, 10**6),
)
def test_nobody_is_dealt_an_arm_that_could_not_be_given(
    barred: set[str], stopped: set[str], person: int
) -> None:
    """The chances of the others sum to 1, and where none is left nothing is sent."""
    kept = learned(**dict.fromkeys(stopped, "operator"))
    choice = choose(kept, f"enrollment {person}", barred=barred)
    assert choice.arm not in barred
    assert choice.propensity > 0
    left = [it.arm for it in kept.move.without(barred)]
    chances = {arm: kept.move.chance(arm, random_control_share=0.1, barred=barred) for arm in left}
    assert sum(chances.values()) == pytest.approx(1)
    assert choice.propensity == chances[choice.arm]
    if not set(left) - stopped:
        assert (choice.arm, choice.propensity) == (NOTHING, 1.0)


def test_who_can_not_be_dealt_an_arm_weighs_by_the_chances_of_the_others() -> None:
    """The mean of one over the chance, over those who got an arm, is everybody again."""
    kept = learned()
    choices = [choose(kept, f"enrollment {n}", barred={"offer"}) for n in range(PEOPLE)]
    for name in ("arrivals", NOTHING):
        weights = sum(1 / it.propensity for it in choices if it.arm == name)
        assert weights / PEOPLE == pytest.approx(1, abs=0.05)


AGAIN = """
import json
from dataclasses import asdict
from test_bandit_choices import learned
from winback.measure.bandit import choose
kept = learned()
print(json.dumps([asdict(choose(kept, f"enrollment {n}")) for n in range(2_000)]))
"""


def test_another_process_gives_every_choice_again() -> None:
    elsewhere = subprocess.run(
        [sys.executable, "-c", AGAIN],
        capture_output=True, text=True, check=True, env={"PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    kept = learned()
    here = [asdict(choose(kept, f"enrollment {n}")) for n in range(2_000)]
    assert json.loads(elsewhere.stdout) == here


def test_sql_deals_the_same_random_control() -> None:
    """By the expression of the macro `hash_unit`."""
    rows = duckdb.sql(
        """
        select
            'enrollment ' || n as enrollment_id,
            cast('0x' || substr(md5('enrollment ' || n || '|sms_email|2|dealer'), 1, 8) as bigint)
            / 4294967296.0 < 0.1 as is_random
        from range(2000) as people (n)
        """
    ).fetchall()
    kept = learned()
    assert [choose(kept, key).dealt_by == "random" for key, _ in rows] == [it for _, it in rows]


def judged(bandit: Returns, random: Returns, assigned: tuple[int, int] | None = None) -> str:
    found = gain(
        bandit, random, PLAN, assigned=assigned or (bandit.n, random.n), random_control_share=0.1
    )
    assert found is not None
    return found.verdict


@pytest.mark.parametrize(
    ("bandit", "random", "verdict"),
    [
        (Returns(45_000, 2_700), Returns(5_000, 150), "winner"),
        (Returns(45_000, 1_350), Returns(5_000, 300), "loser"),
        (Returns(900_000, 27_000), Returns(100_000, 3_000), "no difference"),
        (Returns(900, 30), Returns(100, 3), "not yet decidable"),
        (Returns(45_000, 2_700), Returns(6_000, 180), "withheld"),
    ],
)  # fmt: skip
def test_what_deciding_adds_has_a_verdict(bandit: Returns, random: Returns, verdict: str) -> None:
    assert judged(bandit, random) == verdict


def test_the_groups_are_compared_with_everybody_who_was_dealt() -> None:
    """Also where the windows of one are open for longer."""
    assert judged(Returns(30_000, 1_800), Returns(5_000, 150), (45_000, 5_000)) == "winner"


def test_nothing_is_said_while_no_window_is_over() -> None:
    assert gain(
        Returns(0, 0), Returns(0, 0), PLAN, assigned=(900, 100), random_control_share=0.1
    ) is None  # fmt: skip


def test_arms_are_estimated_by_those_who_could_be_dealt_each_and_the_gain_by_everybody() -> None:
    """Whoever could not be given an offer may be of another kind: here they always come back."""
    kept, rows = learned(), []
    for n in range(4_000):
        is_barred = n % 4 == 0
        it = choose(kept, f"enrollment {n}", barred={"offer"} if is_barred else set())
        came_back = is_barred or n // 4 % 10 < {"arrivals": 1, NOTHING: 2, "offer": 3}[it.arm]
        rows.append(
            {
                "playbook_id": "p", "step": 2, "enrollment_id": f"enrollment {n}", "arm": it.arm,
                "dealt_by": it.dealt_by, "propensity": it.propensity, "is_mature": True,
                "is_comparable": not is_barred, "has_responded": came_back,
                "chosen_on": date(2026, 3, 2),
            }
        )  # fmt: skip
    shares = [{"playbook_id": "p", "step": 2, "random_control_share": 0.1}]
    frame = results_frame(pd.DataFrame(rows), pd.DataFrame(shares), PLAN)
    found = {row["policy"]: row for row in frame.to_dict("records")}
    assert found["learned"]["customers"] == 4_000
    for arm, rate in (("arrivals", 0.1), (NOTHING, 0.2), ("offer", 0.3)):
        assert found[arm]["customers"] == 3_000
        assert abs(found[arm]["ips_rate"] - rate) < 3 * found[arm]["ips_se"]
        assert abs(found[arm]["dr_rate"] - rate) < 3 * found[arm]["dr_se"]
