"""The pages behind a message, as a real browser shows them: by keyboard, spoken, small, dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import browser
import pytest
from browser import SHOTS, Browser, looked_at
from inbound_parts import PHONE, add_message, rows

from winback.ledger import Ledger, link_token, sign_token, tables
from winback.pages import RunningReceiver

pytestmark = pytest.mark.skipif(
    browser.CHROMIUM is None, reason="no chromium or google-chrome is installed on this machine"
)
OUTLINE = """
(() => {
  const box = document.activeElement.closest('.option') ?? document.activeElement;
  const style = getComputedStyle(box);
  return style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth);
})()
"""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser.start(tmp_path_factory.mktemp("chromium")) as started:
        yield started


@pytest.fixture
def tab(chromium: Browser) -> Browser:
    chromium.size(1100, 900)
    chromium.prefer("light")
    return chromium


@pytest.fixture
def link(receiver: RunningReceiver, ledger: Ledger) -> str:
    add_message(ledger, "m1", customer_id="ann")
    add_message(ledger, "text", customer_id="ann", channel="sms", address=PHONE, state="planned")
    return f"{receiver.base_url}/u/{sign_token(ledger, 'm1')}"


def heading(tab: Browser) -> str:
    return str(tab.evaluate("document.querySelector('h1')?.textContent ?? ''"))


def confirmed(tab: Browser, title: str) -> None:
    tab.wait_for(f"document.querySelector('h1')?.textContent === {title!r}")


def test_a_break_is_chosen_by_keyboard_alone_and_taken_back(
    tab: Browser, link: str, ledger: Ledger, eventually: Callable[[Callable[[], bool]], float]
) -> None:
    tab.open(link)
    looked_at(tab, "choices")
    tab.press("Tab")
    assert tab.evaluate("document.activeElement.value") == "channel"
    assert tab.evaluate(OUTLINE) >= 2
    for _ in range(3):
        tab.press("ArrowDown")
    assert tab.evaluate("document.querySelector(':checked').value") == "pause"
    if SHOTS:
        tab.screenshot(Path(SHOTS) / "choices-focus.png")
    tab.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "Confirm my choice"
    assert tab.evaluate(OUTLINE) >= 2
    tab.press("Enter")
    confirmed(tab, "Your break has begun")
    eventually(lambda: len(rows(ledger, "preferences")) == 3)
    looked_at(tab, "break")
    tab.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "Undo my choice"
    tab.press("Enter")
    confirmed(tab, "Your choice was taken back")
    eventually(lambda: all(row["withdrawn_at"] for row in rows(ledger, "preferences")))
    looked_at(tab, "undone")


@pytest.mark.parametrize("language", ["es", "fr", "de"])
def test_the_pages_fit_in_every_language(tab: Browser, link: str, language: str) -> None:
    tab.call("Network.enable")
    tab.call("Network.setExtraHTTPHeaders", headers={"Accept-Language": language})
    tab.open(link)
    assert tab.evaluate("document.documentElement.lang") == language
    looked_at(tab, f"choices-{language}")
    tab.click("#pause")
    tab.click("button")
    tab.wait_for("document.querySelector('time') !== null")
    looked_at(tab, f"break-{language}")
    tab.call("Network.setExtraHTTPHeaders", headers={})


def test_a_press_on_a_choice_anywhere_takes_it_and_everything_is_stopped(
    tab: Browser, link: str, ledger: Ledger, eventually: Callable[[Callable[[], bool]], float]
) -> None:
    tab.size(390, 844)
    tab.open(link)
    tab.click("#all-hint")
    assert tab.evaluate("document.querySelector(':checked').value") == "all"
    tab.click("button")
    confirmed(tab, "You are unsubscribed from everything")
    eventually(lambda: len(rows(ledger, "suppressions")) == 2)
    looked_at(tab, "stopped")


def test_a_screen_reader_is_told_what_is_asked_and_what_each_choice_means(
    tab: Browser, link: str
) -> None:
    tab.open(link)
    spoken = tab.spoken()
    assert [name for role, name in spoken if role == "heading"] == [
        "Unsubscribe from Björn & Co <Shop>"
    ]
    assert ("group", "What would suit you?") in spoken
    assert [name for role, name in spoken if role == "radio"] == [
        "Stop these emails", "Stop everything", "Fewer messages", "A break of 30 days",
    ]  # fmt: skip
    assert ("button", "Confirm my choice") in spoken
    assert {"main", "banner"} <= {role for role, _ in spoken}
    described = "[...document.querySelectorAll('input')].map(i => document.getElementById("
    hints = tab.evaluate(described + "i.getAttribute('aria-describedby')).textContent)")
    assert len(set(hints)) == 4
    assert tab.evaluate("document.documentElement.lang") == "en"
    assert tab.evaluate("document.title") == "Unsubscribe from Björn & Co <Shop>"


def test_without_style_the_page_still_works(
    tab: Browser, link: str, ledger: Ledger, eventually: Callable[[Callable[[], bool]], float]
) -> None:
    tab.call("Emulation.setScriptExecutionDisabled", value=True)
    tab.open(link)
    assert tab.evaluate("document.scripts.length") == 0
    tab.evaluate("document.querySelector('style').remove()")
    if SHOTS:
        tab.screenshot(Path(SHOTS) / "choices-bare.png")
    tab.click("#fewer")
    tab.click("button")
    confirmed(tab, "You will get fewer messages")
    tab.call("Emulation.setScriptExecutionDisabled", value=False)
    eventually(lambda: len(rows(ledger, "preferences")) == 3)


def test_a_click_link_opens_what_it_stands_for_and_a_wrong_one_says_so(
    tab: Browser, receiver: RunningReceiver, link: str, ledger: Ledger
) -> None:
    token = link_token(ledger, "m1", 0)
    row = {"token": token, "message_id": "m1", "pos": 0, "url": link}
    with ledger.write() as connection:
        connection.execute(tables.links.insert(), row)
    tab.open(f"{receiver.base_url}/r/{token}")
    confirmed(tab, "Unsubscribe from Björn & Co <Shop>")
    tab.open(f"{receiver.base_url}/r/{'A' * 12}")
    confirmed(tab, "This link is not valid")
    looked_at(tab, "unknown")
