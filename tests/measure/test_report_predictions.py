"""What the report says of predictions: what is foretold, whether a rule may read it, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from report_tables import publish

from winback.base.settings import Settings
from winback.measure.shop_report import facts, read_figures, write_report
from winback.measure.shop_report._predictions import tell_predictions

pytestmark = pytest.mark.long


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(home=tmp_path, brand_name="Tea", shop_timezone="Europe/Berlin")


@pytest.fixture
def figures(settings: Settings) -> Any:
    return read_figures(publish(settings), timezone=settings.shop_timezone)


def test_a_prediction_that_no_rule_may_read_says_which_falls_short_and_why(figures: Any) -> None:
    told = list(tell_predictions(figures.quality, figures.foretold))
    everybody, rule, orders, revenue, alive = told
    assert everybody == (
        "Of 3 customers the next 90 days are foretold: 2 order days to expect, and 15.00 at risk "
        "with those who may have left."
    )
    assert rule.startswith("No rule reads this")
    assert "by the margin of 1.0 points that was set before, and not all do." in rule
    assert orders == (
        "How many orders to expect: the prediction picks the right one of two customers in 75.4% "
        "of cases, the days since the last order do in 75.0%. That is not enough. It foretold 1.20 "
        "times the orders that came."
    )
    assert revenue.endswith(
        "The gain is enough, and the customers are too few to trust it. It foretold 0.90 times "
        "the revenue that came."
    )
    assert alive.startswith("Who still orders: the prediction picks")
    assert alive.endswith("in 75.0%. That is enough.")
    assert set(told) <= set(facts(figures)["in_words"])


def test_a_prediction_that_beats_the_margin_may_be_read(figures: Any) -> None:
    used = [{**row, "is_used": True} for row in figures.foretold]
    told = list(tell_predictions(figures.quality, used))
    assert told[1].startswith("A rule may read this: on days that the models had not seen")
    assert "by at least the margin of 1.0 points" in told[1]


def test_what_could_not_be_compared_or_checked_says_so(figures: Any) -> None:
    nobody = [{**figures.quality[0], "auc_percent": None, "gain_points": None}]
    assert list(tell_predictions(nobody, figures.foretold))[-1] == (
        "How many orders to expect: nothing could be compared, since all of the customers did, or "
        "nobody."
    )
    assert "nothing tells yet how well" in list(tell_predictions([], figures.foretold))[-1]
    assert list(tell_predictions([], [])) == []
    without = [{**row, "value_at_risk": None} for row in figures.foretold]
    assert next(tell_predictions([], without)).endswith("2 order days to expect.")


def test_the_page_has_a_section_of_predictions(settings: Settings, figures: Any) -> None:
    assert [(row["stage"], row["customers"], row["value_at_risk"]) for row in figures.foretold] == [
        ("active", 1, 3),
        ("lapsed", 2, 12),
    ]
    page = write_report(figures, settings).read_text()
    section = page[page.index('<h2 id="predictions">') : page.index('<h2 id="reasons">')]
    assert "The next days of each lapse stage" in section
    assert "No rule reads this" in section
    assert "50 is chance" in section
    assert 'href="#predictions"' in page


def test_without_a_model_the_section_says_when_there_is_one(
    settings: Settings, figures: Any
) -> None:
    figures.quality.clear()
    figures.foretold.clear()
    page = write_report(figures, settings).read_text()
    assert "Nothing is foretold yet." in page
