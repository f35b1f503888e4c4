"""A column that a file lacks is not empty, and a column that nothing reads is named."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from landing_shop import ORDERS, Shop

from winback.base.errors import WinbackError

WHOLE = {
    "customers": {
        "customer_id": "c1",
        "email": "a@example.com",
        "phone": "+15550001",
        "first_name": "Ann",
        "country": "US",
        "timezone": "America/Denver",
        "preferred_channel": "sms",
        "created_at": "2025-01-01T00:00:00Z",
        "tier": "gold",
    },
    "orders": {
        "order_id": "o1",
        "customer_id": "c1",
        "ordered_at": "2025-03-01T10:00:00Z",
        "total_amount": "12.50",
        "discount_amount": "1",
        "refunded_amount": "12.50",
        "currency": "EUR",
        "status": "cancelled",
        "coupon_code": "X",
    },
    "products": {"product_id": "p1", "name": "Mug", "price": "5", "url": "https://e.com/p1"},
}


def csv_of(row: dict[str, str]) -> str:
    return ",".join(row) + "\n" + ",".join(row.values()) + "\n"


def load_whole(shop: Shop, without: str = "", **changed: str) -> Any:
    """Load one customer, order and product, the second time without a column."""
    files = {}
    for table, row in WHOLE.items():
        kept = {n: changed.get(n, v) for n, v in row.items() if f"{table}.{n}" != without}
        files[f"{table}.csv"] = csv_of(kept)
    return shop.load(files)


@pytest.mark.parametrize(
    "column",
    [
        f"{table}.{name}"
        for table, row in WHOLE.items()
        for name in list(row)[1:]
        if name not in {"customer_id", "ordered_at", "total_amount"}
    ],
)
def test_a_column_that_a_second_load_lacks_keeps_what_was_there(shop: Shop, column: str) -> None:
    table, name = column.split(".")
    load_whole(shop)
    before = shop.landed(table, name)
    assert before != [(None,)]
    report = load_whole(shop, without=column)
    assert shop.landed(table, name) == before
    assert f"{table}.csv has no {name}: 1 {table} keep theirs" in report.notes
    assert report.kept == {column: 1}


def test_a_new_order_without_a_status_is_completed_and_an_old_one_keeps_its_own(
    shop: Shop,
) -> None:
    load_whole(shop)
    header = "order_id,customer_id,ordered_at,total_amount\n"
    rows = "o1,c1,2025-03-01,20\no2,c1,2025-03-02,7\n"
    report = shop.load({"orders.csv": header + rows})
    assert shop.landed("orders", "order_id, status, total_amount, refunded_amount") == [
        ("o1", "cancelled", Decimal(20), Decimal("12.5")),
        ("o2", "completed", Decimal(7), None),
    ]
    assert "orders.csv has no status: 1 orders keep theirs" in report.notes


def test_an_order_whose_status_is_empty_keeps_its_own(shop: Shop) -> None:
    header = "order_id,customer_id,ordered_at,total_amount,status\n"
    rows = "o1,c1,2025-03-01,20,{}\no2,c1,2025-03-02,7,{}\no3,c1,2025-03-02,7,{}\n"
    shop.load({"orders.csv": header + rows.format("cancelled", "refunded", "")})
    report = shop.load({"orders.csv": header + rows.format("", "completed", "")})
    assert shop.landed("orders", "order_id, status") == [
        ("o1", "cancelled"),
        ("o2", "completed"),
        ("o3", "completed"),
    ]
    assert report.notes == ("orders.csv has no status: 1 orders keep theirs",)


def test_a_default_that_stays_is_no_news(shop: Shop) -> None:
    shop.load({})
    assert shop.load({}).notes == ()


def test_a_column_that_is_empty_in_every_row_empties_and_says_so(shop: Shop) -> None:
    load_whole(shop)
    report = load_whole(shop, phone="")
    assert shop.landed("customers", "email, phone") == [("a@example.com", None)]
    assert report.emptied == {"customers.phone": 1}
    assert "customers.csv has an empty phone in every row: 1 customers lose theirs" in report.notes


def test_one_value_that_is_empty_empties_without_a_word(shop: Shop) -> None:
    shop.load({"customers.csv": "customer_id,phone\nc1,+15550001\nc2,+15550002\n"})
    report = shop.load({"customers.csv": "customer_id,phone\nc1,\nc2,+15550002\n"})
    assert shop.landed("customers", "customer_id, phone") == [("c1", None), ("c2", "+15550002")]
    assert report.notes == ()


def test_after_replace_nothing_is_kept(shop: Shop) -> None:
    load_whole(shop)
    report = shop.load({"customers.csv": "customer_id\nc1\n"}, replace=True)
    assert shop.landed("customers", "customer_id, phone") == [("c1", None)]
    assert report.kept == {}


def test_another_formats_load_keeps_what_it_does_not_know(shop: Shop) -> None:
    load_whole(shop)
    for path in shop.source.iterdir():
        path.unlink()
    shop.write({"log.txt": "id date n dollars\nc1 20250601 1 11.77\n"})
    report = shop.load(format="cdnow")
    assert shop.landed("customers", "customer_id, email") == [("c1", "a@example.com")]
    assert "log.txt has no email: 1 customers keep theirs" in report.notes


@pytest.mark.parametrize(
    ("table", "written", "meant"),
    [
        ("orders", "order_status", "status"),
        ("orders", "financial_status", "status"),
        ("orders", "Discount", "discount_amount"),
        ("orders", "refund", "refunded_amount"),
        ("orders", "coupon", "coupon_code"),
        ("orders", "curency", "currency"),
        ("customers", "email_address", "email"),
        ("customers", "e-mail", "email"),
        ("customers", "Mobile", "phone"),
        ("customers", "Phone Number", "phone"),
        ("customers", "zip", "postal_code"),
        ("customers", "created", "created_at"),
        ("customers", "FirstName", "first_name"),
        ("customers", "loyalty", None),
        ("orders", "email", None),
    ],
)
def test_a_column_that_is_ignored_is_named_with_the_likely_one_meant(
    shop: Shop, table: str, written: str, meant: str | None
) -> None:
    required = {"orders": ORDERS, "customers": "customer_id\nc1\n"}[table].splitlines()
    report = shop.load({f"{table}.csv": f"{required[0]},{written}\n{required[1]},x\n"})
    guess = f" (did you mean {meant}?)" if meant else ""
    assert report.notes == (f"{table}.csv: ignored columns: {written.lower()}{guess}",)


def test_a_column_that_is_there_is_not_guessed_again(shop: Shop) -> None:
    report = shop.load({"customers.csv": "customer_id,phone,mobile\nc1,+15550001,x\n"})
    assert report.notes == ("customers.csv: ignored columns: mobile",)


@pytest.mark.parametrize(
    ("header", "hint"),
    [
        ("order_id,customer_id,order_date,total_amount", "order_date: rename it to ordered_at"),
        ("order_id,customer_id,created,total_amount", "created: rename it to ordered_at"),
        ("order_id,customer_id,ordered_at,total", "total: rename it to total_amount"),
        ("id,customer_id,ordered_at,total_amount", "id: rename it to order_id"),
        ("order_id,customer,ordered_at,total_amount", "customer: rename it to customer_id"),
    ],
)
def test_a_required_column_under_a_usual_other_name_is_refused_and_named(
    shop: Shop, header: str, hint: str
) -> None:
    with pytest.raises(WinbackError, match=hint):
        shop.load({"orders.csv": f"{header}\n1,2,2025-03-01,4\n"})
