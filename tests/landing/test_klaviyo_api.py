"""Pages of Klaviyo's events API: whose events they are, and what each becomes."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from landing_shop import Shop
from seeded import build_models

from winback.base.clock import FixedClock
from winback.base.errors import UsageError, WinbackError
from winback.base.settings import Settings
from winback.landing import LoadReport
from winback.landing.sources.klaviyo_api._metrics import METRICS, metric_of
from winback.landing.sources.klaviyo_api._pages import FIELDS
from winback.ledger import open_ledger, suppressions_in_force

pytestmark = pytest.mark.long

CUSTOMERS = (
    "customer_id,email,phone,country\nc1,Ada@example.com,,US\nc2,ben@example.com,07700 900123,GB\n"
    "c3,eva@example.com,+44 7700 900123,DE\nc4,fay@example.com,+12015550104,US\n"
    "c5,ada@example.com,,US\nc6,gus@example.com,,US\n"
)
PRODUCTS = "product_id,name\ntea,Tea\nMug,Mug\n"


def event(number: int, metric: str | None, who: str, **own: Any) -> dict[str, Any]:
    """An event; `who` is the address of its profile, or an email and a phone with a blank."""
    at = own.pop("at", f"2025-03-{1 + number % 28:02}T10:00:00+00:00")
    return {
        "type": "event",
        "id": own.pop("id", f"e{number}"),
        "attributes": {
            "timestamp": own.pop("timestamp", None),
            "datetime": at,
            "uuid": "u",
            "event_properties": {name.replace("_", " "): it for name, it in own.items()}
            | {f"${name}": own[name] for name in ("flow", "message", "variation") if name in own},
        },
        "relationships": {
            "profile": {"data": {"type": "profile", "id": who}},
            "metric": {"data": {"type": "metric", "id": metric} if metric else None},
        },
    }


def page(events: Sequence[dict[str, Any]], **more: Any) -> str:
    """A page as the API gives it, with its metrics and profiles."""
    parts = [it["relationships"] for it in events]
    metrics = {it["metric"]["data"]["id"] for it in parts if it["metric"]["data"]}
    people = {it["profile"]["data"]["id"] for it in parts}
    included = [{"type": "metric", "id": it, "attributes": {"name": it}} for it in sorted(metrics)]
    for who in sorted(people):
        emails = [it for it in who.split() if "@" in it]
        phones = [it for it in who.split() if it.startswith("+")]
        told = {
            "email": emails[0] if emails else None,
            "phone_number": phones[0] if phones else None,
        }
        included.append({"type": "profile", "id": who, "attributes": told})
    return json.dumps({"data": events, "included": included, "links": {"next": None}} | more)


@pytest.fixture
def events(shop: Shop) -> Shop:
    """The shop has landed; the next files are pages of events."""
    shop.load({"customers.csv": CUSTOMERS, "products.csv": PRODUCTS})
    shop.source = shop.source.with_name("events")
    return shop


def load(events: Shop, *pages: Sequence[dict[str, Any]], **options: Any) -> LoadReport:
    events.write({f"events-{n}.json": page(it) for n, it in enumerate(pages, start=1)})
    return events.load(format="klaviyo-api", **options)


RECEIVED, CLICKED = "Received Email", "Clicked Email"
MESSY = [
    event(1, RECEIVED, "ada@example.com", flow="F1", message="M1", variation="A"),
    event(2, RECEIVED, " ADA@example.com", flow="F1", message="M2", variation="A"),
    event(3, RECEIVED, "ben@example.com", message="M9", Campaign_Name="Spring"),
    event(4, "received email", "gus@example.com", flow="F1", message="M1"),
    event(5, RECEIVED, "stranger@example.com", flow="F1", message="M1"),
    event(6, RECEIVED, "ben@example.com", at=None, timestamp=1741255200, message="M9"),
    event(7, RECEIVED, "eva@example.com", at="someday", message="M9"),
    event(8, RECEIVED, "fay@example.com", id=None, message="M9"),
    event(9, "Received SMS", "+447700900123", flow="F2", message="T1"),
    event(10, "Received SMS", "fay@example.com +12015550104", message="T2"),
    event(11, "Opened Email", "ada@example.com", message="M1"),
    event(12, CLICKED, "ada@example.com", message="M1"),
    event(13, CLICKED, "ada@example.com", message="M1"),
    event(14, "Unsubscribed", "ben@example.com", message="M9"),
    event(15, "Unsubscribed from Email Marketing", "ada@example.com"),
    event(16, "Unsubscribed from List", "gus@example.com", at="2025-03-20T10:00:00+00:00"),
    event(17, "Unsubscribed from SMS Marketing", "fay@example.com +12015550104"),
    event(18, "Unsubscribed from SMS Marketing", "+447700900123"),
    event(19, "Unsubscribed from SMS", "nobody@example.com +12015550199"),
    event(20, "Marked Email as Spam", "spam@example.com"),
    event(21, "Bounced Email", "eva@example.com", Bounce_Type="Hard"),
    event(22, "Bounced Email", "fay@example.com", Bounce_Type=" soft "),
    event(23, "Bounced Email", "gone@example.com"),
    event(24, "Opted out of catalog texts", "gus@example.com"),
    event(25, "Unsubscribed", ""),
    event(26, "Unsubscribed", "fay@example.com", at="never"),
    event(27, "Viewed Product", "ada@example.com", ProductID="9", SKU="tea", ProductName="Tea"),
    event(28, "Viewed Product", "ben@example.com", ProductName="Mug"),
    event(29, "Viewed Product", "gus@example.com", ProductID="777"),
    event(30, "Added to Cart", "gus@example.com", SKU="tea"),
    event(31, "Started Checkout", "gus@example.com"),
    event(32, "Checkout Started", "eva@example.com"),
    event(33, "Active on Site", "fay@example.com"),
    event(34, "Viewed Product", "gus@example.com", at="yesterday"),
    event(35, "Viewed Product", "visitor@example.com"),
    event(36, None, "gus@example.com"),
    event(37, "Placed Order", "ada@example.com"),
    event(38, "Subscribed to List", "ada@example.com"),
    event(39, "Subscribed to Email Marketing", "fay@example.com"),
    event(40, "Dropped Email", "ben@example.com"),
    event(41, RECEIVED, "ben@example.com", flow="F1", message="M1", variation="B"),
    event(42, "Received Email", "unknown"),
]  # fmt: skip


BARE = (
    "1 refusals have no address that can be read: whom they name may still be written to. Next: "
    "load Klaviyo's profiles and suppressions"
)
OTHERS = (
    "events of 6 other metrics are not read: clicked email (2), dropped email (1), opened email "
    "(1), placed order (1), subscribed to email marketing (1), subscribed to list (1)"
)


def test_messy_events_become_what_was_worked_out_by_hand(events: Shop) -> None:
    # An event that moved to the next page while it was read.
    report = load(events, MESSY[:20], [MESSY[19], *MESSY[20:]])
    assert events.landed(
        "past_messages",
        "message_id, playbook_id, step, customer_id, channel, variant, strftime(sent_at, '%m-%d')",
    ) == [
        ("e1", "klaviyo-flow-F1", "M1", "c1", "email", "A", "03-02"),
        ("e10", "klaviyo-campaign-T2", "T2", "c4", "sms", None, "03-11"),
        ("e2", "klaviyo-flow-F1", "M2", "c1", "email", "A", "03-03"),
        ("e3", "klaviyo-campaign-M9", "M9", "c2", "email", None, "03-04"),
        ("e4", "klaviyo-flow-F1", "M1", "c6", "email", None, "03-05"),
        ("e41", "klaviyo-flow-F1", "M1", "c2", "email", "B", "03-14"),
        ("e6", "klaviyo-campaign-M9", "M9", "c2", "email", None, "03-06"),
        ("e9", "klaviyo-flow-F2", "T1", "c2", "sms", None, "03-10"),
    ]
    assert events.landed(
        "past_enrollments", "playbook_id, customer_id, arm, variant, strftime(entered_at, '%m-%d')"
    ) == [
        ("klaviyo-flow-F1", "c1", "treatment", "A", "03-02"),
        ("klaviyo-flow-F1", "c2", "treatment", "B", "03-14"),
        ("klaviyo-flow-F1", "c6", "treatment", None, "03-05"),
        ("klaviyo-flow-F2", "c2", "treatment", None, "03-10"),
    ]
    assert events.landed(
        "consents", "customer_id, channel, status, strftime(occurred_at, '%Y-%m-%d'), source"
    ) == [
        (who, channel, "revoked", day, "klaviyo api")
        for who, channel, day in [
            ("c1", "email", "2025-03-16"), ("c2", "email", "2025-03-15"),
            ("c2", "sms", "2025-03-19"), ("c3", "email", "2025-03-22"), ("c3", "sms", "2025-03-19"),
            ("c4", "email", "2025-06-01"),  # without a date that can be read: from the load on
            ("c4", "sms", "2025-03-18"), ("c5", "email", "2025-03-16"),
            ("c6", "email", "2025-03-20"), ("c6", "sms", "2025-03-25"),
        ]
    ]  # fmt: skip
    assert events.landed("web_events", "customer_id, event, product_id") == [
        ("c1", "view", "tea"),
        ("c2", "view", "Mug"),
        ("c3", "checkout_started", None),
        ("c4", "visit", None),
        ("c6", "add_to_cart", "tea"),
        ("c6", "checkout_started", None),
        ("c6", "view", "777"),
    ]
    # 7 and 8 are messages that can't be dated or told apart, 34 a view; of 36 nobody knows what.
    assert {row[0] for row in events.landed("set_aside", "customer_id")} == {"c3", "c4", "c6"}
    assert {it.name: it.rejected for it in report.sources} == {
        "consents": 0, "past_messages": 3, "past_enrollments": 0, "web_events": 1,
    }  # fmt: skip
    assert [note for note in report.notes if "events" in note or "refusals" in note] == [
        "7 events are of people who are no customers",
        BARE,
        OTHERS,
        "3 refusals of people who are no customers are kept by their addresses",
    ]
    with open_ledger(events.settings) as ledger, ledger.read() as connection:
        kept = {
            group: {
                (it.address, it.reason) for it in suppressions_in_force(connection, group=group)
            }
            for group in ("email", "phone")
        }
    assert kept == {
        "email": {("spam@example.com", "hard_bounce"), ("gone@example.com", "hard_bounce")},
        "phone": {("+12015550199", "opted_out")},
    }


def test_past_messages_find_their_flows_and_count_for_their_customers(events: Shop) -> None:
    load(events, MESSY)
    models = ("+int_messages__all", "+int_customers__browsing", "+int_contact__consent_holders")
    # While the visits are fresh.
    build_models(events.settings, datetime(2025, 3, 30, 12, tzinfo=UTC), *models)
    with duckdb.connect(str(events.settings.warehouse_path), read_only=True) as warehouse:
        warehouse.execute("use winback")
        messages = warehouse.execute(
            "select message_id, customer_id, enrollment_id is not null, has_left "
            "from int_messages__all order by all"
        ).fetchall()
        views = warehouse.execute(
            "select customer_id, view_count from int_customers__browsing where view_count > 0 "
            "order by all"
        ).fetchall()
        holders = warehouse.execute("from int_contact__consent_holders").fetchall()
    assert messages == [
        ("e1", "c1", True, True),
        ("e10", "c4", False, True),
        ("e2", "c1", True, True),
        ("e3", "c2", False, True),
        ("e4", "c6", True, True),
        ("e41", "c2", True, True),
        ("e6", "c2", False, True),
        ("e9", "c2", True, True),
    ]
    assert views == [("c1", 1), ("c2", 1), ("c6", 1)]
    assert holders == []


def test_the_same_pages_again_add_nothing(events: Shop) -> None:
    tables = {
        "past_messages": "*", "past_enrollments": "*", "web_events": "*",
        "consents": "* exclude (seen_in_load)",
    }  # fmt: skip
    load(events, MESSY)
    first = {name: events.landed(name, columns) for name, columns in tables.items()}
    later = FixedClock(events.clock.now().replace(hour=18))
    events.clock = later
    load(events, MESSY, [event(90, RECEIVED, "ada@example.com", flow="F1", message="M3",
                               at="2024-01-01T00:00:00Z")])  # fmt: skip
    assert len(events.landed("past_messages")) == len(first["past_messages"]) + 1
    del first["past_messages"]
    assert {name: events.landed(name, tables[name]) for name in first} == first


AT = datetime(2025, 6, 1, 12, tzinfo=UTC)
ANYBODY = st.sampled_from(["ada@example.com", "ben@example.com +447700900123", "+12015550104"])
ANYTHING = st.sampled_from([*METRICS, "Clicked Email", "Optout", None])


@given(
    st.lists(st.tuples(ANYTHING, ANYBODY, st.sampled_from(["2025-03-01", None, "x"])), max_size=9)
)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_event_makes_anybody_more_contactable(
    tmp_path_factory: pytest.TempPathFactory, told: list[tuple[str | None, str, str | None]]
) -> None:
    folder = tmp_path_factory.mktemp("events")
    own = Settings.load(home=folder / "home")
    shop = Shop(folder / "shop", own, FixedClock(AT))
    shop.load({"customers.csv": CUSTOMERS})
    shop.source = folder / "events"
    # Named pages are refused where nothing at all is known of their events.
    all_events = [event(0, "Opened Email", "ada@example.com")]
    all_events += [
        event(n, metric, who, at=at) for n, (metric, who, at) in enumerate(told, start=1)
    ]
    load(shop, all_events)
    statuses = {row[0] for row in shop.landed("consents", "status")}
    assert statuses <= {"revoked"}
    refused = [who for metric, who, _ in told if metric and (it := metric_of(metric.lower()))
               and it.kind == "refusal"]  # fmt: skip
    assert bool(refused) == bool(shop.landed("consents"))


WHOLE = page(MESSY[:3])


@pytest.mark.parametrize(
    ("files", "error", "words"),
    [
        ({}, UsageError, "holds no .json file. Next: save the pages"),
        ({"e.json": WHOLE[:-40]}, WinbackError, "e.json: it is cut off or no JSON"),
        ({"e.json": "<html>"}, WinbackError, "e.json: it is cut off or no JSON"),
        ({"e.json": '{"errors": [{"status": 401}]}'}, WinbackError, "holds an error of Klaviyo's"),
        ({"e.json": '{"profiles": []}'}, WinbackError, "no list of records under data"),
        ({"e.json": page(MESSY[:3], included=[])}, WinbackError,
         "its events have no metric: nothing was loaded. Next: fetch it with ?include=metric"),
        ({"e.json": WHOLE, "f.json": "{"}, WinbackError, "f.json: it is cut off or no JSON"),
    ],
)  # fmt: skip
def test_what_is_no_whole_page_is_refused_in_one_line_and_nothing_lands(
    events: Shop, files: dict[str, str], error: type[WinbackError], words: str
) -> None:
    events.source.mkdir()
    events.write(files)
    with pytest.raises(error, match=re.escape(words)) as caught:
        events.load(format="klaviyo-api")
    assert "\n" not in str(caught.value)
    assert "example.com" not in str(caught.value)
    assert events.landed("past_messages") == events.landed("consents") == []


def test_events_need_the_shop(shop: Shop) -> None:
    shop.write({"e.json": WHOLE})
    with pytest.raises(WinbackError, match="Next: load the shop, then its events"):
        shop.load(format="klaviyo-api")


def test_the_docs_name_every_metric_and_field_that_is_read() -> None:
    docs = (Path(__file__).parents[2] / "docs" / "sources.md").read_text()
    section = docs[docs.index("### Klaviyo's events") :].partition("\n### ")[0]
    named = {name.lower() for name in re.findall("`([^`\n]+)`", section.rpartition("```")[2])}
    assert set(METRICS) <= named
    assert {field.rpartition(".")[2].lower() for field in FIELDS} <= named
