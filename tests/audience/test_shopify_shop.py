"""A shop that Shopify exported, from its messy files to the tables that are built of them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from audience_builds import build_audience, query
from shopify_files import account_id
from shopify_shop import ACCOUNTS, AS_OF, FIGURES, FILES, FIRST_FILE, GENERIC, HELD, SECOND_FILE

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.landing import load

pytestmark = pytest.mark.long

# Before Shopify's export, lou took a consent back.
REFUSAL = {
    "customers.csv": f"customer_id,email\n{account_id(13)},lou@example.com\n",
    "orders.csv": "order_id,customer_id,ordered_at,total_amount\n",
    "consents.csv": "customer_id,channel,status,occurred_at\n"
    f"{account_id(13)},email,revoked,2025-01-05T10:00:00Z\n",
}


def load_files(settings: Settings, files: Any, format_: str, day: int) -> Any:
    folder = settings.home / f"files-{day}"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    clock = FixedClock(AS_OF + timedelta(days=day))
    return load(folder, settings, clock, format=format_)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = Settings.load(
        home=tmp_path_factory.mktemp("shopify"), shop_timezone="America/New_York"
    )
    load_files(settings, REFUSAL, "generic", 1)
    load_files(settings, FILES, "shopify", 2)
    return settings


def landed(settings: Settings, table: str) -> list[Any]:
    path = settings.shop_dir / f"{table}.parquet"
    return duckdb.sql(f"select * from '{path}' order by all").fetchall()


def test_the_files_are_as_messy_as_real_ones() -> None:
    assert len(FIRST_FILE) + len(SECOND_FILE) + len(ACCOUNTS) >= 40


@pytest.mark.parametrize("table", ["customers", "orders", "order_items", "products", "consents"])
def test_what_lands_is_what_the_same_shop_sends_in_the_generic_form(
    shop: Settings, tmp_path: Path, table: str
) -> None:
    generic = Settings.load(home=tmp_path, shop_timezone="America/New_York")
    load_files(generic, REFUSAL, "generic", 1)
    report = load_files(generic, GENERIC, "generic", 2)
    assert report.rejected == 0
    assert landed(shop, table) == landed(generic, table)


def test_whoever_has_a_row_that_cannot_be_read_is_held(shop: Settings) -> None:
    assert {row[0] for row in landed(shop, "set_aside")} == HELD


def test_orders_money_refunds_and_consents_are_as_worked_out_by_hand(shop: Settings) -> None:
    build_audience(shop, AS_OF, "+customers", "+int_contact__consent_holders")
    rows = query(shop, "select customer_id, order_count, net_revenue_cents from customers")
    assert {row[0]: row[1:] for row in rows} == {
        customer_id: figures[:2] for customer_id, figures in FIGURES.items()
    }
    holders = query(shop, "select customer_id, channel from int_contact__consent_holders")
    assert set(holders) == {
        (customer_id, "email") for customer_id, (*_, suffices) in FIGURES.items() if suffices
    }
    assert query(
        shop,
        "select last_order_at = timestamptz '2025-06-01 03:30:00Z' from customers "
        "where net_revenue_cents = 300",
    ) == [(True,)]
