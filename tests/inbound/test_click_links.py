"""Click links lead to where the message led and nowhere else, and each click is heard of."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest
import requests
from inbound_parts import add_message, rows

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.inbound import collect
from winback.ledger import Ledger, link_token, tables
from winback.pages import RunningReceiver

TARGET = "https://shop.example.com/mug?color=r%C3%B6t&size=1#top"
BROWSER = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/605.1"


@pytest.fixture
def link(receiver: RunningReceiver, ledger: Ledger) -> str:
    add_message(ledger, "m1")
    token = link_token(ledger, "m1", 0)
    with ledger.write() as connection:
        row = {"token": token, "message_id": "m1", "pos": 0, "url": TARGET}
        connection.execute(tables.links.insert(), row)
    return f"{receiver.base_url}/r/{token}"


def click(link: str, *, method: str = "GET", **headers: str | None) -> requests.Response:
    given = {"User-Agent": BROWSER} | {name.replace("_", "-"): v for name, v in headers.items()}
    return requests.request(method, link, headers=given, allow_redirects=False, timeout=5)


def test_a_click_leads_to_the_stored_address_whatever_the_query_says(
    link: str, ledger: Ledger, settings: Settings, clock: FixedClock
) -> None:
    answer = click(f"{link}?url=https://evil.example&to=//evil.example")
    assert (answer.status_code, answer.headers["location"]) == (302, TARGET)
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    collect(ledger, settings, clock)
    (event,) = rows(ledger, "provider_events")
    assert (event["provider"], event["kind"], event["message_id"]) == ("winback", "clicked", "m1")
    assert (event["is_machine"], event["matched_by"]) == (0, "message_id")
    assert json.loads(event["detail_json"]) == {"url": TARGET, "useragent": BROWSER}
    assert rows(ledger, "suppressions") == []


def test_clicking_twice_is_one_happening_and_a_scanner_is_another(
    link: str, ledger: Ledger, settings: Settings, clock: FixedClock
) -> None:
    for _ in range(2):
        click(link)
    click(link, method="HEAD")
    collect(ledger, settings, clock)
    events = rows(ledger, "provider_events")
    assert len(events) == 3
    assert len({event["semantic_key"] for event in events}) == 2


@pytest.mark.parametrize(
    "asked",
    [
        {"method": "HEAD"},
        {"Purpose": "prefetch"},
        {"Sec_Purpose": "prefetch;prerender"},
        {"X_Moz": "prefetch"},
        {"User_Agent": "facebookexternalhit/1.1 Facebot Twitterbot/1.0"},
        {"User_Agent": "WhatsApp/2.23"},
        {"User_Agent": "Mozilla/5.0 (compatible; Barracuda Sentinel)"},
        {"User_Agent": ""},
    ],
)
def test_who_only_looks_ahead_is_led_on_and_counts_as_a_machine(
    link: str, ledger: Ledger, settings: Settings, clock: FixedClock, asked: dict[str, str]
) -> None:
    answer = click(link, **asked)
    assert (answer.status_code, answer.headers["location"]) == (302, TARGET)
    collect(ledger, settings, clock)
    assert [event["is_machine"] for event in rows(ledger, "provider_events")] == [1]


@pytest.mark.parametrize("token", ["x", "A" * 12, "%00", "é", "..%2fhealthz", "%2F%2Fevil.example"])
def test_a_link_that_no_message_had_leads_nowhere(
    receiver: RunningReceiver, ledger: Ledger, settings: Settings, token: str
) -> None:
    answer = click(f"{receiver.base_url}/r/{token}")
    assert answer.status_code == 404
    assert "location" not in answer.headers
    if "/" not in requests.utils.unquote(token):
        assert "This link is not valid</h1>" in answer.text
        assert f'href="{settings.shop_url}"' in answer.text
    assert rows(ledger, "provider_events") == []


def test_a_person_goes_on_when_the_click_can_not_be_kept(link: str, settings: Settings) -> None:
    settings.events_dir.mkdir(parents=True, exist_ok=True)
    (settings.events_dir / "open").write_text("in the way of the log")
    answer = click(link)
    assert (answer.status_code, answer.headers["location"]) == (302, TARGET)


def test_a_click_knows_its_place_and_its_page_without_what_may_be_a_persons(
    link: str, ledger: Ledger, settings: Settings, clock: FixedClock
) -> None:
    click(link)
    collect(ledger, settings, clock)
    (event,) = rows(ledger, "provider_events")
    assert (event["link_pos"], event["link_address"]) == (0, "https://shop.example.com/mug")
    # By the whole address, save what analytics and the browser read, it is found among products.
    named = "https://shop.example.com/mug?color=r%C3%B6t&size=1"
    assert event["link"] == sha256(named.encode()).hexdigest()
