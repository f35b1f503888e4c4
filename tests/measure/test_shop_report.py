"""`winback report`: its figures are those of the tables, its sentences say what the verdicts say,
and the page needs nothing else and has nobody on it."""

from __future__ import annotations

import json
import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import browser
import pytest
from published_tables import write_tables
from report_tables import AS_OF, COLUMNS, ROWS, publish

from winback.base.settings import Settings
from winback.cli import main
from winback.measure.shop_report import facts, read_figures, write_report
from winback.measure.shop_report._charts import charts
from winback.measure.shop_report._sentences import (
    tell_after,
    tell_credits,
    total_brought,
)
from winback.measure.shop_report._shop import tell_shop
from winback.measure.shop_report._tests import tell_checks, tell_less_noise, tell_variants
from winback.measure.words import tell_comparison

pytestmark = pytest.mark.long


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(home=tmp_path, brand_name="Copper & Tea", shop_timezone="Europe/Berlin")


@pytest.fixture
def figures(settings: Settings) -> Any:
    return read_figures(publish(settings), timezone=settings.shop_timezone)


def test_steps_and_playbooks_count_what_was_sent_and_what_came_back(figures: Any) -> None:
    text, mail = figures.steps
    assert (text["playbook"], text["step"], text["channel"], text["variant"]) == (
        "first", 1, "sms", "a",
    )  # fmt: skip
    assert (text["sent"], text["delivered"], text["not_delivered"]) == (2, 1, 1)
    assert (text["clicked"], text["replied"], text["opted_out"]) == (1, 0, 1)
    assert (text["credited_orders"], text["revenue_credited"], text["cost"]) == (1, 40.0, 0.1)
    assert (mail["sent"], mail["not_delivered"], mail["replied"]) == (400, 10, 1)
    (top, *others) = figures.playbooks
    assert (top["playbook"], top["entered"], top["left_alone"]) == ("first", 4, 1)
    assert (top["messages_sent"], top["ordered_since"], top["credited_orders"]) == (402, 2, 1)
    assert (top["revenue_credited"], top["cost"]) == (40.0, 0.35)
    assert [(row["left_alone"], row["messages_sent"]) for row in others] == [(1, 0), (0, 0)]
    (earned,) = figures.earned
    assert (earned["customers_brought_back"], earned["revenue_brought"]) == (124, 6200)
    assert (earned["cost"], earned["net_value"]) == (10, None)


def test_who_came_back_by_which_day_is_told_up_to_the_windows_end(figures: Any) -> None:
    assert [(row["arm"], row["day"], row["percent"]) for row in figures.returns] == [
        ("holdout", 0, 0),
        ("holdout", 1, 0),
        ("treatment", 0, 0),
        ("treatment", 1, 2),
        ("treatment", 30, 9),
    ]
    assert {row["people"] for row in figures.returns if row["arm"] == "treatment"} == {100}
    told = charts(figures, "salt")["returns"].says
    assert told == (
        "first, left alone: 0.0% of 40 by day 1; "
        "first, written to: 9.0% of 100 by day 30, half of these by day 30"
    )


def test_what_follows_a_return_is_told_of_those_who_were_watched_long_enough(figures: Any) -> None:
    assert [(row["arm"], row["days_since"], row["revenue_each"]) for row in figures.after] == [
        ("treatment", 90, 75),
        ("holdout", 90, 60),
        ("treatment", 180, 60),
    ]
    assert tell_after(figures) == (
        "Of 50 customers who came back 90 days ago or earlier, 30% placed no other order within "
        "90 days."
    )
    assert tell_after(replace(figures, after=[])).startswith("Nobody has been back")


def test_credit_is_told_beside_what_was_caused_and_never_as_that(figures: Any) -> None:
    assert [tuple(row.values()) for row in figures.credits] == [
        ("email", 2, 40, 1.5, 30),
        ("sms", 0, 0, 0.5, 10),
    ]
    told = tell_credits(figures)
    assert told.startswith("40.00 is credited to messages")
    assert "What the messages caused within 30 days is +6,200.00 (+800.00 to +11,600.00)" in told
    assert "credit is bookkeeping" in told
    assert "nothing can be said yet" in tell_credits(replace(figures, earned=[]))
    assert tell_credits(replace(figures, credits=[])) == ""


