"""What the demo writes is what `winback load` reads."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from demo_files import ENDS_AT, read_rows

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.landing import LoadReport, load
from winback.rehearsal.demo import Shop, Shoppers, invent_contacts

pytestmark = pytest.mark.long


def load_into(home: Path, source: Path) -> LoadReport:
    return load(source, Settings.load(home=home), FixedClock(ENDS_AT))


def landed(home: Path, table: str) -> int:
    return int(pq.read_metadata(home / "landing" / "shop" / f"{table}.parquet").num_rows)


def test_the_shop_loads_with_exactly_its_bad_rows_rejected(demo_shop: Shop, tmp_path: Path) -> None:
    report = load_into(tmp_path, demo_shop.out_dir)
    assert report.rejected == len(demo_shop.bad_rows)
    assert landed(tmp_path, "customers") == len(demo_shop.customers)
    assert landed(tmp_path, "orders") == len(demo_shop.orders)
    lines = sum(len(order.lines) for order in demo_shop.orders)
    assert landed(tmp_path, "order_items") == lines


def test_later_orders_are_added_and_nothing_is_lost(demo_shop: Shop, tmp_path: Path) -> None:
    load_into(tmp_path, demo_shop.out_dir)
    shoppers = Shoppers(demo_shop)
    orders = shoppers.natural_orders(ENDS_AT, ENDS_AT + timedelta(days=7))
    shoppers.write_orders(tmp_path / "week", orders)
    assert load_into(tmp_path, tmp_path / "week").rejected == 0
    assert landed(tmp_path, "orders") == len(demo_shop.orders) + len(orders)
    assert landed(tmp_path, "customers") == len(demo_shop.customers)


def test_invented_contacts_load_beside_the_orders_of_a_shop(
    demo_shop: Shop, tmp_path: Path
) -> None:
    load_into(tmp_path, demo_shop.out_dir)
    customers = [(c.customer_id, c.country) for c in demo_shop.customers]
    invent_contacts(customers, tmp_path / "contacts", consented_at=ENDS_AT)
    assert load_into(tmp_path, tmp_path / "contacts").rejected == 0
    assert landed(tmp_path, "customers") == len(customers)
    assert landed(tmp_path, "orders") == len(demo_shop.orders)


def test_a_day_without_orders_still_loads(demo_shop: Shop, tmp_path: Path) -> None:
    Shoppers(demo_shop).write_orders(tmp_path / "quiet", [])
    assert load_into(tmp_path, tmp_path / "quiet").rejected == 0


def test_a_days_orders_are_written_with_their_lines_and_unchanged_customers(
    demo_shop: Shop, tmp_path: Path
) -> None:
    shoppers = Shoppers(demo_shop)
    orders = shoppers.natural_orders(ENDS_AT, ENDS_AT + timedelta(days=3))
    shoppers.write_orders(tmp_path, orders)
    assert [row["order_id"] for row in read_rows(tmp_path, "orders")] == [
        order.order_id for order in orders
    ]
    lines = read_rows(tmp_path, "order_items")
    assert {row["order_id"] for row in lines} == {order.order_id for order in orders}
    with (demo_shop.out_dir / "customers.csv").open(encoding="utf-8") as file:
        known = {tuple(row) for row in csv.reader(file)}
    with (tmp_path / "customers.csv").open(encoding="utf-8") as file:
        written = [tuple(row) for row in csv.reader(file)]
    assert set(written) <= known
    assert {row[0] for row in written[1:]} == {order.customer_id for order in orders}
