"""What may be told to a person comes from the published catalog and their own offer alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from responder_parts import NOW

from winback.base.errors import UsageError
from winback.base.settings import Settings
from winback.conversations.responder import (
    Catalog,
    Draft,
    Facts,
    Offer,
    Product,
    facts_for,
    open_responder,
    read_catalog,
)
from winback.conversations.responder._rules import RuleResponder
from winback.readiness.doctor import findings

SETTINGS = Settings.load(
    brand_name="Tea  & Co", shop_url="https://tea.example/", shop_timezone="America/New_York"
)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    with duckdb.connect() as connection:
        connection.execute(
            "create table catalog as select * from (values"
            " ('1', 'Blue Mug', 'https://tea.example/p/1', 2450, 'USD'),"
            " ('2', 'Mug', 'https://www.tea.example/p/2', 1000, null),"
            " ('3', 'Pot', 'https://evil.example/p/3', null, null),"
            " ('4', 'Jar', 'https://tea.example.evil.example/p/4', 5, 'USD'),"
            " ('5', 'Cup', 'http://tea.example/p/5', 900, 'USD'),"
            " ('6', 'Lid', null, 900, 'USD')"
            ") as p (product_id, product_name, product_url, price_cents, currency)"
        )
        connection.execute(
            "create table live_offers as select *, now() + interval 0 day as unused from (values"
            " ('c1', 'percent', 'WELCOME20', 20.0, timestamptz '2026-03-21 04:00:00+00'),"
            " ('c2', 'free_shipping', 'SHIP', 0, timestamptz '2026-03-10 20:00:00+00'),"
            " ('c3', 'amount', 'FIVE', 5, timestamptz '2026-03-21 04:00:00+00')"
            ") as o (customer_id, kind, code, value, offer_expires_at)"
        )
        for table in ("catalog", "live_offers"):
            connection.execute(f"copy {table} to '{tmp_path / table}.parquet'")
    return read_catalog(tmp_path, SETTINGS)


def facts(
    catalog: Catalog, customer: str | None = "c1", text: str = "", **changes: object
) -> Facts:
    given: dict[str, object] = {"now": NOW, "customer_id": customer, "text": text} | changes
    return facts_for(catalog, SETTINGS, **given)  # type: ignore[arg-type]


def test_a_price_is_in_words_and_a_link_leads_to_the_shop_only(catalog: Catalog) -> None:
    assert set(catalog.products) == {
        Product("Blue Mug", "24.50 USD", "https://tea.example/p/1"),
        Product("Mug", "10", "https://www.tea.example/p/2"),
        Product("Pot"),
        Product("Jar", "0.05 USD"),
        Product("Cup", "9 USD"),
        Product("Lid", "9 USD"),
    }


def test_products_near_a_text_are_those_that_share_its_words(catalog: Catalog) -> None:
    near = [p.name for p in facts(catalog, text="How much are the blue mugs?").products]
    assert near == ["Blue Mug", "Mug"]
    assert facts(catalog, text="Who is this?").products == ()


def test_an_offer_is_its_owners_alone_and_only_while_it_lives(catalog: Catalog) -> None:
    assert facts(catalog).offer == Offer("20% off", "WELCOME20", "Mar 20")
    # By the person's own clock, if we know it.
    assert facts(catalog, zones="America/Los_Angeles").offer == Offer(
        "20% off", "WELCOME20", "Mar 20, 9:00 PM"
    )
    assert facts(catalog, now=datetime(2026, 3, 21, 4, tzinfo=UTC)).offer is None
    assert facts(catalog, "c2", now=NOW - timedelta(seconds=1)).offer is not None
    assert facts(catalog, "c2").offer is None
    assert facts(catalog, "c3").offer is None  # no words for its kind: better none than wrong
    assert facts(catalog, "c9").offer is None
    assert facts(catalog, None).offer is None


def test_a_set_of_an_earlier_version_tells_nothing(tmp_path: Path) -> None:
    empty = facts(read_catalog(tmp_path, SETTINGS))
    assert empty == Facts("Tea & Co", "https://tea.example")


class Plugged:
    """What a package of somebody else's would bring along."""

    def __init__(self, settings: Settings) -> None:
        self.brand = settings.brand_name

    def respond(self, *_: object) -> Draft:
        return Draft("Thanks.")


def broken(_: Settings) -> None:
    raise RuntimeError("sk-secret")


def opened(name: str) -> object:
    return open_responder(Settings.load(responder=name))


def test_off_is_the_default_and_a_plugged_one_comes_in_by_name() -> None:
    assert open_responder(Settings.load()) is None
    assert isinstance(opened("rules"), RuleResponder)
    assert isinstance(opened(f"{__name__}:Plugged"), Plugged)


@pytest.mark.parametrize(
    "name",
    ["rule", "no.such:thing", f"{__name__}:missing", f"{__name__}:broken", "json:", ":", "."],
)
def test_one_that_cannot_be_had_is_named_by_the_doctor_and_never_quoted(name: str) -> None:
    with pytest.raises(UsageError, match="WINBACK_RESPONDER") as refused:
        opened(name)
    assert "sk-secret" not in str(refused.value)
    assert str(refused.value) in findings(Settings.load(responder=name))


def test_one_without_the_method_is_refused() -> None:
    with pytest.raises(UsageError, match="no method `respond`"):
        opened("builtins:repr")
