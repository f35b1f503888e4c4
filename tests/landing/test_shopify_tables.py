"""Shopify's tables as Fivetran (REST and GraphQL) and Airbyte land them, from every place.

The shop is written once as the REST tables; the other forms say the same in their own columns, so
what must land is worked out by hand once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb
import psycopg
import pytest
import shopify_files
from landing_shop import Shop
from shopify_tables import Row, as_airbyte, as_graphql, customer, line, order, said, table

from winback.base.clock import FixedClock
from winback.base.errors import WinbackError
from winback.landing import FileColumns, LoadReport, Source, load
from winback.landing.sources.shopify_tables import _airbyte_columns, _fivetran_columns
from winback.ledger import open_ledger, suppressions_in_force
from winback.people.erasure import erase_deleted

pytestmark = pytest.mark.long

TEA, MUG = (11, "Tea"), (12, "Mug, blue")
CUSTOMERS: Final = [
    customer(1, "Ada@example.com", state="enabled", first_name="Ada", phone="+12125550101",
             **said("email", "subscribed", "confirmed_opt_in", "2024-02-01 10:00:00"),
             **said("sms", "subscribed", "single_opt_in", "2024-02-02 10:00:00", "SHOPIFY")),
    customer(2, "bo@example.com", last_name="O'Brien, jr.",
             **said("email", "subscribed", "single_opt_in", "2024-02-03 10:00:00"),
             **said("sms", "subscribed", "single_opt_in", "2024-02-03 10:00:00", "OTHER")),
    customer(3, "cy@example.com", **said("email", "subscribed", "unknown", "2024-02-04 10:00:00")),
    customer(4, "di@example.com", created_at="2024-03-05 10:00:00", **said("email", "subscribed")),
    customer(5, "eve@example.com", **said("email", "pending", "", "2024-02-05 10:00:00")),
    customer(6, "fay@example.com", **said("email", "unsubscribed", "", "2024-02-06 10:00:00"),
             **said("sms", "unsubscribed", "", "2024-02-07 10:00:00")),
    customer(7, "gus@example.com", **said("email", "unsubscribed")),
    customer(8, "hal@example.com", **said("email", "invalid", "", "2024-02-08 10:00:00")),
    customer(9, "ivy@example.com", **said("email", "redacted", "", "2024-02-09 10:00:00")),
    customer(10, "jo@example.com", _fivetran_deleted=True,
             **said("email", "subscribed", "confirmed_opt_in", "2024-02-10 10:00:00")),
    # Merged: the row of the other account stays, deleted or not.
    customer(11, "kim@example.com", _fivetran_deleted=True),
    customer(12, "Kim@example.com"),
    customer(18, "sue@example.com",
             **said("email", "subscribed", "unknown", "2024-02-18 10:00:00")),
    customer(19, "sue@example.com", state="enabled", updated_at="2024-06-01 10:00:00"),
    # Landed twice, as it was and as it is.
    customer(13, "old@example.com", first_name="Lou", updated_at="2024-06-01 10:00:00"),
    customer(13, "lou@example.com", first_name="Lou", updated_at="2024-07-01 10:00:00"),
    customer(14, "max@example.com"),
    customer(14, "maxine@example.com"),
    customer(15, "nia@example.com", **said("email", "paused", "", "2024-02-15 10:00:00")),
    customer(16, "", phone="(212) 555-0116"),
    customer(17, " Pam@Example.com "),
]  # fmt: skip
HOMES: Final = [
    {"id": 1, "customer_id": 7001, "is_default": True, "country_code": "US", "province_code": "NY",
     "zip": "01234", "phone": None},
    {"id": 2, "customer_id": 7001, "is_default": False, "country_code": "CA", "province_code": "ON",
     "zip": "K1A", "phone": None},
    {"id": 3, "customer_id": 7002, "is_default": True, "country_code": "GB", "province_code": None,
     "zip": None, "phone": "+44 7700 900123"},
    {"id": 4, "customer_id": 7016, "is_default": True, "country_code": "US", "province_code": None,
     "zip": None, "phone": None},
]  # fmt: skip
ORDERS: Final = [
    order(1, 1, "ada@example.com", total_price="11.50", total_discounts="2.00"),
    order(2, 1, "ada@example.com", total_price="20.50", financial_status="partially_refunded"),
    order(3, 2, "bo@example.com", total_price="30.00", financial_status="refunded"),
    order(4, 3, "cy@example.com", financial_status="partially_refunded"),
    order(5, 4, "di@example.com", financial_status="voided"),
    order(6, 5, "eve@example.com", cancelled_at="2025-03-02 10:00:00"),
    order(7, 6, "fay@example.com", financial_status="pending"),
    order(8, 7, "gus@example.com", test=True),
    order(9, 8, "hal@example.com", financial_status="pending", source_name="shopify_draft_order"),
    order(10, 8, "hal@example.com", source_name="shopify_draft_order"),
    order(11, 10, "jo@example.com"),
    order(12, 11, "kim@example.com"),
    order(13, None, "ADA@example.com"),
    order(14, None, "guest@example.com", billing_address_country_code="GB"),
    order(15, None, "", phone="212-555-0116"),
    order(16, None, ""),
    order(17, 99, "zoe@example.com"),
    order(18, 13, "lou@example.com", total_price="ten"),
    order(19, 15, "nia@example.com", financial_status="odd"),
    order(20, 17, "pam@example.com", _fivetran_deleted=True),
    # Landed twice, corrected.
    order(21, 17, "pam@example.com", total_price="99.00", updated_at="2025-03-02 15:00:00"),
    order(21, 17, "pam@example.com", total_price="89.00", updated_at="2025-03-03 15:00:00"),
    order(22, 19, "sue@example.com", total_price="1.00"),
    order(22, 19, "sue@example.com", total_price="2.00"),
    order(23, 3, "cy@example.com", currency="EUR", created_at="2025-03-04 00:30:00"),
    order(24, 4, "di@example.com", financial_status="partially_refunded"),
    order(25, 12, "kim@example.com"),
    order(26, 18, "sue@example.com"),
]  # fmt: skip
LINES: Final = [
    line(1, 5001, TEA, 2, "3.50"),
    line(2, 5001, MUG, 1, "4.00"),
    line(3, 5002, MUG, 5, "4.10"),
    line(4, 5003, (None, "Gift wrap"), 1, "30.00", sku="WRAP"),
    line(5, 5021, TEA, 1, "89.00"),
    line(5, 5021, TEA, 1, "89.00"),
    line(6, 5008, TEA, 1, "3.00"),
    line(7, 5023, (None, "Voucher"), 1, "10.00"),
]  # fmt: skip
REFUNDS: Final = [{"id": n, "order_id": 5000 + it} for n, it in enumerate((2, 2, 4, 24), start=1)]
GIVEN_BACK: Final = [
    {"id": 1, "refund_id": 1, "order_line_id": 9003, "subtotal": "4.00", "total_tax": "0.20"},
    {"id": 2, "refund_id": 2, "order_line_id": 9003, "subtotal": "1.00", "total_tax": "0.05"},
    {"id": 3, "refund_id": 3, "order_line_id": 1, "subtotal": "10.00", "total_tax": "0.00"},
    {"id": 4, "refund_id": 4, "order_line_id": 1, "subtotal": "most of it", "total_tax": "0.00"},
]  # fmt: skip
ADJUSTMENTS: Final = [
    # Shipping that was given back, and a refund of less than the line.
    {"id": 1, "order_id": 5002, "refund_id": 2, "amount": "-3.00", "tax_amount": "-0.25",
     "kind": "shipping_refund"},
    {"id": 2, "order_id": 5004, "refund_id": 3, "amount": "2.00", "tax_amount": "0.00",
     "kind": "refund_discrepancy"},
]  # fmt: skip
SHOP: Final[Mapping[str, Sequence[Row]]] = {
    "customer": CUSTOMERS,
    "customer_address": HOMES,
    "order": ORDERS,
    "order_line": LINES,
    "refund": REFUNDS,
    "order_line_refund": GIVEN_BACK,
    "order_adjustment": ADJUSTMENTS,
    "order_discount_code": [
        {"order_id": 5001, "index": 2, "code": "LATER"},
        {"order_id": 5001, "index": 1, "code": "HELLO"},
    ],
    "order_tag": [{"order_id": 5025, "index": 1, "value": "Test order"}],
    "product": [
        {"id": 11, "title": "Tea", "product_type": "drinks", "handle": "tea",
         "published_at": "2023-01-02 03:04:05", "updated_at": "2024-01-01 00:00:00",
         "_fivetran_deleted": False},
        {"id": 13, "title": "Pot", "product_type": None, "handle": "pot", "published_at": None,
         "updated_at": "2024-01-01 00:00:00", "_fivetran_deleted": False},
    ],
    "product_variant": [
        {"id": 2, "product_id": 11, "position": 2, "price": "30.00", "compare_at_price": None},
        {"id": 1, "product_id": 11, "position": 1, "price": "3.00", "compare_at_price": "3.60"},
        {"id": 3, "product_id": 13, "position": 1, "price": "20.00", "compare_at_price": "20.00"},
    ],
    "product_image": [
        {"product_id": 11, "position": 1, "src": "https://cdn.example.com/tea.jpg"},
        {"product_id": 12, "position": 1, "src": "https://cdn.example.com/none.jpg"},
    ],
}  # fmt: skip
# customer, email, phone, country, merged_into
LANDED: Final = [
    ("7001", "Ada@example.com", "+12125550101", "US", None),
    ("7002", "bo@example.com", "+44 7700 900123", "GB", None),
    ("7003", "cy@example.com", None, "US", None),
    ("7004", "di@example.com", None, "US", None),
    ("7005", "eve@example.com", None, "US", None),
    ("7006", "fay@example.com", None, "US", None),
    ("7007", "gus@example.com", None, "US", None),
    ("7008", "hal@example.com", None, "US", None),
    ("7011", None, None, "US", "7012"),
    ("7012", "Kim@example.com", None, "US", None),
    ("7013", "lou@example.com", None, "US", None),
    ("7014", "max@example.com", None, None, None),
    ("7015", "nia@example.com", None, "US", None),
    ("7016", None, "(212) 555-0116", "US", None),
    ("7017", "Pam@Example.com", None, "US", None),
    ("7018", "sue@example.com", None, "US", "7019"),
    ("7019", "sue@example.com", None, "US", None),
    ("7099", "zoe@example.com", None, "US", None),
    ("erased", None, None, None, None),
    ("erased", None, None, "US", None),
    ("guest", "guest@example.com", None, "GB", None),
]
# order, customer, total, discount, refunded, status
TAKEN: Final = [
    ("5001", "7001", "11.50", "2.00", "0.00", "completed"),
    # 4.00 + 0.20 + 1.00 + 0.05 + 3.00 + 0.25
    ("5002", "7001", "20.50", "0.00", "8.50", "completed"),
    ("5003", "7002", "30.00", "0.00", "30.00", "refunded"),
    ("5004", "7003", "10.00", "0.00", "8.00", "completed"),
    ("5005", "7004", "10.00", "0.00", "0.00", "cancelled"),
    ("5006", "7005", "10.00", "0.00", "0.00", "cancelled"),
    ("5007", "7006", "10.00", "0.00", "0.00", "pending"),
    ("5010", "7008", "10.00", "0.00", "0.00", "completed"),
    ("5011", "erased", "10.00", "0.00", "0.00", "completed"),
    ("5012", "7011", "10.00", "0.00", "0.00", "completed"),
    ("5013", "7001", "10.00", "0.00", "0.00", "completed"),
    ("5014", "guest", "10.00", "0.00", "0.00", "completed"),
    ("5015", "7016", "10.00", "0.00", "0.00", "completed"),
    ("5017", "7099", "10.00", "0.00", "0.00", "completed"),
    ("5020", "7017", "10.00", "0.00", "0.00", "cancelled"),
    ("5021", "7017", "89.00", "0.00", "0.00", "completed"),
    ("5022", "7019", "1.00", "0.00", "0.00", "completed"),
    ("5023", "7003", "10.00", "0.00", "0.00", "completed"),
    ("5024", "7004", "10.00", "0.00", None, "completed"),
    ("5026", "7018", "10.00", "0.00", "0.00", "completed"),
]
# customer, channel, status, basis, day (none: that of the load)
CONSENTS: Final = [
    ("7001", "email", "granted", "double_opt_in", "2024-02-01"),
    ("7001", "sms", "granted", "express_written", "2024-02-02"),
    ("7002", "email", "granted", "express", "2024-02-03"),
    ("7003", "email", "granted", "undocumented", "2024-02-04"),
    ("7004", "email", "granted", "undocumented", "2024-03-05"),
    ("7006", "email", "revoked", None, "2024-02-06"),
    ("7006", "sms", "revoked", None, "2024-02-07"),
    ("7007", "email", "revoked", None, "2025-06-01"),
    ("7015", "email", "unclear", None, "2024-02-15"),
    ("7018", "email", "granted", "undocumented", "2024-02-18"),
]
HELD: Final = [
    ("7004", "orders", "5024"),
    ("7013", "orders", "5018"),
    ("7014", "customers", "7014"),
    ("7015", "orders", "5019"),
    ("7019", "orders", "5022"),
]


def csv_files(tables: Mapping[str, Sequence[Row]], folder: Path) -> None:
    for name, rows in tables.items():
        (folder / f"{name}.csv").write_text(table(rows))


def typed(tables: Mapping[str, Sequence[Row]], file: Path) -> None:
    """The tables in a DuckDB file, with the types that their values have."""
    folder = file.parent / "texts"
    folder.mkdir()
    csv_files(tables, folder)
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema shopify")
        for name in tables:
            connection.execute(
                f'create table shopify."{name}" as from read_csv(?, header = true)',
                [str(folder / f"{name}.csv")],
            )


def rest_csv(folder: Path) -> Source:
    csv_files(SHOP, folder)
    return Source("w", "fivetran-shopify", folder=folder)


def rest_duckdb(folder: Path) -> Source:
    typed(SHOP, folder / "w.duckdb")
    return Source("w", "fivetran-shopify", duckdb=folder / "w.duckdb", schema="shopify")


def graphql_duckdb(folder: Path) -> Source:
    rows = {name: [as_graphql(name, it) for it in rows] for name, rows in SHOP.items()}
    typed(rows, folder / "w.duckdb")
    return Source("w", "fivetran-shopify", duckdb=folder / "w.duckdb", schema="shopify")


def airbyte_csv(folder: Path) -> Source:
    csv_files(as_airbyte(SHOP), folder)
    return Source("w", "airbyte-shopify", folder=folder)


def airbyte_parquet(folder: Path) -> Source:
    """Nested columns as structs, and a folder of two files a stream."""
    for name, rows in as_airbyte(SHOP).items():
        (folder / name).mkdir()
        for number, part in enumerate((rows[: len(rows) // 2], rows[len(rows) // 2 :])):
            lines = folder / "rows.json"
            lines.write_text("\n".join(json.dumps(it) for it in rows))
            with duckdb.connect() as connection:
                connection.execute(
                    "copy (select * exclude nth from (select *, row_number() over () as nth from "
                    f"read_json(?, sample_size = -1)) where (nth > {len(rows) // 2}) = "
                    f"{bool(number)} order by nth) to '{folder}/{name}/{number}.parquet'",
                    [str(lines)],
                )
            lines.unlink()
            assert part or len(rows) < 2
    return Source("w", "airbyte-shopify", folder=folder)


WAYS: Final = (rest_csv, rest_duckdb, graphql_duckdb, airbyte_csv, airbyte_parquet)


def plain(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows with what stands for a hashed id, in order, money as texts."""

    def of(value: Any) -> Any:
        if isinstance(value, Decimal):
            return f"{value:.2f}"
        if isinstance(value, str) and value.startswith("erased-"):
            return "erased"
        if isinstance(value, str) and value.startswith("shopify-"):
            return "guest"
        return value

    return sorted((tuple(map(of, row)) for row in rows), key=str)


