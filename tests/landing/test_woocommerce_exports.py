"""What plugins export of a WooCommerce shop: a row an order, or a row a line, under any names.

The shop is written once; each plugin's form says the same in its own columns.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest
from landing_shop import Shop
from woocommerce_pages import order, page

from winback.base.clock import FixedClock
from winback.base.errors import WinbackError
from winback.landing import Source, load
from winback.landing.sources.woocommerce._spellings import SPELLINGS

pytestmark = pytest.mark.long

# number, account, email, status, total, refunded, country, lines (product, name, pieces, price)
TEA, MUG = (11, "Tea", 2, "3.50"), (12, "Mug, blue", 1, "4.00")
NONE: Final = (0, "", "completed", "10.00", "", "US", (TEA,))
ORDERS: Final = [
    (1, 71, "Ada@example.com", "completed", "11.00", "", "US", (TEA, MUG)),
    (2, 71, "ada@example.com", "Processing", "20.50", "8.50", "US", (MUG,)),
    (3, 72, "bo@example.com", "refunded", "30.00", "", "GB", (TEA,)),
    (4, 72, "bo@example.com", "wc-completed", "7.00", "1.00", "GB", (TEA,)),
    (5, 73, "cy@example.com", "Cancelled", "5.00", "", "DE", (TEA,)),
    (6, 73, "cy@example.com", "failed", "5.00", "", "DE", (TEA,)),
    (7, 74, "di@example.com", "On hold", "5.00", "", "US", (TEA,)),
    (8, 74, "di@example.com", "pending", "5.00", "", "US", (TEA,)),
    (9, 75, "eve@example.com", "lost in space", "5.00", "", "US", (TEA,)),
    (10, 76, "fay@example.com", "completed", "ten", "", "US", (TEA,)),
    (11, 77, "gus@example.com", "completed", "9.00", "some", "US", (TEA,)),
    (12, 0, "Guest@example.com", "completed", "12.00", "", "US", (MUG, MUG)),
    (13, 0, " guest@example.com", "completed", "13.00", "", "CA", (MUG,)),
    (14, 0, "", "completed", "14.00", "", "US", (MUG,)),
    # An account's address, without logging in.
    (15, 0, "ADA@example.com", "completed", "15.00", "", "US", (TEA,)),
    # An account that no file of customers has.
    (16, 99, "zoe@example.com", "completed", "16.00", "", "AT", (TEA,)),
    *((n, 78, "hal@example.com", "completed", f"{n}.00", "", "US", (TEA,)) for n in range(17, 31)),
]  # fmt: skip
CUSTOMERS: Final = [(n, f"{it}@example.com") for n, it in zip(
    range(71, 79), ("ada", "bo", "cy", "di", "eve", "fay", "gus", "hal"), strict=True
)]  # fmt: skip
FIGURES: Final = [
    ("1", "71", "11.00", "0.00", "completed"),
    ("2", "71", "20.50", "8.50", "completed"),
    ("3", "72", "30.00", "30.00", "refunded"),
    ("4", "72", "7.00", "1.00", "completed"),
    ("5", "73", "5.00", "0.00", "cancelled"),
    ("6", "73", "5.00", "0.00", "cancelled"),
    ("7", "74", "5.00", "0.00", "pending"),
    ("8", "74", "5.00", "0.00", "pending"),
    ("11", "77", "9.00", None, "completed"),
    ("12", "guest", "12.00", "0.00", "completed"),
    ("13", "guest", "13.00", "0.00", "completed"),
    ("15", "71", "15.00", "0.00", "completed"),
    ("16", "99", "16.00", "0.00", "completed"),
    *((str(n), "78", f"{n}.00", "0.00", "completed") for n in range(17, 31)),
]
HELD: Final = [("75", "orders", "9"), ("76", "orders", "10"), ("77", "orders", "11")]


def written(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def a_row_a_line() -> str:
    """Every row of an order repeats what the order has."""
    header = ["Order Number", "Order Status", "Order Date", "Email (Billing)",
              "Country Code (Billing)", "Order Refund Amount", "Order Total Amount", "SKU",
              "Product ID", "Item Name", "Quantity", "Item Cost", "Customer User ID",
              "Customer Note"]  # fmt: skip
    return written(header, [
        [number, status, "2025-03-01 10:00:00", email, country, refunded, total, "", *product[:2],
         *product[2:], account, "ring twice"]
        for number, account, email, status, total, refunded, country, lines in ORDERS
        for product in lines
    ])  # fmt: skip


def a_row_a_line_with_blanks() -> str:
    """The further rows of an order have the line alone."""
    header = ["order_id", "date", "status", "order_total", "refunded_total", "customer_id",
              "billing_email", "billing_country", "item_name", "product_id", "item_quantity",
              "item_subtotal"]  # fmt: skip
    rows: list[list[object]] = []
    for number, account, email, status, total, refunded, country, lines in ORDERS:
        own = [number, "2025-03-01 10:00", status, total, refunded, account, email, country]
        for place, (product, name, pieces, price) in enumerate(lines):
            told = own if not place else [""] * len(own)
            rows.append([*told, name, product, pieces, f"{pieces * Decimal(price):.2f}"])
    return written(header, rows)


def a_row_an_order() -> str:
    """All lines stand in columns of the one row."""
    header = ["order_id", "order_date", "status", "order_total", "refunded_total", "customer_user",
              "billing_email", "billing_country", "line_item_1", "line_item_2"]  # fmt: skip
    rows = []
    for number, account, email, status, total, refunded, country, lines in ORDERS:
        items = [
            f"name:{name}|product_id:{product}|sku:|quantity:{pieces}|"
            f"total:0.00|sub_total:{pieces * Decimal(price):.2f}"
            for product, name, pieces, price in lines
        ]
        rows.append([number, "2025-03-01 10:00:00", status, total, refunded, account, email,
                     country, *items, *[""] * (2 - len(items))])  # fmt: skip
    return written(header, rows)


def names_of_its_own() -> str:
    """Columns that no spelling knows."""
    text = a_row_a_line()
    for usual, own in (("Order Number", "Beleg"), ("Order Total Amount", "Summe"),
                       ("Order Date", "Datum"), ("Item Cost", "Preis")):  # fmt: skip
        text = text.replace(usual, own, 1)
    return text


STATED: Final = {
    "order_id": "Beleg", "total_amount": "Summe", "ordered_at": "datum", "unit_price": "Preis",
}  # fmt: skip


def plain(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [
        tuple(
            f"{it:.2f}" if isinstance(it, Decimal)
            else "guest" if isinstance(it, str) and it.startswith("woocommerce-") else it
            for it in row
        )
        for row in rows
    ]  # fmt: skip


def read(shop: Shop, text: str, columns: Mapping[str, str] | None = None, **files: str) -> Any:
    shop.write({"orders-export.csv": text, **{f"{name}.csv": it for name, it in files.items()}})
    source = Source("w", "woocommerce", folder=shop.source, columns=columns or {})
    return load(source, shop.settings, shop.clock)


def taken(shop: Shop) -> list[tuple[Any, ...]]:
    figures = "order_id, customer_id, total_amount, refunded_amount, status"
    return sorted(plain(shop.landed("orders", figures)), key=lambda row: int(row[0]))


@pytest.mark.parametrize(
    ("write", "columns"),
    [(a_row_a_line, {}), (a_row_a_line_with_blanks, {}), (a_row_an_order, {}),
     (names_of_its_own, STATED)],
)  # fmt: skip
def test_the_shop_lands_as_worked_out_by_hand(
    shop: Shop, write: Callable[[], str], columns: Mapping[str, str]
) -> None:
    customers = written(["user_id", "user_email"], CUSTOMERS)
    report = read(shop, write(), columns, customers=customers)
    assert taken(shop) == FIGURES
    assert shop.landed("set_aside", "customer_id, table_name, row_key") == sorted(HELD)
    # 10:00 in New York, as the shop's pages show it.
    assert shop.landed("orders", "distinct ordered_at") == [(datetime(2025, 3, 1, 15, tzinfo=UTC),)]
    lines = shop.landed("order_items", "order_id, product_id, quantity, unit_price")
    assert plain([it for it in lines if it[0] in {"1", "12"}]) == [
        ("1", "11", 2, "3.50"), ("1", "12", 1, "4.00"),
        ("12", "12", 1, "4.00"), ("12", "12", 1, "4.00"),
    ]  # fmt: skip
    assert plain(shop.landed("products", "product_id, name, price")) == [
        ("11", "Tea", "3.50"), ("12", "Mug, blue", "4.00"),
    ]  # fmt: skip
    people = plain(shop.landed("customers", "customer_id, email, country"))
    assert ("guest", "guest@example.com", "CA") in people
    assert ("99", "zoe@example.com", "AT") in people
    assert len(people) == len(CUSTOMERS) + 2
    assert shop.landed("consents") == []
    assert "hold no consents" in " ".join(report.notes)
    assert "example.com" not in report.to_json()


def test_a_duckdb_file_may_hold_the_export(shop: Shop, tmp_path: Any) -> None:
    shop.write({"x.csv": a_row_a_line()})
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        connection.execute(
            f"create table orders as from read_csv('{shop.source}/x.csv', all_varchar = true)"
        )
    source = Source("w", "woocommerce", duckdb=tmp_path / "w.duckdb")
    load(source, shop.settings, shop.clock)
    assert taken(shop) == FIGURES


HEADER: Final = ["order_id", "order_date", "status", "order_total", "billing_email"]


def test_rows_of_an_order_that_disagree_hold_its_customer(shop: Shop) -> None:
    read(shop, written(HEADER, [
        [1, "2025-03-01", "completed", "10.00", "ada@example.com"],
        [1, "2025-03-01", "completed", "12.00", "ada@example.com"],
        [2, "2025-03-01", "completed", "10.00", "bo@example.com"],
    ]))  # fmt: skip
    assert [row[0] for row in taken(shop)] == ["2"]
    assert shop.landed("set_aside", "row_key") == [("1",)]


def test_a_later_export_corrects_the_past(shop: Shop) -> None:
    row = [1, "2025-03-01", "completed", "10.00", "ada@example.com"]
    read(shop, written([*HEADER, "refunded_total"], [[*row, ""]]))
    shop.clock = FixedClock(shop.clock.now() + timedelta(hours=1))
    read(shop, written([*HEADER, "refunded_total"], [[*row, "4.00"]]))
    assert taken(shop) == [("1", "guest", "10.00", "4.00", "completed")]


def test_a_row_that_can_not_be_split_holds_whom_it_names(shop: Shop) -> None:
    lines = written(HEADER, [
        [1, "2025-03-01", "completed", "10.00", "ada@example.com"],
        [2, "2025-03-01", "completed", "10.00", "bo@example.com"],
    ]).splitlines()  # fmt: skip
    lines[1] += ",one more"
    report = read(shop, "\n".join(lines) + "\n")
    assert report.rejected == 1
    assert len(shop.landed("set_aside", "customer_id")) == 1


def test_what_a_column_that_is_not_found_costs_is_said(shop: Shop) -> None:
    report = read(shop, written(HEADER, [[1, "2025-03-01", "completed", "10.00", "a@example.com"]]))
    notes = " ".join(report.notes)
    assert "to be refunded_amount: an order that was given back in part counts whole" in notes
    assert "to be quantity: what was bought is not known" in notes


@pytest.mark.parametrize(
    ("header", "columns", "told"),
    [
        (HEADER[:3], {}, "no column is known to be total_amount, email: nothing was loaded"),
        (HEADER, {"total_amount": "Sum"}, "total_amount is 'Sum', and no file of orders has that"),
        (HEADER, {"sum": "order_total"}, "columns names sum, which is none of order_id"),
    ],
)
def test_a_column_that_is_needed_or_stated_and_absent_is_one_line(
    shop: Shop, header: list[str], columns: Mapping[str, str], told: str
) -> None:
    with pytest.raises(WinbackError) as refused:
        read(shop, written(header, [["1"] * len(header)]), columns)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not shop.settings.shop_dir.exists()


def test_where_pages_of_the_api_lie_beside_the_export_is_not_read(shop: Shop) -> None:
    shop.write({"orders.json": page([order(1, "ada@example.com")])})
    report = read(shop, a_row_a_line())
    assert [row[0] for row in taken(shop)] == ["5001"]
    assert "not read: orders-export.csv" in " ".join(report.notes)


def test_the_documents_name_every_spelling() -> None:
    text = (Path(__file__).parents[2] / "docs" / "sources.md").read_text()
    for names in SPELLINGS.values():
        for ours, spellings in names.items():
            row = next(it for it in text.splitlines() if it.startswith(f"| `{ours}` | `"))
            assert all(f"`{it}`" in row for it in spellings), ours
