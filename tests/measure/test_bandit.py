"""The bandit's moves: chances, bounds, harm, and the same bits again in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from winback.base.errors import WinbackError
from winback.measure.bandit import (
    NOTHING,
    WHOLE,
    Bounds,
    Day,
    Evidence,
    Posterior,
    best_chances,
    chance_of_as_many,
    in_millionths,
    next_move,
    posterior,
)
from winback.measure.bandit._exact import exp, ln

BOUNDS = Bounds()


def arm(name: str, assigned: int, responded: int, age: int = 30, **more: float) -> Evidence:
    return replace(Evidence(name, [Day(age, assigned, responded)]), **more)


def chances(*arms: Evidence, **stopped: str) -> dict[str, float]:
    move = next_move(arms, BOUNDS, name="sms_email step 2", stopped=stopped)
    return {it.arm: it.propensity for it in move.arms}


@given(st.floats(1e-300, 1e300))
def test_the_logarithm_is_the_library_s(value: float) -> None:
    assert ln(np.array([value]))[0] == pytest.approx(np.log(value), rel=1e-14, abs=1e-15)


@given(st.floats(-699, 600))
def test_the_exponential_is_the_library_s(value: float) -> None:
    assert exp(np.array([value]))[0] == pytest.approx(np.exp(value), rel=1e-12)


def test_the_chance_to_be_best_is_the_share_of_draws_in_which_an_arm_is() -> None:
    arms = [Posterior(31, 970, 5000, 20), Posterior(45, 960, 4000, 0), Posterior(16, 300, 5000, 60)]
    rng = np.random.default_rng(1)
    worth = [rng.beta(it.alpha, it.beta, 400_000) * it.value_cents - it.cost_cents for it in arms]
    drawn = np.bincount(np.argmax(worth, axis=0), minlength=3) / 400_000
    # Four standard errors of so many draws.
    assert best_chances(arms) == pytest.approx(list(drawn), abs=4 * 0.5 / np.sqrt(400_000))


def test_a_return_that_costs_money_makes_an_arm_the_worse_the_likelier_it_is() -> None:
    arms = [Posterior(45, 300, -400, 2), Posterior(3, 300, -400, 1), Posterior(9, 300, 0, 3)]
    rng = np.random.default_rng(1)
    worth = [rng.beta(it.alpha, it.beta, 400_000) * it.value_cents - it.cost_cents for it in arms]
    drawn = np.bincount(np.argmax(worth, axis=0), minlength=3) / 400_000
    assert drawn[2] > 0.4
    # A worth that is one number lies inside a cell of the others' grids.
    assert best_chances(arms) == pytest.approx(list(drawn), abs=0.01)


@given(st.lists(st.tuples(st.floats(1, 5e4), st.floats(1, 1e6)), min_size=2, max_size=5))
@settings(max_examples=40, deadline=None)
def test_chances_to_be_best_sum_to_one(betas: list[tuple[float, float]]) -> None:
    found = best_chances([Posterior(*it) for it in betas])
    assert sum(found) == pytest.approx(1)
    assert min(found) >= 0


@given(
    st.lists(
        st.tuples(st.integers(0, 10**6), st.floats(0.1, 0.125), st.floats(0.125, 1.0)),
        min_size=1,
        max_size=8,
    ).filter(lambda arms: any(part for part, _, _ in arms))
)
def test_millionths_sum_to_the_whole_and_keep_the_bounds(
    arms: list[tuple[int, float, float]],
) -> None:
    parts, least, most = zip(*arms, strict=True)
    found = in_millionths([it / sum(parts) for it in parts], least, most)
    assert sum(found) == WHOLE
    assert all(it >= round(low * WHOLE) for it, low in zip(found, least, strict=True))
    if sum(round(it * WHOLE) for it in most) >= WHOLE:
        assert all(it <= round(high * WHOLE) for it, high in zip(found, most, strict=True))


def test_what_an_arm_may_not_take_goes_to_the_others_by_their_shares() -> None:
    found = in_millionths([0.8, 0.15, 0.05], [0.1, 0.1, 0.1], [0.5, 1.0, 1.0])
    # Of the 300,000 that are left above the floors, three quarters and one.
    assert found == [500_000, 325_000, 175_000]


def test_bounds_that_the_arms_cannot_keep_are_refused() -> None:
    arms = [Evidence("a", least_share=0.6), Evidence(NOTHING, least_share=0.6)]
    with pytest.raises(WinbackError, match="least shares of p step 1 sum to more than 1"):
        next_move(arms, Bounds(), name="p step 1")


def test_a_move_keeps_an_arm_within_the_operators_bounds_and_says_so() -> None:
    days = [Day(20, 1_000, 200)], [Day(20, 1_000, 20)]
    move = next_move(
        [Evidence("offer", days[0], most_share=0.6), Evidence(NOTHING, days[1])],
        Bounds(), name="p step 1",
    )  # fmt: skip
    assert {it.arm: it.propensity for it in move.arms} == {"offer": 0.6, NOTHING: 0.4}
    assert "offer gets 60.0%, the most that is allowed" in move.why


def test_an_old_day_counts_less() -> None:
    days = [Day(0, 100, 10), Day(2, 100, 50)]
    assert posterior(days, 0.5) == pytest.approx((1 + 10 + 12.5, 1 + 90 + 12.5))


@pytest.mark.parametrize(
    ("assigned", "responded"), [(49, 15), (50, 14), (10_000, 14), (0, 0)],
)  # fmt: skip
def test_all_arms_are_even_until_each_has_enough(assigned: int, responded: int) -> None:
    found = chances(arm("offer", assigned, responded), arm(NOTHING, 1_000, 500))
    assert set(found.values()) == {0.5}


def test_all_arms_are_even_while_a_return_s_worth_is_not_known() -> None:
    arms = [arm("offer", 900, 90, value_cents=0.0), arm(NOTHING, 900, 30)]
    move = next_move(arms, BOUNDS, name="step")
    assert [it.millionths for it in move.arms] == [WHOLE // 2] * 2
    assert move.why.endswith("what a return by offer is worth is not known.")


@pytest.mark.parametrize("day", [Day(-1, 10, 1), Day(3, 10, 11), Day(3, 10, -1)])
def test_evidence_that_cannot_be_is_refused(day: Day) -> None:
    with pytest.raises(WinbackError, match="bandit evidence: "):
        next_move([Evidence(NOTHING, [day])], BOUNDS, name="step")


def test_the_better_arm_gets_more_once_each_has_enough() -> None:
    found = chances(arm("offer", 1_000, 60), arm(NOTHING, 1_000, 30), arm("arrivals", 1_000, 40))
    assert found["offer"] > 0.75
    assert min(found.values()) >= 0.1


def test_sending_nothing_wins_where_a_message_costs_more_than_it_brings() -> None:
    sent = arm("offer", 2_000, 62, value_cents=500.0, cost_cents=5.0)
    found = chances(sent, arm(NOTHING, 2_000, 60, value_cents=500.0))
    assert found[NOTHING] > 0.8


def test_an_arm_whose_discount_takes_more_than_a_sale_leaves_gets_its_least() -> None:
    given_away = arm("offer", 2_000, 400, value_cents=-300.0)
    found = chances(given_away, arm(NOTHING, 2_000, 60, value_cents=500.0))
    assert found["offer"] == pytest.approx(BOUNDS.min_propensity)


@pytest.mark.parametrize(
    ("harm", "by"),
    [({"opted_out": 31}, "opt_outs"), ({"complained": 8}, "complaints")],
)  # fmt: skip
def test_a_harmful_arm_is_stopped_at_once_also_while_all_are_even(
    harm: dict[str, int], by: str
) -> None:
    bad = arm("offer", 10, 5, reached=900, **harm)
    move = next_move([bad, arm(NOTHING, 10, 1)], BOUNDS, name="step")
    assert [(it.arm, it.millionths, it.stopped_by) for it in move.arms] == [
        (NOTHING, WHOLE, ""), ("offer", 0, by),
    ]  # fmt: skip
    assert "is stopped now" in move.why


def test_as_much_harm_as_is_allowed_stops_no_arm() -> None:
    found = chances(arm("offer", 10, 5, reached=1_000, opted_out=20), arm(NOTHING, 10, 1))
    assert found["offer"] == 0.5


def test_an_arm_stays_stopped_when_its_rate_falls() -> None:
    found = chances(arm("offer", 900, 90, reached=9_000), arm(NOTHING, 900, 30), offer="complaints")
    assert found == {NOTHING: 1.0, "offer": 0.0}


def test_nothing_is_sent_where_no_arm_is_left() -> None:
    found = chances(
        arm("offer", 900, 90), arm(NOTHING, 900, 30), offer="complaints", nothing="operator"
    )
    assert found == {NOTHING: 1.0, "offer": 0.0}


@pytest.mark.parametrize(
    "wrong",
    [
        {"min_propensity": 0.09}, {"min_propensity": 0.6}, {"random_control_share": 0.0},
        {"discount": 1.1}, {"max_opt_out_rate": 0.0}, {"harm_alpha": float("nan")},
    ],
)  # fmt: skip
def test_bounds_that_cannot_be_kept_are_refused(wrong: dict[str, float]) -> None:
    (field,) = wrong
    with pytest.raises(WinbackError, match=f"bandit_steps: {field} of sms_email step 2 is"):
        next_move(
            [arm("offer", 1, 1), arm(NOTHING, 1, 1)], Bounds(**wrong), name="sms_email step 2"
        )


def test_a_step_without_the_arm_that_sends_nothing_is_refused() -> None:
    with pytest.raises(WinbackError, match="sms_email step 2 has no arm nothing"):
        chances(arm("offer", 1, 1), arm("arrivals", 1, 1))


@given(st.integers(1, 3_000), st.data(), st.floats(0.001, 0.2))
@settings(max_examples=60, deadline=None)
def test_the_chance_of_so_much_harm_is_the_binomial_s(
    reached: int, data: st.DataObject, rate: float
) -> None:
    happened = data.draw(st.integers(0, min(reached, 200)))
    expected = stats.binom.sf(happened - 1, reached, rate)
    assert chance_of_as_many(happened, reached, rate) == pytest.approx(expected, abs=1e-9)


def test_a_move_says_in_words_why() -> None:
    move = next_move([arm("offer", 1_000, 60), arm(NOTHING, 1_000, 30)], BOUNDS, name="step")
    assert move.why == (
        "The arm offer is worth most with a chance of 100%: nothing gets 10.2%, the least that is "
        "allowed (30 of 1,000 came back); offer gets 89.8% (60 of 1,000 came back)."
    )


REPLAY = """
import json, sys
from dataclasses import asdict
from winback.measure.bandit import Bounds, Day, Evidence, next_move
for case in json.load(sys.stdin):
    arms = [Evidence(name, [Day(*day) for day in days], *more) for name, days, *more in case]
    print(json.dumps(asdict(next_move(arms, Bounds(), name="step"))))
"""


@pytest.mark.parametrize("switched_off", ["", "AVX2 FMA3 AVX512F AVX512CD AVX512_SKX"])
def test_a_replay_gives_every_move_again_bit_for_bit(switched_off: str) -> None:
    """In a process of its own, also without the processor's wide instructions."""
    rng = np.random.default_rng(7)
    cases = [
        [
            (
                name,
                [(int(age), 40 + int(age) % 7, int(rng.integers(3, 20))) for age in range(30, 90)],
                float(rng.uniform(500, 9_000)),
                float(rng.uniform(0, 40)),
            )
            for name in ("arrivals", NOTHING, "offer")
        ]
        for _ in range(40)
    ]
    # JSON writes a float by the shortest text that gives its bits again.
    here = [
        json.dumps(
            asdict(
                next_move(
                    [
                        Evidence(name, [Day(*day) for day in days], worth, cost)
                        for name, days, worth, cost in case
                    ],
                    BOUNDS,
                    name="step",
                )
            )
        )
        for case in cases
    ]
    environment = os.environ | {"NPY_DISABLE_CPU_FEATURES": switched_off}
    elsewhere = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", REPLAY],
        input=json.dumps(cases), env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert elsewhere.stdout.splitlines() == here