def test_messages_are_told_by_their_number_and_by_those_before_them(figures: Any) -> None:
    found = {(row["by_the"], row["number"]): row for row in figures.fatigue}
    assert list(found) == [
        ("number in the enrollment", "1"),
        ("number in the enrollment", "5 or more"),
        ("earlier ones in 30 days", "0"),
        ("earlier ones in 30 days", "2"),
        ("earlier ones in 30 days", "5 or more"),
    ]
    first, last = list(found.values())[:2]
    assert (first["sent"], first["opted_out_percent"], first["complained_percent"]) == (
        400, 0.5, 0.25,
    )  # fmt: skip
    assert (last["sent"], last["opted_out_percent"]) == (20, 5)
    assert found["earlier ones in 30 days", "0"]["sent"] == 110


def test_customers_are_counted_by_stage_cell_and_reason(figures: Any) -> None:
    assert [(row["stage"], row["customers"], row["revenue"]) for row in figures.lapse] == [
        ("active", 1, 90.0),
        ("lapsed", 2, 40.0),
    ]
    assert [(row["r_score"], row["f_score"]) for row in figures.grid] == [(5, 5), (1, 1)]
    price, forgot = sorted(figures.reasons, key=lambda row: row["reason"], reverse=True)
    assert (price["customers"], price["said_so"]) == (37, 17)
    assert price["in_their_words"] == "overpriced (9), too expensive (7)"
    assert (forgot["customers"], forgot["said_so"], forgot["in_their_words"]) == (50, 0, None)
    (channel,) = figures.channels
    # The texts are older than five weeks.
    assert (channel["channel"], channel["sent"]) == ("email", 400)
    assert (channel["not_delivered_percent"], channel["complained_percent"]) == (2.5, 0.25)


def test_cohorts_and_segments_are_those_of_the_tables(figures: Any) -> None:
    march, december, november = figures.cohorts
    assert (november["customers"], november["month_1_percent"]) == (10, 40)
    assert (november["month_2_percent"], november["revenue_each"]) == (None, 15)
    # The running month shows nothing yet.
    assert (december["month_1_percent"], december["revenue_each"]) == (None, 10)
    assert march["customers"] == 3
    curve = [row for row in figures.curves if row["year"] == 2025]
    assert [(row["months_since"], row["customers"]) for row in curve] == [(0, 40), (1, 10)]
    assert [row["revenue_each"] for row in curve] == [10, 15]
    assert [tuple(row.values()) for row in figures.moves] == [
        ("loyal", "at_risk", 2),
        (None, "at_risk", 1),
    ]
    assert figures.history[-1]["customers"] == 5


def test_the_sentences_say_what_was_caused_or_when_it_can_be_said(figures: Any) -> None:
    told = facts(figures)["in_words"][:5]
    del told[2]  # what is known beforehand has a test of its own
    assert told == [
        (
            "The messages of first work. Of 100 customers picked for them, 6.2 bought again within "
            "30 days; of 100 picked to be left alone, 3.1. So they brought back some 124 of 4,000 "
            "customers, and at least 16, who would have stayed away. That was decided on "
            "2026-04-21, by a planned look."
        ),
        (
            "In money: +1.55 for each customer of first who was picked for messages (+0.20 to "
            "+2.90), some +6,200.00 in all, before the cost of the messages."
        ),
        (
            "third: nobody's 30 days are over in both groups yet. The first customers entered on "
            "2026-04-20, so look again from 2026-05-20 on."
        ),
        (
            "second: nobody was left alone, so nothing can be said of what its messages caused. "
            "Next: give it a holdout_share in dbt_project/seeds/playbooks.csv."
        ),
    ]


@pytest.mark.parametrize(
    ("verdict", "points", "says"),
    [
        ("loser", (-2.0, -3.0, -1.0), "cost some 80 of 4,000 customers, and at least 40."),
        ("no difference", (0.1, -0.4, 0.6), "At most they changed what 24 of 4,000 customers did."),
        ("not yet decidable", (1.0, -1.0, 3.0), "between -1.0 and +3.0 points, and 250 people are"),
        ("withheld", (1.0, 0.5, 1.5), "The groups are not as large as planned"),
    ],
)
def test_a_verdict_is_told_as_it_stands(
    figures: Any, verdict: str, points: tuple[float, float, float], says: str
) -> None:
    row = next(row for row in figures.effects if row["window_days"] == 30)
    ends = dict(zip(("points", "points_low", "points_high"), points, strict=True))
    row = {**row, "verdict": verdict, **ends}
    told = tell_comparison(row)
    assert says in told
    assert "work." not in told
    total = total_brought(replace(figures, effects=[row], shop=[]))
    assert total == (None if verdict == "withheld" else tuple(40 * it for it in points))


