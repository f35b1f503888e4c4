"""What the input format promises about one load of a shop's files."""

from __future__ import annotations

import gzip
import json
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from landing_shop import CUSTOMERS, ORDERS, Shop

from winback.base.errors import UsageError, WinbackError
from winback.landing.schema import DUCKDB_TYPES, TABLES

HEADER = "order_id,customer_id,ordered_at,total_amount\n"


def test_every_table_lands_with_exactly_its_declared_columns_and_types(shop: Shop) -> None:
    shop.load({})
    for table in TABLES.values():
        described = duckdb.sql(
            f"describe select * from '{shop.settings.shop_dir / table.name}.parquet'"
        ).fetchall()
        spelled = {
            "timestamptz": "TIMESTAMP WITH TIME ZONE",
            "decimal(18, 4)": "DECIMAL(18,4)",
        }
        declared = [
            (c.name, spelled.get(DUCKDB_TYPES[c.type], DUCKDB_TYPES[c.type].upper()))
            for c in table.columns
        ]
        assert [(name, kind) for name, kind, *_ in described] == declared


def test_a_phone_number_and_an_id_with_zeros_stay_text(shop: Shop) -> None:
    shop.load({"customers.csv": "customer_id,phone,postal_code\n 007 ,+15550001,01234\n"})
    assert shop.landed("customers", "customer_id, phone, postal_code") == [
        ("007", "+15550001", "01234")
    ]


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2025-03-01T10:00:00Z", datetime(2025, 3, 1, 10, tzinfo=UTC)),
        ("2025-03-01 10:00:00+02:00", datetime(2025, 3, 1, 8, tzinfo=UTC)),
        ("2025-03-01T10:00+0530", datetime(2025, 3, 1, 4, 30, tzinfo=UTC)),
        ("2025-03-01T10:00:00.25-03", datetime(2025, 3, 1, 13, 0, 0, 250_000, tzinfo=UTC)),
        ("20250301T101500Z", datetime(2025, 3, 1, 10, 15, tzinfo=UTC)),
        ("2025-03-01T10:00:00", datetime(2025, 3, 1, 15, tzinfo=UTC)),
        ("2025-07-01 10:00", datetime(2025, 7, 1, 14, tzinfo=UTC)),
        ("2025-03-01", datetime(2025, 3, 1, 5, tzinfo=UTC)),
        ("2025-03-09T02:30:00", datetime(2025, 3, 9, 7, 30, tzinfo=UTC)),  # the clocks skip it
    ],
)
def test_a_time_without_offset_is_in_the_shops_zone(
    shop: Shop, written: str, instant: datetime
) -> None:
    shop.load({"orders.csv": f"{HEADER}o1,c1,{written},1\n"})
    assert shop.landed("orders", "epoch_us(ordered_at)") == [
        (int(instant.timestamp() * 1_000_000),)
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",c1,2025-03-01,1", "order_id is missing"),
        ("o2,  ,2025-03-01,1", "customer_id is missing"),
        ("o2,c1,,1", "ordered_at is missing"),
        ("o2,c1,2025-02-30,1", "ordered_at is not a date"),
        ("o2,c1,01/02/2025,1", "ordered_at is not a date"),
        ("o2,c1,infinity,1", "ordered_at is not a date"),
        ("o2,c1,9999-12-31,1", "ordered_at is outside 1990 to 2199"),
        ("o2,c1,1970-01-01,1", "ordered_at is outside 1990 to 2199"),
        ("o2,c1,2025-03-01,", "total_amount is missing"),
        ("o2,c1,2025-03-01,-0.01", "total_amount is negative"),
        ("o2,c1,2025-03-01,-0.00001", "total_amount is negative"),
        ("o2,c1,2025-03-01,NaN", "total_amount is NaN or infinite"),
        ("o2,c1,2025-03-01,-inf", "total_amount is NaN or infinite"),
        ("o2,c1,2025-03-01,Infinity", "total_amount is NaN or infinite"),
        ("o2,c1,2025-03-01,1e300", "total_amount has over 14 digits before the point"),
        ("o2,c1,2025-03-01,12 pieces", "total_amount is not a number"),
        ('o2,c1,2025-03-01,"1,234,00"', "total_amount is not a number"),
        ("o2,c1,2025-03-01", "short row: 3 fields where the header has 4"),
        ("o2,c1,2025-03-01,1,1", "long row: 5 fields where the header has 4"),
        ("o1,c2,2025-03-02,9", "second row with this order_id"),
        ('o2,"c1,2025-03-01,1', "a quote is not closed"),
        ('o2,"c"1,2025-03-01,1', "a quote in a wrong place"),
    ],
)
def test_a_row_that_cannot_be_held_is_set_aside_with_file_line_and_reason(
    shop: Shop, row: str, reason: str
) -> None:
    first, last = "o1,c1,2025-03-01,5", "o9,c1,2025-03-01,7"
    report = shop.load({"orders.csv": f"{HEADER}{first}\n{row}\n{last}\n"})
    assert shop.rejected(report) == [
        {"file": "orders.csv", "line": "3", "reason": reason, "row": row}
    ]
    assert shop.landed("orders", "order_id, total_amount") == [
        ("o1", Decimal(5)),
        ("o9", Decimal(7)),
    ]
    assert report.rejected == 1


