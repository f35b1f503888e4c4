"""A second load adds and replaces; a failing one changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from landing_shop import CUSTOMERS, ORDERS, Shop

from winback.base.clock import FixedClock
from winback.base.errors import WinbackError
from winback.base.settings import Settings
from winback.landing import ensure_tables
from winback.landing.schema import TABLES

pytestmark = pytest.mark.long

ORDER_HEADER = "order_id,customer_id,ordered_at,total_amount\n"


def test_rows_with_the_same_id_are_replaced_and_others_kept(shop: Shop) -> None:
    shop.load({"orders.csv": ORDER_HEADER + "o1,c1,2025-03-01,1\no2,c1,2025-03-02,2\n"})
    report = shop.load({"orders.csv": ORDER_HEADER + "o2,c1,2025-03-02,20\no3,c1,2025-03-03,3\n"})
    assert shop.landed("orders", "order_id, total_amount") == [
        ("o1", Decimal(1)),
        ("o2", Decimal(20)),
        ("o3", Decimal(3)),
    ]
    [orders] = [table for table in report.tables if table.name == "orders"]
    assert (orders.landed, orders.rows) == (2, 3)


def test_the_lines_of_an_order_that_comes_again_replace_its_earlier_lines(shop: Shop) -> None:
    header = "order_id,product_id,quantity\n"
    shop.load({"order_items.csv": header + "o1,p1,1\no1,p1,1\no1,p2,1\no2,p9,1\n"})
    shop.load({"order_items.csv": header + "o1,p3,4\no1,p3,4\n"})
    assert shop.landed("order_items", "order_id, product_id, quantity") == [
        ("o1", "p3", 4),
        ("o1", "p3", 4),
        ("o2", "p9", 1),
    ]


def test_an_event_that_is_landed_is_not_added_again_but_equal_ones_of_a_load_stay(
    shop: Shop,
) -> None:
    header = "customer_id,event,occurred_at\n"
    twice = "c1,view,2025-03-01\nc1,view,2025-03-01\n"
    shop.load({"web_events.csv": header + twice})
    shop.load({"web_events.csv": header + twice + "c1,view,2025-03-02\n"})
    assert shop.landed("web_events", "count(*), count(distinct occurred_at)") == [(3, 2)]


def test_a_column_that_an_earlier_version_did_not_land_is_added_to_what_is_there(
    shop: Shop,
) -> None:
    shop.load({"customers.csv": "customer_id,email\nc1,a@example.com\n"})
    path = shop.settings.shop_dir / "customers.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["merged_into"]), path)
    ensure_tables(shop.settings)
    assert shop.landed("customers", "customer_id, email, merged_into") == [
        ("c1", "a@example.com", None)
    ]


def test_an_id_that_was_merged_into_another_one_says_so(shop: Shop) -> None:
    shop.load({"customers.csv": "customer_id,merged_into\n7,\n8,007\n"})
    assert shop.landed("customers", "customer_id, merged_into") == [("7", None), ("8", "007")]


def test_a_table_that_a_load_does_not_bring_stays_as_it_is(shop: Shop) -> None:
    shop.load({"products.csv": "product_id\np1\n"})
    (shop.source / "products.csv").unlink()
    shop.load({"customers.csv": "customer_id\nc9\n"})
    assert shop.landed("products", "product_id") == [("p1",)]
    assert shop.landed("customers", "customer_id") == [("c1",), ("c2",), ("c9",)]


def test_replace_starts_over_with_every_table(shop: Shop) -> None:
    shop.load({"products.csv": "product_id\np1\n"})
    (shop.source / "products.csv").unlink()
    shop.load({"customers.csv": "customer_id\nc9\n"}, replace=True)
    assert shop.landed("customers", "customer_id") == [("c9",)]
    assert shop.landed("products") == []


def test_an_unknown_column_may_come_and_go(shop: Shop) -> None:
    shop.load({"customers.csv": "customer_id,tier\nc1,gold\n"})
    shop.load({"customers.csv": "customer_id,points\nc2,5\n"})
    assert shop.landed("customers", "customer_id, tier, points") == [
        ("c1", "gold", None),
        ("c2", None, "5"),
    ]


def test_a_load_that_fails_half_way_changes_nothing_and_leaves_nothing_behind(
    shop: Shop,
) -> None:
    shop.load({})
    before = {path.name: path.read_bytes() for path in shop.settings.shop_dir.iterdir()}
    shop.write({"orders.csv.gz": b"\x1f\x8b\x08 not gzip"})
    (shop.source / "orders.csv").unlink()
    with pytest.raises(WinbackError, match=r"orders\.csv\.gz"):
        shop.load(replace=True)
    assert {path.name: path.read_bytes() for path in shop.settings.shop_dir.iterdir()} == before
    assert not list(shop.settings.landing_dir.glob(".loading-*"))


def test_loads_of_one_second_have_ids_of_their_own_that_sort(shop: Shop) -> None:
    ids = [shop.load({}).load_id for _ in range(2)]
    shop.clock.advance(timedelta(seconds=1))
    ids.append(shop.load({}).load_id)
    assert ids == sorted(set(ids))
    assert len(ids) == 3


def test_two_loads_at_once_are_refused(shop: Shop) -> None:
    shop.write({"customers.csv": CUSTOMERS, "orders.csv": ORDERS})

    def second(what: str, _done: int, _total: int) -> None:
        with pytest.raises(WinbackError, match="another load or an erasure is writing"):
            shop.load()

    shop.load(progress=second)


def test_what_a_killed_load_left_is_swept_by_the_next(shop: Shop) -> None:
    left = shop.settings.landing_dir / ".loading-20250101T000000Z-01"
    left.mkdir(parents=True)
    (left / "orders.staged.parquet").write_bytes(b"half")
    shop.load({})
    assert not left.exists()


def test_ensured_tables_exist_and_landed_ones_stay(shop: Shop) -> None:
    shop.load({})
    (shop.settings.shop_dir / "consents.parquet").unlink()
    ensure_tables(shop.settings)
    assert shop.landed("consents") == []
    assert shop.landed("customers", "customer_id") == [("c1",), ("c2",)]
    assert {path.stem for path in shop.settings.shop_dir.iterdir()} == set(TABLES)


CELL = st.sampled_from(["", "a", "b", "1", "-1", "NaN", "2025-03-01", "2025-02-30", "x,y", '"'])


@given(st.lists(st.lists(CELL, min_size=3, max_size=5), max_size=12))
@settings(max_examples=25, deadline=None)
def test_rows_read_are_rows_landed_plus_rows_rejected(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    shop = _fresh_shop(tmp_path_factory)
    body = "".join(",".join(row) + "\n" for row in rows)
    # A good one, since a load that can hold no order at all is refused.
    report = shop.load({"orders.csv": f"{ORDER_HEADER}o1,c1,2025-03-01,1\n{body}"})
    orders = next(source for source in report.sources if source.name == "orders")
    assert orders.read == orders.landed + orders.rejected
    assert len(shop.landed("orders")) == orders.landed
    assert len(shop.rejected(report)) == orders.rejected
    assert sum(orders.rejected_by_reason.values()) == orders.rejected


def _fresh_shop(factory: pytest.TempPathFactory) -> Shop:
    folder = factory.mktemp("shop")
    clock = FixedClock(datetime(2025, 6, 1, 12, tzinfo=UTC))
    return Shop(folder / "shop", Settings.load(home=folder / "home"), clock)