def test_a_gain_in_money_that_may_be_nothing_is_called_so(figures: Any) -> None:
    for row in figures.effects:
        row["revenue_each_low"] = -0.5
    assert "That it is more than nothing is not proven." in facts(figures)["in_words"][1]


def test_the_page_needs_nothing_else_and_has_nobody_on_it(settings: Settings, figures: Any) -> None:
    page = write_report(figures, settings).read_text()
    assert (
        re.findall(r"""(?:src|href)\s*=\s*["'](?!#)[^"']*|url\((?!#)|<script|@import""", page) == []
    )
    assert "Copper &amp; Tea" in page
    assert "first: 3.1 of 100 customers come back by themselves within 30 days" in page
    for person in ("anna", "bert", "carl", "dora"):
        assert person not in page
    # Each chart is told in words, and no two parts have one id.
    assert page.count('role="img"') == page.count("<figcaption>") == 8
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_a_shop_without_a_message_gets_a_page_that_says_so(settings: Settings) -> None:
    kept = {"customers", "contact_rules"}
    rows = {name: found for name, found in ROWS.items() if name in kept}
    folder = publish(settings)
    write_tables(folder, COLUMNS, rows)
    figures = read_figures(folder, timezone="UTC")
    page = write_report(figures, settings).read_text()
    assert "Nobody has entered a playbook yet" in page
    assert "No message left in the last five weeks." in page
    assert "no message yet" in page


def test_the_newest_orders_age_is_counted_in_days_of_the_shop(settings: Settings) -> None:
    folder = publish(settings, as_of="2026-04-29T22:30:00+00:00")  # after midnight in Berlin
    figures = read_figures(folder, timezone=settings.shop_timezone)
    page = write_report(figures, settings).read_text()
    assert "The newest order is of 2026-04-29: yesterday." in page


@pytest.mark.skipif(browser.CHROMIUM is None, reason="no Chromium on this machine")
def test_the_page_is_readable_in_a_browser(
    settings: Settings, figures: Any, tmp_path: Path
) -> None:
    page = write_report(figures, settings)
    with browser.start(tmp_path / "profile") as tab:
        tab.open(page.as_uri())
        browser.looked_at(tab, "report")
        # Charts are drawn in the page's own color of text.
        texts = "[...document.querySelectorAll('svg text')]"
        inks = f"[...new Set({texts}.map(it => getComputedStyle(it).fill))]"
        text = "getComputedStyle(document.body).color"
        for scheme in ("light", "dark"):
            tab.prefer(scheme)
            assert tab.evaluate(inks) == [tab.evaluate(text)]
        printed = tab.call("Page.printToPDF", preferCSSPageSize=True)["data"]
    assert len(printed) > 10_000


