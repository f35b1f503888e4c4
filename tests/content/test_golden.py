"""What the shipped messages say, as it was read and found good: `make docs` writes it anew."""

from __future__ import annotations

from pathlib import Path

import browser
import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
# Of every text that is seen: the size of its letters, in CSS pixels.
SIZES = """
[...document.querySelectorAll('body *')].filter(element =>
  element.checkVisibility() &&
  [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())
).map(element => [element.textContent.trim(), parseFloat(getComputedStyle(element).fontSize)])
"""
# What would be reached only by scrolling sideways, the page itself or a part of it.
TOO_WIDE = """
[...document.querySelectorAll('html, body *')]
  .filter(element => element.checkVisibility() && element.getBoundingClientRect().right
    > document.documentElement.clientWidth + 0.5)
  .map(element => element.outerHTML.slice(0, 80))
"""


@pytest.fixture(scope="module")
def golden():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "scripts")
        import golden_files

        yield golden_files


@pytest.fixture(scope="module")
def mails(golden):
    """Every mail that a shipped playbook may send."""
    return [it for shown in golden.shown(ROOT).values() for it in shown if it.page]


def test_every_message_says_what_it_was_read_to_say(golden):
    told = golden.files(ROOT)
    there = {path.name for path in (ROOT / golden.FOLDER).iterdir()}
    assert there == {path.name for path in told}, "Next: make docs"
    stale = [
        str(path) for path, text in told.items()
        if (ROOT / path).read_text(encoding="utf-8") != text
    ]  # fmt: skip
    assert stale == [], "Next: make docs, and read what changed"


def look_at(tab, mails, folder):
    for number, mail in enumerate(mails):
        path = folder / "mail.html"
        path.write_text(mail.page, encoding="utf-8")
        tab.open(path.as_uri())
        name = f"{mail.template}-{mail.locale}-{mail.about}".replace("/", "-").replace(" ", "-")
        for scheme in ("light", "dark"):
            tab.prefer(scheme)
            for width in (375, 700):
                tab.size(width, 900)
                assert tab.evaluate(TOO_WIDE) == [], (name, scheme, width)
                small = [it for it in tab.evaluate(SIZES) if it[1] < 14]
                assert small == [], (name, scheme, width)
                if browser.SHOTS:
                    shot = f"mail-{number:03}-{name}-{scheme}-{width}.png"
                    tab.screenshot(Path(browser.SHOTS) / shot)
            weak = [(tag, ratio) for tag, ratio in tab.evaluate(browser.CONTRASTS) if ratio < 4.5]
            assert weak == [], (name, scheme)


needs_chromium = pytest.mark.skipif(
    browser.CHROMIUM is None, reason="needs Chromium (apt install chromium)"
)


@needs_chromium
def test_mails_read_well_on_a_phone_and_on_a_desk_light_and_dark(mails, tmp_path):
    # The longest words, whose lines break last.
    german = {it.template: it for it in mails if (it.locale, it.about) == ("de", "All facts known")}
    with browser.start(tmp_path / "profile") as tab:
        look_at(tab, german.values(), tmp_path)


@pytest.mark.slow
@needs_chromium
def test_every_mail_in_every_language_reads_well_everywhere(mails, tmp_path):
    with browser.start(tmp_path / "profile") as tab:
        look_at(tab, mails, tmp_path)
