"""The page that a person gets is read on a phone, in light and dark, and says it in plain words."""

from __future__ import annotations

import re
from pathlib import Path

import browser
import pytest
from erasable_home import Home

from winback.people.export import export_person

pytestmark = pytest.mark.long


@pytest.mark.skipif(browser.CHROMIUM is None, reason="no chromium is installed on this machine")
def test_the_page_is_readable_folded_and_open(home: Home, tmp_path: Path) -> None:
    page = export_person(home.settings, home.clock, "c1").page
    with browser.start(tmp_path / "chromium") as tab:
        tab.open(page.as_uri())
        browser.looked_at(tab, "person")
        # As somebody reads it, part by part.
        tab.evaluate("document.querySelectorAll('details').forEach(it => { it.open = true; })")
        browser.looked_at(tab, "person-open")
        # No row goes by a name that tells nothing.
        titles = tab.evaluate("[...document.querySelectorAll('summary')].map(it => it.innerText)")
        assert len(titles) > 10
        assert "one row" not in titles
        kinds = tab.evaluate("[...document.querySelectorAll('h3')].map(it => it.innerText)")
        assert "Messages to you, with address and words" in kinds
        assert not [kind for kind in kinds if re.search(r"\b(they|them|theirs?)\b", kind, re.I)]
        spoken = {role for role, _ in tab.spoken()}
        assert {"heading", "DisclosureTriangle"} <= spoken
