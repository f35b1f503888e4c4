"""The unsubscribe link: a GET shows and never acts, a POST acts at once, and nothing is guessed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from string import Formatter
from typing import Any

import pytest
import requests
from inbound_parts import EMAIL, PHONE, add_message, rows

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.inbound import collect
from winback.ledger import Ledger, sign_token
from winback.pages import RunningReceiver
from winback.pages._page_words import _languages, words_for


@pytest.fixture
def link(receiver: RunningReceiver, ledger: Ledger) -> str:
    add_message(ledger, "m1")
    add_message(ledger, "next", address=EMAIL, state="planned")
    return f"{receiver.base_url}/u/{sign_token(ledger, 'm1')}"


@pytest.mark.rule("one_click_unsubscribe")
def test_looking_at_the_page_changes_nothing(
    link: str, ledger: Ledger, settings: Settings, clock: FixedClock
) -> None:
    page = requests.get(link, timeout=5)
    assert requests.head(link, timeout=5).status_code == page.status_code == 200
    assert collect(ledger, settings, clock).events == 0
    assert rows(ledger, "provider_events") == rows(ledger, "suppressions") == []
    assert '<html lang="en">' in page.text
    assert '<form method="post">' in page.text
    assert "Unsubscribe from Björn &amp; Co &lt;Shop&gt;</h1>" in page.text
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.rule("one_click_unsubscribe", "suppression")
def test_one_click_unsubscribes_and_stops_what_is_planned(
    link: str, ledger: Ledger, settings: Settings, clock: FixedClock
) -> None:
    answer = requests.post(link, data={"List-Unsubscribe": "One-Click"}, timeout=5)
    assert (answer.status_code, answer.history) == (200, [])
    assert "You are unsubscribed" in answer.text
    collect(ledger, settings, clock)
    (suppression,) = rows(ledger, "suppressions")
    assert (suppression["channel_group"], suppression["address"]) == ("email", EMAIL)
    assert [m["state"] for m in rows(ledger, "messages")] == ["accepted", "suppressed"]
    (event,) = rows(ledger, "provider_events")
    assert (event["kind"], event["message_id"]) == ("opted_out", "m1")


def test_clicking_twice_is_one_happening(
    link: str, ledger: Ledger, settings: Settings, clock: FixedClock
) -> None:
    for _ in range(2):
        requests.post(link, timeout=5).raise_for_status()
    collect(ledger, settings, clock)
    assert len({event["semantic_key"] for event in rows(ledger, "provider_events")}) == 1


def test_the_link_of_a_text_ends_texts(
    receiver: RunningReceiver, ledger: Ledger, settings: Settings, clock: FixedClock
) -> None:
    add_message(ledger, "t1", channel="sms", address=PHONE)
    requests.post(f"{receiver.base_url}/u/{sign_token(ledger, 't1')}", timeout=5).raise_for_status()
    collect(ledger, settings, clock)
    assert [row["channel_group"] for row in rows(ledger, "suppressions")] == ["phone"]


@pytest.mark.parametrize("token", ["x", "m1", "A" * 40, "%00", "é", "..%2fhealthz"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_token_we_did_not_sign_opens_nothing(
    receiver: RunningReceiver, ledger: Ledger, method: str, token: str
) -> None:
    answer = requests.request(method, f"{receiver.base_url}/u/{token}", timeout=5)
    assert answer.status_code == 404
    assert rows(ledger, "suppressions") == []


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("pt-BR,es;q=0.7,en;q=0.9", "en"),
        ("FR-ca", "fr"),
        ("it, pt;q=0.5", "en"),
        ("de;q=0, fr;q=0.1", "fr"),
        ("de;q=x, *;q=0.1", "en"),
        (",;,;q=,es", "es"),
        ("x," * 20 + "de", "en"),
    ],
)
def test_the_page_speaks_the_language_that_a_browser_likes_best(header: str, language: str) -> None:
    assert words_for(header).language == language


def test_every_language_says_everything_with_the_same_facts() -> None:
    def facts(table: dict[str, Any]) -> dict[str, list[str | None]]:
        return {
            name: sorted({field for _, field, _, _ in Formatter().parse(text) if field})
            for name, text in table.items()
            if isinstance(text, str)
        }

    english, *others = _languages().values()
    assert len(others) == 3
    for table in others:
        assert facts(table) == facts(english)
        assert len(set(table["months"])) == 12


@pytest.mark.parametrize(
    ("language", "ends"),
    [
        ("en", ["May 1, 2026", "May 2, 2026", "further notice"]),
        ("es", ["el 1 de mayo de 2026", "el 2 de mayo de 2026", "nuevo aviso"]),
        ("fr", ["au 1er mai 2026", "au 2 mai 2026", "à nouvel ordre"]),
        ("de", ["1. Mai 2026", "2. Mai 2026", "auf Weiteres"]),
    ],
)
def test_a_break_ends_on_a_day_or_on_none(language: str, ends: list[str]) -> None:
    words = words_for(language)
    before = {"en": "until ", "es": "hasta ", "fr": "jusqu'", "de": "bis "}[language]
    days = (datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 2, tzinfo=UTC), None)
    told = [words.say("pause_done", brand="B", day=words.day(day)) for day in days]
    plain = [re.sub("<.*?>", "", text) for text in told]
    for text, end in zip(plain, ends, strict=True):
        assert text.endswith(f" {before}{end}.")


def test_what_was_done_is_said_in_the_same_language(link: str) -> None:
    german = {"Accept-Language": "de-DE,de"}
    asked = requests.get(link, headers=german, timeout=5)
    assert asked.headers["content-language"] == "de"
    assert asked.headers["vary"] == "Accept-Language"
    assert '<html lang="de">' in asked.text
    assert "Von Björn &amp; Co &lt;Shop&gt; abmelden</h1>" in asked.text
    done = requests.post(link, headers=german, data={"choice": "pause"}, timeout=5)
    assert '<time datetime="2026-04-01">1. April 2026</time>' in done.text


def test_the_page_promises_the_cap_that_holds(link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("winback.pages._public.project_vars", lambda: {"fewer_per_7d": 2})
    assert "At most 2 a week" in requests.get(link, timeout=5).text
    done = requests.post(link, data={"choice": "fewer"}, timeout=5)
    assert "at most 2 messages a week" in done.text
