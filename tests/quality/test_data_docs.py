"""Data Docs: pages that need no network, and say what a gate found in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import browser
import pytest

from quality._figures import Figure
from quality._pages import REMEMBERED, Check, write_pages
from quality._rules import GATES
from winback.base.settings import Settings

pytestmark = pytest.mark.long

AS_OF = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
RULES = GATES["sources"]
FIGURES = [Figure(rule.name, 1234.5, 10.0, "ann@example.com") for rule in RULES]
STALE, LOST, THIN = RULES[2].name, RULES[3].name, "products_missing"
CHECK = Check(AS_OF, RULES, FIGURES, frozenset({STALE, LOST, THIN}), frozenset({LOST}))
SOUND = replace(CHECK, broken=frozenset())


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(home=tmp_path, shop_timezone="Europe/Berlin")


def page(settings: Settings, name: str = "sources/index.html") -> str:
    return (settings.reports_dir / "data_docs" / name).read_text()


def words(text: str) -> str:
    without_looks = re.sub(r"(?s)<style>.*</style>", "", text)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", without_looks)).split())


def test_a_page_says_what_was_found_what_it_means_and_what_to_do(settings: Settings) -> None:
    write_pages("sources", CHECK, settings)
    told = words(page(settings))
    assert "as of Mon 02 Mar 2026, 16:30 Europe/Berlin" in told
    assert "Stopped: Days since the newest order" in told
    assert "Let through once, as asked: Orders lost, %" in told
    assert "Warned: Products missing" in told
    assert f"{len(RULES) - 3} of {len(RULES)} checks passed." in told
    stale = next(rule for rule in RULES if rule.name == STALE)
    assert f"{stale.meaning} Next: {stale.next_step} {STALE} 1,234.5 10 stopped" in told
    assert "ann@example.com" not in page(settings), "ids stand in the run's message alone"


def test_the_page_above_shows_each_gate_s_last_check(settings: Settings) -> None:
    write_pages("sources", SOUND, settings)
    outcomes = GATES["outcomes"]
    figures = [Figure(rule.name, 0.0, 0.0, "") for rule in outcomes]
    write_pages("outcomes", Check(AS_OF, outcomes, figures, frozenset(), frozenset()), settings)
    told = words(page(settings, "index.html"))
    assert (
        f"What came in The shop's files, before anything is computed from them. As of "
        f"Mon 02 Mar 2026, 16:30 Europe/Berlin. {len(RULES)} of {len(RULES)} checks passed." in told
    )
    assert "before any is sent. Not checked yet." in told
    assert 'href="outcomes/index.html"' in page(settings, "index.html")
    assert 'href="decisions/index.html"' not in page(settings, "index.html")


def test_earlier_checks_stay_on_the_page_and_no_more_than_it_remembers(settings: Settings) -> None:
    for day in range(REMEMBERED + 2):
        at = AS_OF + timedelta(days=day)
        write_pages("sources", replace(CHECK if day == 3 else SOUND, as_of=at), settings)
    told = words(page(settings)).partition("Earlier checks")[2]
    assert told.count("16:30") + told.count("17:30") == REMEMBERED - 1
    assert "Thu 05 Mar 2026, 16:30 Europe/Berlin stopped: Days since" in told
    assert "03 Mar 2026" not in told


@pytest.mark.parametrize("left", ["garbage", "[5, null]", '{"a": 1}', "[]"])
def test_what_is_no_memory_of_checks_is_begun_anew(settings: Settings, left: str) -> None:
    write_pages("sources", SOUND, settings)
    (settings.reports_dir / "data_docs/sources/checks.json").write_text(left)
    write_pages("sources", CHECK, settings)
    assert "Earlier checks" not in page(settings)


def test_what_great_expectations_left_before_is_gone(settings: Settings) -> None:
    former = settings.reports_dir / "data_docs/sources/static/fonts/a.otf"
    former.parent.mkdir(parents=True)
    former.touch()
    write_pages("sources", SOUND, settings)
    assert not former.parents[1].exists()


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Browser]:
    if browser.CHROMIUM is None:
        pytest.skip("no chromium or google-chrome is installed on this machine")
    with browser.start(tmp_path_factory.mktemp("chromium")) as started:
        yield started


def test_pages_fit_and_read_well_and_ask_no_other_host(
    settings: Settings, tab: browser.Browser
) -> None:
    write_pages("sources", SOUND, settings)
    write_pages("sources", CHECK, settings)
    for name in ("index.html", "sources/index.html"):
        assert not re.search(
            r"(src|href)=.?(https?:)?//|url\(|@import|<script", page(settings, name)
        )
        tab.open((settings.reports_dir / "data_docs" / name).as_uri())
        browser.looked_at(tab, f"data-docs-{name.replace('/', '-')}")