def test_the_command_shows_the_newest_set_or_that_of_a_moment(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WINBACK_HOME", str(settings.home))
    publish(settings, "20260430T120000Z-bbbbbbbb", "2026-04-30T12:00:00+00:00")
    publish(settings)
    assert run(monkeypatch, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["as_of"] == AS_OF
    assert Path(found["page"]) == settings.reports_dir / "report.html"
    assert found["steps"][0]["sent"] == 2
    out = settings.home / "worth.html"
    assert run(monkeypatch, "--as-of", "2026-04-30T13:00:00Z", "--out", str(out)) == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(out)
    assert "20260430T120000Z-bbbbbbbb" in out.read_text()
    assert run(monkeypatch, "--as-of", "2026-04-30T11:00:00Z") == 2
    assert "The oldest that is kept stands on" in capsys.readouterr().err
    (settings.published_dir / "current" / "step_results.parquet").unlink()
    assert run(monkeypatch) == 1
    assert "has no step_results: an earlier version published it" in capsys.readouterr().err
    shutil.rmtree(settings.published_dir)
    assert run(monkeypatch) == 1
    assert capsys.readouterr().err == (
        "winback: Nothing is published to report on. Next: winback build\n"
    )


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["winback", "report", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_the_shop_has_one_number_and_a_year_of_it(figures: Any) -> None:
    people, money, playbooks = tell_shop(figures)
    assert people == (
        "All playbooks together: of 100 customers whom they picked, +3.1 bought again within 30 "
        "days beyond those whom every playbook leaves alone (+0.4 to +5.8; 9,500 against 500 "
        "customers): winner."
    )
    assert money == (
        "In a year that leaves +30,000 (+6,000 to +54,000), after refunds, discounts, the goods "
        "and the messages, if 20,000 customers are picked as in the last year."
    )
    assert playbooks == (
        "The 2 playbooks against their own holdouts, weighed together, brought back 2.9 more of "
        "100 customers (+1.2 to +4.6). Of how far they differ from each other, 40 % is more than "
        "chance."
    )


def test_before_a_quarter_is_over_the_shop_hears_of_a_customer_and_of_no_year(
    figures: Any,
) -> None:
    young = [row | {"a_year": None} for row in figures.shop]
    said = list(tell_shop(replace(figures, shop=young)))
    assert said[1].startswith("Each of them left the shop +1.50 more (+0.30 to +2.70), after")
    assert said[1].endswith("can be said once a quarter is over.")


def test_without_a_margin_the_shop_is_told_what_to_set(figures: Any) -> None:
    rows = [row for row in figures.shop if row["metric"] == "reactivation"]
    assert "set gross_margin_share" in list(tell_shop(replace(figures, shop=rows)))[1]
    off = [row | {"verdict": "withheld"} for row in rows[:1]]
    assert [it[:36] for it in tell_shop(replace(figures, shop=off))] == [
        "All playbooks together: no result. T"
    ]
    assert list(tell_shop(replace(figures, shop=[]))) == []


def test_the_adjusted_figure_stands_beside_the_plain_one_with_what_it_saves(figures: Any) -> None:
    told = facts(figures)["in_words"]
    assert told[2] == (
        "With how lately, how often and for how much they had bought taken into account, the "
        "difference of first is +2.9 points (+0.5 to +5.4). To decide by it takes 8% fewer "
        "customers."
    )
    row = next(row for row in figures.effects if row["window_days"] == 30)
    (useless,) = tell_less_noise({**row, "fewer_customers_percent": -0.2})
    assert useless.endswith("To decide by it takes no fewer customers.")
    assert list(tell_less_noise({**row, "is_adjusted": False})) == []
    assert list(tell_less_noise({**row, "verdict": "withheld"})) == []


def compared(figures: Any, contrast: str, verdict: str, p_value: float) -> dict[str, Any]:
    row = next(row for row in figures.effects if row["window_days"] == 30)
    return {**row, "contrast": contrast, "verdict": verdict, "holm_p_value": p_value}


def test_of_several_variants_the_decided_ones_are_told_or_what_comes_closest(figures: Any) -> None:
    open_ = [
        compared(figures, "treatment-vs-holdout", "winner", 0.001),
        compared(figures, "offer-vs-holdout", "winner", 0.002),
        compared(figures, "arrivals-vs-news", "not yet decidable", 0.8),
        compared(figures, "news-vs-offer", "not yet decidable", 0.07),
    ]
    (closest,) = tell_variants(open_, 30)
    assert closest == (
        "Between the variants of first nothing is decided. The clearest difference is that of news "
        "and offer: +3.1 points, with a p-value of 0.07 once it is corrected for the other "
        "comparisons (Holm)."
    )
    (told,) = tell_variants([*open_, compared(figures, "arrivals-vs-offer", "loser", 0.001)], 30)
    assert told.startswith("Variant arrivals of first brings back fewer customers than offer. Of")
    assert list(tell_variants(open_[:2], 30)) == []


def test_groups_that_are_not_as_dealt_are_told_part_by_part(figures: Any) -> None:
    (as_planned,) = tell_checks(figures.checks)
    assert as_planned == (
        "Chance dealt the groups as planned, as far as that can be told from 1 part (by day, week, "
        "segment, country and mailbox provider)."
    )
    places = ("DE", "FR", "GB", "IT", "NL")
    off = [{**figures.checks[0], "part": place, "is_off": True} for place in places]
    told = list(tell_checks(off))
    assert len(told) == 4
    assert "among customers of country DE: 120 are left alone, and 100 should be." in told[0]
    assert told[3].startswith("So it is in 2 other parts;")
    assert list(tell_checks([])) == []


def test_a_verdict_whose_plain_interval_is_wider_claims_no_least(figures: Any) -> None:
    row = compared(figures, "treatment-vs-holdout", "winner", 0.001)
    told = tell_comparison({**row, "points_low": -0.1})
    assert "So they brought back some 124 of 4,000 customers, who would have stayed away." in told


def test_the_first_figure_is_that_of_the_people_whom_all_leave_alone(figures: Any) -> None:
    # 3.1 (0.4 to 5.8) of 100, of 9,500 customers; the playbook's own would be 124.
    assert total_brought(figures) == (294, 38, 551)
    off = [row | {"verdict": "withheld"} for row in figures.shop]
    assert total_brought(replace(figures, shop=off)) == (124, 16, 232)