@pytest.mark.parametrize("way", WAYS)
def test_the_shop_lands_as_worked_out_by_hand(
    shop: Shop, tmp_path: Path, way: Callable[[Path], Source]
) -> None:
    folder = tmp_path / "place"
    folder.mkdir()
    report = load(way(folder), shop.settings, shop.clock)
    assert plain(shop.landed("customers", "customer_id, email, phone, country, merged_into")) == (
        sorted(LANDED, key=str)
    )
    figures = "order_id, customer_id, total_amount, discount_amount, refunded_amount, status"
    assert plain(shop.landed("orders", figures)) == TAKEN
    assert shop.landed("orders", "order_id, coupon_code, currency, ordered_at")[0] == (
        "5001", "HELLO", "USD", datetime(2025, 3, 1, 15, tzinfo=UTC),
    )  # fmt: skip
    [euro] = [
        it for it in shop.landed("orders", "order_id, currency, ordered_at") if it[1] != "USD"
    ]
    assert euro == ("5023", "EUR", datetime(2025, 3, 4, 0, 30, tzinfo=UTC))
    consents = shop.landed(
        "consents", "customer_id, channel, status, basis, strftime(occurred_at, '%Y-%m-%d')"
    )
    assert consents == CONSENTS
    assert shop.landed("set_aside", "customer_id, table_name, row_key") == HELD
    assert plain(shop.landed("order_items", "order_id, product_id, quantity, unit_price")) == [
        ("5001", "11", 2, "3.50"),
        ("5001", "12", 1, "4.00"),
        ("5002", "12", 5, "4.10"),
        ("5003", "WRAP", 1, "30.00"),
        ("5021", "11", 1, "89.00"),
        ("5023", "Voucher", 1, "10.00"),
    ]
    columns = "product_id, name, category, price, compare_at_price, image_url"
    assert plain(shop.landed("products", columns)) == [
        ("11", "Tea", "drinks", "3.00", "3.60", "https://cdn.example.com/tea.jpg"),
        ("12", "Mug, blue", None, "4.10", None, None),
        ("13", "Pot", None, "20.00", None, None),
        ("Voucher", "Voucher", None, "10.00", None, None),
        ("WRAP", "Gift wrap", None, "30.00", None, None),
    ]
    with open_ledger(shop.settings) as ledger, ledger.read() as connection:
        kept = suppressions_in_force(connection, group="email")
    assert [(it.address, it.reason) for it in kept] == [("hal@example.com", "hard_bounce")]
    notes = " ".join(report.notes)
    assert "2 test orders are no orders" in notes
    assert "1 drafts that are not paid" in notes
    assert "2 customers are deleted at their source" in notes
    assert "1 subscribers to texts are held" in notes
    assert "example.com" not in report.to_json()