def test_bytes_that_are_no_utf8_cost_only_their_row(shop: Shop) -> None:
    report = shop.load({"customers.csv": b"customer_id,first_name\nc1,Ren\xe9\nc2,Zo\xc3\xab\n"})
    assert shop.landed("customers", "customer_id, first_name") == [("c2", "Zoë")]
    [row] = shop.rejected(report)
    assert row["reason"] == "not UTF-8"
    assert row["row"] == r"c1,Ren\xe9"


def test_an_optional_value_may_be_empty_and_one_that_is_unreadable_is_emptied(shop: Shop) -> None:
    report = shop.load({"products.csv": "product_id,price,name\np1,,\np2,abc,x\np3,1e1,\n"})
    assert shop.landed("products", "product_id, price, name") == [
        ("p1", None, None),
        ("p2", None, "x"),
        ("p3", Decimal(10), None),
    ]
    assert report.sources[2].doubts == {"landed without price, which is not a number": 1}


def test_words_are_read_in_any_case_and_unknown_ones_set_aside(shop: Shop) -> None:
    header = "order_id,customer_id,ordered_at,total_amount,status\n"
    rows = "a,c1,2025-03-01,1,Canceled\nb,c1,2025-03-01,1,\nc,c1,2025-03-01,1,mystery\n"
    report = shop.load({"orders.csv": header + rows})
    assert shop.landed("orders", "order_id, status") == [("a", "cancelled"), ("b", "completed")]
    assert report.sources[1].rejected_by_reason == {
        "status is not completed, cancelled, refunded or pending": 1
    }


def test_a_revocation_lands_whatever_basis_it_names(shop: Shop) -> None:
    header = "customer_id,channel,status,basis,occurred_at\n"
    rows = "c1,SMS,Revoked,replied STOP,2025-03-01\nc2,sms,granted,seemed nice,2025-03-01\n"
    report = shop.load({"consents.csv": header + rows})
    assert shop.landed("consents", "customer_id, channel, status, basis") == [
        ("c1", "sms", "revoked", "replied stop"),
        ("c2", "sms", "granted", None),
    ]
    assert report.rejected == 0


def test_blank_lines_are_neither_landed_nor_counted(shop: Shop) -> None:
    report = shop.load({"customers.csv": "\n customer_id \n\nc1\n  \nc1\n\n"})
    assert report.sources[0].read == 2
    assert [(row["line"], row["row"]) for row in shop.rejected(report)] == [("6", "c1")]


def test_a_header_may_have_a_byte_order_mark_capitals_spaces_and_carriage_returns(
    shop: Shop,
) -> None:
    shop.load({"customers.csv": "\ufeffCustomer_ID , Loyalty\r\nc1,gold\r\n"})
    assert shop.landed("customers", "customer_id, loyalty") == [("c1", "gold")]


def test_a_column_name_with_a_quote_is_kept(shop: Shop) -> None:
    shop.load({"customers.csv": 'customer_id,"size ""US"""\nc1,7\n'})
    assert shop.landed("customers", '"size ""us"""') == [("7",)]


def test_a_packed_csv_is_read_as_it_is(shop: Shop) -> None:
    shop.load({"customers.csv.gz": gzip.compress(CUSTOMERS.encode())})
    assert shop.landed("customers", "customer_id") == [("c1",), ("c2",)]


def test_a_file_may_hold_a_header_alone(shop: Shop) -> None:
    shop.load({"orders.csv": HEADER})
    assert shop.landed("orders") == []


def test_parquet_may_have_any_types_that_can_be_read(shop: Shop) -> None:
    shop.write({"customers.csv": CUSTOMERS})
    duckdb.sql("set TimeZone = 'Asia/Tokyo'")
    duckdb.sql(
        "copy (select * from (values "
        "(1::bigint, 7.0::double, timestamp '2025-03-01 10:00', 12.5::double, 'nan'::double, "
        " timestamptz '2025-03-01 10:00:00Z', [1, 2]), "
        "(2, 7.0, timestamp '2025-03-01 10:00', 'nan'::double, 1, null, null)"
        ") as t (order_id, customer_id, ordered_at, total_amount, discount_amount, seen, extra)) "
        f"to '{shop.source / 'orders.parquet'}' (format parquet)"
    )
    report = shop.load()
    assert shop.landed(
        "orders", "order_id, customer_id, epoch(ordered_at), discount_amount, extra"
    ) == [("1", "7", datetime(2025, 3, 1, 15, tzinfo=UTC).timestamp(), None, [1, 2])]
    [row] = shop.rejected(report)
    assert (row["line"], row["reason"]) == ("2", "total_amount is NaN or infinite")
    assert json.loads(row["row"].replace("NaN", "null"))["order_id"] == 2


