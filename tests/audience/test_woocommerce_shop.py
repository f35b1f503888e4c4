"""A shop of WooCommerce, from its messy pages to the tables that are built of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest
from audience_builds import build_audience, query
from woocommerce_shop import (
    ACCOUNTS,
    AS_OF,
    CONSENTING,
    CONSENTS,
    FIGURES,
    FILES,
    FIRST,
    GENERIC,
    HELD,
    REFUSED,
    SECOND,
)

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.landing import LoadReport, load

pytestmark = pytest.mark.long


def load_files(settings: Settings, files: Mapping[str, str], format_: str) -> LoadReport:
    folder = settings.home / "files"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return load(folder, settings, FixedClock(AS_OF), format=format_)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("woocommerce")
    settings = Settings.load(home=home, shop_timezone="America/New_York")
    load_files(settings, {**FILES, "consents.csv": CONSENTS}, "woocommerce")
    return settings


def landed(settings: Settings, table: str, columns: str = "*") -> list[Any]:
    path = settings.shop_dir / f"{table}.parquet"
    return duckdb.sql(f"select {columns} from '{path}' order by all").fetchall()


def test_the_pages_are_as_messy_as_real_ones() -> None:
    assert len(FIRST) + len(SECOND) >= 40
    assert len(ACCOUNTS) >= 8


@pytest.mark.parametrize("table", ["customers", "orders", "order_items", "products"])
def test_what_lands_is_what_the_same_shop_sends_in_the_generic_form(
    shop: Settings, tmp_path: Path, table: str
) -> None:
    generic = Settings.load(home=tmp_path, shop_timezone="America/New_York")
    report = load_files(generic, GENERIC, "generic")
    assert report.rejected == 0
    assert landed(shop, table) == landed(generic, table)


def test_whoever_has_a_record_that_cannot_be_read_is_held(shop: Settings) -> None:
    assert {row[0] for row in landed(shop, "set_aside")} == HELD


def test_the_only_consents_are_those_beside_the_pages_and_a_plugins_no_is_a_refusal(
    shop: Settings,
) -> None:
    rows = landed(shop, "consents", "customer_id, channel, status, source")
    assert [row for row in rows if row[2] != "granted"] == REFUSED
    assert len(rows) == len(REFUSED) + CONSENTS.count("granted")


def test_orders_money_refunds_and_consents_are_as_worked_out_by_hand(shop: Settings) -> None:
    build_audience(shop, AS_OF, "+customers", "+int_contact__consent_holders")
    rows = query(shop, "select customer_id, order_count, net_revenue_cents from customers")
    assert {row[0]: row[1:] for row in rows} == FIGURES
    holders = query(shop, "select customer_id, channel from int_contact__consent_holders")
    assert set(holders) == {(customer_id, "email") for customer_id in CONSENTING}