def test_the_tables_are_read_from_postgresql(
    shop: Shop, make_schema: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = make_schema()
    with psycopg.connect(url, autocommit=True) as connection:
        for name, rows in SHOP.items():
            names = list(dict.fromkeys(it for row in rows for it in row))
            columns = ", ".join(f'"{it}" text' for it in names)
            connection.execute(f'create table "{name}" ({columns})'.encode())
            with connection.cursor() as cursor:
                cursor.executemany(
                    f'insert into "{name}" values ({", ".join(["%s"] * len(names))})'.encode(),
                    [[row.get(it) for it in names] for row in rows],
                )
    monkeypatch.setenv("WAREHOUSE_URL", url)
    schema = url.rpartition("%3D")[2]
    source = Source("w", "fivetran-shopify", postgres="WAREHOUSE_URL", schema=schema)
    report = load(source, shop.settings, shop.clock)
    assert [it.file for it in report.sources if it.name == "orders"] == ["order"]
    figures = "order_id, customer_id, total_amount, discount_amount, refunded_amount, status"
    assert plain(shop.landed("orders", figures)) == TAKEN
    assert shop.landed("set_aside", "customer_id, table_name, row_key") == HELD


def later(shop: Shop, tables: Mapping[str, Sequence[Row]], hours: int = 0) -> LoadReport:
    """Load Fivetran's tables some hours later; the customers and orders may be alone."""
    shop.source.mkdir(exist_ok=True)
    for path in shop.source.iterdir():
        path.unlink()
    csv_files({"customer": [customer(1, "ada@example.com")], "order": [], **tables}, shop.source)
    if not tables.get("order"):
        header = table([], list(order(1, 1, "")))
        (shop.source / "order.csv").write_text(header)
    clock = FixedClock(shop.clock.now() + timedelta(hours=hours))
    return load(shop.source, shop.settings, clock, format="fivetran-shopify")


def states(shop: Shop) -> list[tuple[Any, ...]]:
    return shop.landed(
        "consents", "strftime(occurred_at, '%Y-%m-%d %H'), channel, status, basis, customer_id"
    )


def test_each_load_keeps_the_states_that_it_saw(shop: Shop) -> None:
    for hours, state, at in (
        (0, "subscribed", "2024-02-01 10:00:00"),
        (24, "unsubscribed", "2025-06-02 09:00:00"),
        (48, "subscribed", "2025-06-03 09:00:00"),
        (72, "subscribed", "2025-06-03 09:00:00"),
    ):
        later(shop, {"customer": [customer(1, "ada@example.com", **said("email", state, "", at))]},
              hours)  # fmt: skip
    assert [(it[0], it[2]) for it in states(shop)] == [
        ("2024-02-01 10", "granted"), ("2025-06-02 09", "revoked"), ("2025-06-03 09", "granted"),
    ]  # fmt: skip


def test_a_yes_that_is_gone_is_a_refusal_from_the_load_on(shop: Shop) -> None:
    yes = said("email", "subscribed", "confirmed_opt_in", "2024-02-01 10:00:00")
    for hours, state in ((0, yes), (24, said("email", "not_subscribed")), (48, {}), (72, {})):
        later(shop, {"customer": [customer(1, "ada@example.com", **state)]}, hours)
    assert [(it[0], it[2]) for it in states(shop)] == [
        ("2024-02-01 10", "granted"), ("2025-06-02 12", "revoked"),
    ]  # fmt: skip


def test_a_shop_that_changes_its_form_keeps_what_was_said(shop: Shop) -> None:
    """A yes of Shopify's own export that the tables don't have any more is a refusal."""
    yes = shopify_files.account(1, "ada@example.com", accepts_email_marketing="yes")
    bought = shopify_files.order(1, "ada@example.com")
    shop.write({
        "customers.csv": shopify_files.written(shopify_files.CUSTOMERS, [yes]),
        "orders.csv": shopify_files.written(shopify_files.ORDERS, bought),
    })  # fmt: skip
    shop.load(format="shopify")
    number = int(shopify_files.account_id(1))
    later(shop, {"customer": [customer(1, "ada@example.com", id=number)]}, 24)
    assert [it[2] for it in states(shop)] == ["granted", "revoked"]


def test_old_tables_have_a_yes_or_a_no_with_its_day(shop: Shop) -> None:
    rows = [
        {k: v for k, v in customer(n, f"{n}@example.com").items() if "_consent" not in k}
        | {"accepts_marketing": yes, "accepts_marketing_updated_at": at,
           "marketing_opt_in_level": level}
        for n, yes, at, level in (
            (1, True, "2021-01-02 10:00:00", "confirmed_opt_in"),
            (2, True, None, None),
            (3, False, "2021-01-03 10:00:00", None),
            (4, False, None, None),
        )
    ]  # fmt: skip
    later(shop, {"customer": rows})
    assert states(shop) == [
        ("2021-01-02 10", "email", "granted", "double_opt_in", "7001"),
        ("2021-01-03 10", "email", "revoked", None, "7003"),
        ("2024-01-01 10", "email", "granted", "undocumented", "7002"),
    ]


def test_an_order_that_was_corrected_changes_the_past(shop: Shop) -> None:
    later(shop, {"order": [order(1, 1, "ada@example.com"), order(2, 1, "ada@example.com")]})
    later(
        shop,
        {
            "order": [
                order(1, 1, "ada@example.com", financial_status="partially_refunded"),
                order(2, 1, "ada@example.com", _fivetran_deleted=True),
            ],
            "refund": [{"id": 1, "order_id": 5001, "total_refunded_set_shop_amount": 2.5}],
        },
        24,
    )
    assert plain(shop.landed("orders", "order_id, refunded_amount, status")) == [
        ("5001", "2.50", "completed"), ("5002", "0.00", "cancelled"),
    ]  # fmt: skip


def test_a_customer_whom_the_source_has_deleted_is_erased_and_does_not_come_back(
    shop: Shop,
) -> None:
    both = [customer(1, "ada@example.com"), customer(2, "bo@example.com")]
    orders = [order(1, 1, "ada@example.com"), order(2, 2, "bo@example.com")]
    later(shop, {"customer": both, "order": orders})
    gone = [both[0], {**both[1], "_fivetran_deleted": True}]
    for hours in (24, 48):
        later(shop, {"customer": gone, "order": orders}, hours)
        assert erase_deleted(shop.settings, shop.clock).waiting == 0
        assert plain(shop.landed("customers", "customer_id, email")) == [
            ("7001", "ada@example.com"), ("erased", None),
        ]  # fmt: skip
        assert plain(shop.landed("orders", "order_id, customer_id")) == [
            ("5001", "7001"), ("5002", "erased"),
        ]  # fmt: skip


def test_a_guest_who_has_an_account_now_stays_one_person(shop: Shop) -> None:
    later(shop, {"order": [order(1, None, "bo@example.com")]})
    [guest] = [it for [it] in shop.landed("customers", "customer_id") if it.startswith("shopify-")]
    later(shop, {"customer": [customer(2, "BO@example.com")]}, 24)
    assert ("7002",) in shop.landed("customers", "merged_into") or (
        guest, "7002",
    ) in shop.landed("customers", "customer_id, merged_into")  # fmt: skip


def test_what_a_missing_table_or_column_costs_is_said(shop: Shop) -> None:
    bare = {"id": 7001, "email": "ada@example.com"}
    report = later(shop, {"customer": [bare], "order": [order(1, 1, "ada@example.com")]})
    notes = " ".join(report.notes)
    for told in (
        "customer.csv has no column of consents", "no table of refunds", "no table order_line",
        "no table customer_address",
    ):  # fmt: skip
        assert told in notes


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"order.csv": None}, "has no table order, as Fivetran lands them"),
        ({"customer.csv": "id\n7001\n"}, "customer.csv has no column email: nothing was loaded"),
        (
            {"order.csv": "id,customer_id,email,created_at,financial_status,cancelled_at\n"},
            "order.csv has no column total_price or total_price_set_shop_amount",
        ),
        (
            {"order.parquet": "PAR1 and no more", "order.csv": None},
            "is not a readable Parquet file",
        ),
        ({"order.csv.gz": "id\n"}, "holds order.csv and order.csv.gz: both are order"),
        ({"customer.csv": "id,email\n7.1E+12,a@example.com\n"}, "a spreadsheet has rounded 1 ids"),
    ],
)
def test_a_place_that_is_no_shops_is_one_line(
    shop: Shop, files: Mapping[str, str | None], told: str
) -> None:
    shop.source.mkdir()
    csv_files(
        {"customer": [customer(1, "ada@example.com")], "order": [order(1, 1, "ada@example.com")]},
        shop.source,
    )
    for name, text in files.items():
        (shop.source / name).unlink(missing_ok=True)
        if text is not None:
            (shop.source / name).write_text(text)
    with pytest.raises(WinbackError) as refused:
        shop.load(format="fivetran-shopify")
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "example.com" not in str(refused.value)
    assert not shop.settings.shop_dir.exists()