@pytest.mark.parametrize(
    ("files", "error", "words"),
    [
        ({"orders.csv": ORDERS}, WinbackError, "customers.csv"),
        ({"customers.csv": CUSTOMERS}, WinbackError, "orders.csv"),
        ({"readme.txt": ""}, UsageError, "none of the files"),
        ({"customers.csv": "id\n1\n", "orders.csv": ORDERS}, WinbackError, "customer_id"),
        ({"customers.csv": "", "orders.csv": ORDERS}, WinbackError, "customers.csv is empty"),
        ({"customers.csv": "customer_id;email\n", "orders.csv": ORDERS}, WinbackError, "commas"),
        (
            {"customers.csv": "customer_id,Email,email\n", "orders.csv": ORDERS},
            WinbackError,
            "names email twice",
        ),
        (
            {"customers.csv": CUSTOMERS, "customers.csv.gz": b"", "orders.csv": ORDERS},
            UsageError,
            "customers.csv and customers.csv.gz",
        ),
        ({"customers.parquet": "x", "orders.csv": ORDERS}, WinbackError, "customers.parquet"),
    ],
)
def test_a_missing_or_doubled_file_or_column_is_named_and_nothing_lands(
    shop: Shop, files: dict[str, str | bytes], error: type[WinbackError], words: str
) -> None:
    shop.write(files)
    with pytest.raises(error, match=words.replace("(", r"\(")) as caught:
        shop.load()
    assert type(caught.value) is error
    assert not shop.settings.shop_dir.exists()


@pytest.mark.parametrize(
    ("name", "make", "what"),
    [
        ("consents.csv", lambda path: path.mkdir(), "a folder"),
        ("consents.parquet", lambda path: path.mkdir(), "a folder"),
        ("Consents.CSV.gz", lambda path: path.mkdir(), "a folder"),
        ("consents.csv", os.mkfifo, "a pipe or a device"),
        ("order_items.csv", os.mkfifo, "a pipe or a device"),
        ("consents.csv", lambda path: path.symlink_to("/dev/null"), "a pipe or a device"),
        ("consents.csv", lambda path: path.symlink_to(path.parent), "a folder"),
        ("consents.csv", lambda path: path.symlink_to("gone.csv"), "a link that leads nowhere"),
        ("consents.csv", lambda path: path.symlink_to(path), "a link that leads nowhere"),
        ("web_events.parquet", lambda path: path.symlink_to("gone"), "a link that leads nowhere"),
        ("customers.csv.gz", lambda path: path.symlink_to("gone"), "a link that leads nowhere"),
    ],
)
def test_a_table_that_is_there_but_no_file_refuses_the_whole_load(
    shop: Shop, name: str, make: Callable[[Path], None], what: str
) -> None:
    shop.write({"customers.csv": CUSTOMERS, "orders.csv": ORDERS})
    make(shop.source / name)
    with pytest.raises(WinbackError, match=f"{re.escape(name)} is {what}, not a file") as refused:
        shop.load()
    assert "nothing was loaded. Next:" in str(refused.value)
    assert not shop.settings.shop_dir.exists()


def test_a_table_may_be_a_link_to_a_file(shop: Shop) -> None:
    shop.write({"customers.csv": CUSTOMERS, "orders.csv": ORDERS})
    (shop.source / "elsewhere.txt").write_text(
        "customer_id,channel,status,occurred_at\nc1,email,revoked,2025-03-01T10:00:00Z\n"
    )
    (shop.source / "consents.csv").symlink_to("elsewhere.txt")
    shop.load()
    assert shop.landed("consents", "customer_id, status") == [("c1", "revoked")]


def test_a_directory_that_is_not_there_is_wrong_usage(shop: Shop) -> None:
    with pytest.raises(UsageError, match="doesn't exist"):
        shop.load()


def test_the_load_leaves_its_figures_but_no_row(shop: Shop) -> None:
    report = shop.load({"customers.csv": "customer_id,email\nc1,a@example.com\n,b@example.com\n"})
    told = (shop.settings.landing_dir / "loads" / f"{report.load_id}.json").read_text()
    assert json.loads(told)["tables"][0] == {"name": "customers", "landed": 1, "rows": 1}
    assert json.loads(told)["sources"][0]["rejected_by_reason"] == {"customer_id is missing": 1}
    assert "example.com" not in told
