"""A step that learns, over days of a shop: real builds, a real ledger, a kill in between."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from bandit_runs import ARMS, DAY, LearningShop, arm_row, learning_shop
from playbook_runs import utc

from winback.ledger import Ledger, open_ledger
from winback.measure import bandit
from winback.warehouse import _dbt

# Several builds; the rooms' tests and the units hold the branches.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

# A Thursday, 15:30 in New York.
START = utc(2026, 3, 5, 20, 30)
RATES = {"offer": 0.5, "arrivals": 0.12, bandit.NOTHING: 0.1}


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[tuple[LearningShop, Ledger]]:
    with learning_shop(tmp_path, START) as found:
        yield found


def test_a_shop_moves_to_the_better_arm_and_deals_by_it(
    opened: tuple[LearningShop, Ledger],
) -> None:
    shop, ledger = opened
    shop.open(ledger, past=600, new=300, rate=RATES.__getitem__)

    (kept,) = shop.run(ledger, START)
    assert kept.move.phase == "learning"
    offer = next(it for it in kept.move.arms if it.arm == "offer")
    assert offer.propensity == 0.7
    assert "offer gets 70.0%, the most that is allowed" in kept.move.why
    # The same by SQL, which counted the days and the worth of a return.
    past = {row["arm"]: row for row in shop.rows("from bandit_moves where phase = 'learning'")}
    assert {arm: row["assigned"] for arm, row in past.items()} == {
        row["arm"]: row["n"]
        for row in shop.rows(
            "select arm, count(*) as n from bandit_choices where is_window_over group by arm"
        )
    }
    assert past["offer"]["value_cents"] == 3_000

    # The next day their second step may be due. The process dies between move and dealing.
    (second,) = build_and_move(shop, ledger, START + DAY)
    shop.build(START + DAY)
    dealt = "select enrollment_id, arm, dealt_by, propensity from bandit_choices where not is_kept"
    before = shop.rows(f"{dealt} order by all")
    assert len(before) == 300
    with open_ledger(shop.settings) as restarted:
        assert not shop.run(restarted, START + DAY)
        assert shop.rows(f"{dealt} order by all") == before
        found = bandit.replay(restarted)
    assert (found.moves, found.choices, found.different) == (3, 900, ())
    assert second.move_id in {row["move_id"] for row in shop.rows("from bandit_choices")}

    # Both groups get what they were dealt; the holdout is nobody's.
    shares = {
        row["arm"]: row["n"] / 300
        for row in shop.rows(f"select arm, count(*) as n from ({dealt} and true) group by arm")
    }
    assert shares["offer"] == pytest.approx(0.66, abs=0.09)
    assert min(shares.values()) > 0.05
    held = shop.rows("from send_decisions where arm = 'holdout' and blocked_by like '%bandit%'")
    assert not held
    by_arm = {
        (row["variant"], row["decision"], row["blocked_by"])
        for row in shop.rows("from send_decisions where step = 2 and arm = 'treatment'")
    }
    assert ("nothing", "suppressed", "bandit_nothing") in by_arm
    assert {variant for variant, _, _ in by_arm} == set(ARMS)
    templates = {
        row["template"] for row in shop.rows("from outbox where step = 2 and action = 'plan'")
    }
    assert templates == {"sms_email/2_offer", "sms_email/2_arrivals"}

    # A later move changes nothing for those who were dealt, and an arm that is stopped is not sent.
    shop.list_arms(*(arm_row(arm, stopped="true" if arm == "offer" else "") for arm in ARMS))
    reseed(shop, START + DAY)
    (stopped,) = shop.run(ledger, START + DAY + timedelta(hours=1))
    assert next(it for it in stopped.move.arms if it.arm == "offer").stopped_by == "operator"
    kept_now = shop.rows(
        "select enrollment_id, arm, dealt_by, propensity from bandit_choices "
        "where enrollment_id not like 'past %' order by all"
    )
    assert kept_now == before
    assert {
        (row["decision"], row["blocked_by"])
        for row in shop.rows("from send_decisions where step = 2 and variant = 'offer'")
    } == {("suppressed", "bandit_stopped")}
    assert not shop.rows("from outbox where step = 2 and variant = 'offer'")

    # The report's table, by the log alone.
    results = {row["policy"]: row for row in shop.rows("from bandit_results")}
    assert set(results) == {"learned", *ARMS}
    for arm, rate in RATES.items():
        found_rate, error = results[arm]["dr_rate"], results[arm]["dr_se"]
        assert abs(found_rate - rate) < 4 * error
    # A month in which all were dealt evenly: deciding had added nothing yet.
    learned = results["learned"]
    assert learned["n_bandit"] + learned["n_random"] == 600
    assert learned["ci_low"] < 0 < learned["ci_high"]
    assert learned["srm_p_value"] > 0.001


def test_arms_that_are_alike_gain_nothing(opened: tuple[LearningShop, Ledger]) -> None:
    shop, ledger = opened
    shop.open(ledger, past=900, new=5, rate=lambda _: 0.2)
    shop.run(ledger, START)
    (learned,) = shop.rows("from bandit_results where policy = 'learned'")
    assert learned["verdict"] in {"not yet decidable", "no difference"}
    assert learned["sequential_ci_low"] < 0 < learned["sequential_ci_high"]


def build_and_move(shop: LearningShop, ledger: Ledger, at: datetime) -> list[bandit.Kept]:
    shop.build(at)
    return shop.move(ledger, at)


def reseed(shop: LearningShop, at: datetime) -> None:
    seed = ["seed", "--select", "bandit_steps"]
    _dbt.invoke_dbt(shop.settings, seed, _dbt.dbt_vars(shop.settings, at))