def test_what_another_tool_left_in_a_folder_is_no_table(shop: Shop) -> None:
    """A Delta table's files hold deleted rows, and a model of the shop's may be named alike."""
    shop.source.mkdir()
    csv_files(
        {"customer": [customer(1, "ada@example.com")], "order": [order(1, 1, "ada@example.com")],
         "customers": [{"id": 9, "email": "x@example.com"}], "orders": []},
        shop.source,
    )  # fmt: skip
    shop.load(format="fivetran-shopify")
    assert shop.landed("customers", "customer_id") == [("7001",)]
    (shop.source / "refund" / "_delta_log").mkdir(parents=True)
    with pytest.raises(WinbackError, match="is a Delta table"):
        shop.load(format="fivetran-shopify")


def test_a_look_is_told_what_each_column_becomes(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "place").mkdir()
    seen: list[FileColumns] = []
    load(rest_csv(tmp_path / "place"), shop.settings, shop.clock, saw=seen.append)
    [told] = [it for it in seen if it.kind == "order_line_refund"]
    assert list(told.columns) == list(GIVEN_BACK[0]), "in the order of the file"
    assert told.columns == {
        "id": "", "refund_id": "refund_id", "order_line_id": "line_id", "subtotal": "amount",
        "total_tax": "tax",
    }  # fmt: skip


