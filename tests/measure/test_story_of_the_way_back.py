"""`winback why` tells where a person stands on the way back, and what that kept from them."""

from __future__ import annotations

from typing import Any

import pytest
from test_story import RULES, STORY, decided, enrollment, rule, told

SAID = "what the step says does not belong to where they stand"
WITH_RULE = {**RULES, "journey": rule("journey", "decision", SAID)}


def suppressed(**columns: Any) -> dict[str, Any]:
    return {**decided(4, 11, "suppressed", "journey"), **columns}


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ("inactivity", "in sms_email now, at the stage inactivity: they were made no offer yet"),
        ("offer_presentation", "at the stage offer presentation: they were made an offer"),
        ("post_engagement", "at the stage post-engagement: they clicked, replied or ordered"),
    ],
)
def test_who_is_in_a_playbook_is_told_their_stage(stage: str, words: str) -> None:
    assert words in told(enrollments=[enrollment(journey_stage=stage)])


def test_no_stage_is_told_of_the_holdout_or_of_a_set_that_has_none() -> None:
    held = enrollment(arm="holdout", journey_stage="inactivity")
    assert "at the stage" not in told(enrollments=[held])
    assert "in sms_email now" in told(enrollments=[enrollment()])
    assert "at the stage" not in told(enrollments=[enrollment()])


def test_a_step_that_does_not_belong_to_the_stage_says_both() -> None:
    row = suppressed(journey_stage="inactivity", content_tag="last_chance")
    text = told(decisions=[row], rules=WITH_RULE)
    assert f"not sent - {SAID} [journey]" in text
    assert "(it says last_chance, and they are at the stage inactivity)" in text


def test_a_decision_of_an_older_version_is_told_without_them() -> None:
    row = suppressed(journey_stage=None, content_tag=None)
    text = told(decisions=[row], rules=WITH_RULE)
    assert f"{SAID} [journey]" in text
    assert "it says" not in text
    assert STORY.decisions == []
