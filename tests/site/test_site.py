"""The docs as a site: whole, from a disk alone, on a phone and a desk, light and dark."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import browser
import pytest
from browser import SHOTS, Browser

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
looked_at = pytest.mark.skipif(
    browser.CHROMIUM is None, reason="no chromium or google-chrome is installed on this machine"
)
# The theme hides and shows what stands around the words by itself.
CONTRASTS = browser.CONTRASTS.replace("'body *'", "'.md-content *, .md-tabs *'")
# A page of each kind: words, wide tables, long code, long names.
PAGES = (
    "index",
    "settings",
    "events",
    "input",
    "analysts",
    "rules",
    "comparison",
    "lapse",
    "tutorial",
)


def build(into: Path, *options: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--site-dir", into, *options],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    code, said = build(folder)
    assert code == 0, said
    return folder


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser.start(tmp_path_factory.mktemp("chromium")) as started:
        yield started


def test_the_site_has_each_page_and_asks_no_other_host_for_a_part_of_it(site: Path) -> None:
    pages = {page.name for page in (ROOT / "docs").glob("*.md")}
    built = {page.with_suffix(".md").name for page in site.glob("*.html")}
    assert pages | {"changelog.md", "decisions.md", "architecture.md"} <= built
    asked = re.compile(r"<(?:script|img|iframe|source)[^>]*\ssrc=\"?(?:https?:)?//|<link[^>]*//")
    foreign = {
        page.name: asked.findall(page.read_text(encoding="utf-8")) for page in site.glob("*.html")
    }
    assert {name: found for name, found in foreign.items() if found} == {}


def test_no_link_to_a_file_outside_of_the_site_is_left(site: Path) -> None:
    left = {
        page.name: re.findall(r"href=\"?\.\./[^\" >]*", page.read_text(encoding="utf-8"))
        for page in site.glob("*.html")
        if page.name != "404.html"
    }
    assert {name: found for name, found in left.items() if found} == {}


def test_a_link_that_leads_nowhere_fails_the_build(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "index.md").write_text("# Home\n\n[a](no.md) [b](index.md#no) [c](../no.py)\n")
    config = tmp_path / "mkdocs.yml"
    config.write_text(
        f"INHERIT: {ROOT / 'mkdocs.yml'}\ndocs_dir: {docs}\nnav: [index.md]\n"
        f"hooks: [{ROOT / 'scripts/site_hooks.py'}]\nplugins: []\n"
    )
    code, said = build(tmp_path / "site", "--config-file", str(config))
    assert code == 1
    for link in ("'no.md'", "'index.md#no'", "link to no.py leads nowhere"):
        assert link in said, said


@looked_at
@pytest.mark.parametrize("page", PAGES)
def test_a_page_fits_and_can_be_read_on_a_phone_and_a_desk_in_light_and_dark(
    site: Path, chromium: Browser, page: str
) -> None:
    backgrounds = set()
    for scheme in ("light", "dark"):
        chromium.prefer(scheme)
        for width in (390, 1200):
            chromium.size(width, 850)
            chromium.open((site / f"{page}.html").as_uri())
            assert chromium.evaluate("document.documentElement.scrollWidth") <= width
            backgrounds.add(chromium.evaluate("getComputedStyle(document.body).backgroundColor"))
            weak = [told for told in chromium.evaluate(CONTRASTS) if told[1] < 4.5]
            assert not weak, (scheme, width, weak[:5])
            if SHOTS:
                chromium.screenshot(Path(SHOTS) / f"site-{page}-{width}-{scheme}.png")
    assert len(backgrounds) == 2
    foreign = "performance.getEntriesByType('resource').filter(r => !r.name.startsWith('file:'))"
    assert chromium.evaluate(f"{foreign}.length") == 0


@looked_at
def test_the_search_finds_words_from_a_disk(site: Path, chromium: Browser) -> None:
    chromium.size(1200, 850)
    chromium.open((site / "index.html").as_uri())
    field = "document.querySelector('.md-search__input')"
    chromium.wait_for(f"!!{field}")
    chromium.evaluate(f"{field}.focus()")
    deadline = time.monotonic() + 20
    # The theme takes words only once its index is read, and says so nowhere.
    while not chromium.evaluate("document.querySelector('.md-search-result__item')?.innerText"):
        assert time.monotonic() < deadline, "nothing was found"
        chromium.evaluate(f"{field}.value = ''")
        chromium.call("Input.insertText", text="holdout")
        time.sleep(0.5)
    found = chromium.evaluate("document.querySelector('.md-search-result__item').innerText")
    assert "holdout" in found.lower()