def test_a_row_that_can_not_be_split_holds_whom_it_names(shop: Shop) -> None:
    shop.source.mkdir()
    rows = table([customer(1, "ada@example.com"), customer(2, "bo@example.com")])
    header, ada, bo = rows.splitlines()
    (shop.source / "customer.csv").write_text("\n".join([header, ada + ",one more", bo]) + "\n")
    csv_files({"order": [order(1, 1, "ada@example.com")]}, shop.source)
    report = shop.load(format="fivetran-shopify")
    assert report.rejected == 1
    assert len(shop.landed("set_aside", "customer_id")) == 1


@pytest.mark.parametrize("column", ["email_marketing_consent", "refunds"])
def test_a_nested_column_that_is_cut_off_frees_nobody(shop: Shop, column: str) -> None:
    """Airbyte's JSON: a consent that can't be read is a refusal, and a refund holds."""
    streams = as_airbyte(
        {"customer": [customer(1, "ada@example.com")], "order": [order(1, 1, "ada@example.com")]}
    )
    stream = "customers" if "consent" in column else "orders"
    streams[stream][0][column] = '{"state": "SUBSCRIBED", "opt_in'
    shop.source.mkdir()
    csv_files(streams, shop.source)
    shop.load(format="airbyte-shopify")
    if stream == "customers":
        assert [it[1:3] for it in states(shop)] == [("email", "unclear")]
    else:
        assert shop.landed("set_aside", "customer_id, row_key") == [("7001", "5001")]


def test_the_samples_of_the_docs_load_whole(shop: Shop) -> None:
    shop.source = Path(__file__).parents[2] / "docs" / "samples" / "fivetran"
    report = shop.load(format="fivetran-shopify")
    assert (report.rejected, report.held_customers) == (0, 0)
    assert not report.notes
    assert plain(shop.landed("orders", "order_id, refunded_amount, status"))[1:3] == [
        ("5000000000002", "16.75", "completed"), ("5000000000003", "0.00", "cancelled"),
    ]  # fmt: skip


def test_the_documents_name_every_column_that_is_read() -> None:
    text = (Path(__file__).parents[2] / "docs" / "sources.md").read_text()
    for module in (_fivetran_columns, _airbyte_columns):
        for table_ in module.TABLES:
            for name in (table_.names[0], *table_.theirs):
                assert f"`{name}`" in text, f"{table_.names[0]}.{name}"
