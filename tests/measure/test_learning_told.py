"""What is told of steps that learn: to whoever asks for one person, and in the report."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from report_tables import publish
from test_story import ENTERED, STORY

from winback.base.settings import Settings
from winback.measure.shop_report import facts, read_figures, write_report
from winback.measure.shop_report._learning import tell_learning
from winback.measure.why import tell

pytestmark = pytest.mark.long


def test_what_a_step_dealt_is_told_with_its_chance_and_its_move() -> None:
    choice = {
        "enrollment_id": "e", "playbook_id": "sms_email", "step": 2, "arm": "nothing",
        "dealt_by": "random", "propensity": 0.1234, "move_id": "sms_email|2|2026-03-07",
        "why": "The arm offer is worth most.", "chosen_at": ENTERED + timedelta(days=1),
    }  # fmt: skip
    offered = choice | {"step": 3, "arm": "offer", "dealt_by": "bandit", "propensity": 0.7}
    story = replace(STORY, choices=[choice, offered])
    text = " ".join(line.strip() for line in tell(story, shop_timezone="UTC", width=200))
    assert (
        "step 2 of sms_email learns, and dealt nothing to send, by the random control, with a "
        "chance of 12.3%; move sms_email|2|2026-03-07: The arm offer is worth most."
    ) in text
    assert "step 3 of sms_email learns, and dealt the variant offer, by what was learned" in text


def test_the_offer_of_an_arm_is_told_and_the_arms_that_could_not_be_dealt() -> None:
    choice = {
        "enrollment_id": "e", "playbook_id": "sms_email", "step": 2, "arm": "season",
        "dealt_by": "bandit", "propensity": 0.5, "move_id": "m", "why": "All alike.",
        "chosen_at": ENTERED + timedelta(days=1), "offer_id": "season_15",
        "barred_arms": "five,ten",
    }  # fmt: skip
    plain = choice | {"step": 3, "arm": "plain", "offer_id": "none", "barred_arms": ""}
    text = " ".join(tell(replace(STORY, choices=[choice, plain]), shop_timezone="UTC", width=300))
    assert (
        "dealt the variant season with the offer season_15 (not five, ten, whose offer could not "
        "be given then), by what was learned"
    ) in text
    assert "dealt the variant plain without an offer, by what was learned" in text


def test_the_report_says_what_a_step_deals_and_what_deciding_added(tmp_path: Path) -> None:
    settings = Settings.load(home=tmp_path, brand_name="Copper & Tea", shop_timezone="UTC")
    figures = read_figures(publish(settings), timezone="UTC")
    words = facts(figures)["in_words"]
    assert "Step 2 of first deals since 2026-04-20: The arm base is worth most." in words
    assert (
        "Deciding at step 2 of first added +1.0 points to the return rate (-0.2 to +2.2), against "
        "dealing its arms evenly: not yet decidable."
    ) in words
    assert [(row["arm"], row["percent_dealt"]) for row in figures.arms] == [
        ("base", 70.0), ("nothing", 30.0),
    ]  # fmt: skip
    page = write_report(figures, settings).read_text()
    assert "Steps that learn" in page
    assert "an old move" not in page


@pytest.mark.parametrize(
    ("verdict", "points", "told"),
    [
        ("withheld", 1.0, "is withheld: its two groups are not as large as planned (p = 0.0001)"),
        ("not yet decidable", None, "is not known yet: nobody's window is over"),
    ],
)  # fmt: skip
def test_a_gain_that_can_not_be_told_says_why(
    verdict: str, points: float | None, told: str
) -> None:
    row = {
        "playbook": "p", "step": 1, "points": points, "points_low": 0.5, "points_high": 1.5,
        "srm_p_value": 0.0001, "verdict": verdict,
    }  # fmt: skip
    (line,) = tell_learning([], [row])
    assert line.startswith("What deciding added at step 1 of p ")
    assert told in line
