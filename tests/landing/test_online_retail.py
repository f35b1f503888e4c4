"""UCI "Online Retail": the real first half, and small files for each rule."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import escape

import duckdb
import pytest
from landing_shop import Shop

from winback.base.errors import UsageError, WinbackError
from winback.landing import LoadReport

pytestmark = pytest.mark.long

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


def retail(shop: Shop, *lines: str, name: str = "sales.csv", encoding: str = "utf-8") -> LoadReport:
    shop.write({name: (HEADER + "".join(line + "\n" for line in lines)).encode(encoding)})
    return shop.load(format="online-retail")


def test_the_real_lines_are_all_accounted_for_to_the_penny(shop: Shop, retail_file: Path) -> None:
    shop.source = retail_file
    report = shop.load(format="online-retail")
    [source] = report.sources
    assert (source.read, source.landed, source.rejected) == (240_007, 172_782, 67_225)
    assert source.rejected_by_reason == {"no customer": 67_225}
    assert len(shop.rejected(report)) == 67_225
    assert report.notes[0] == ("4,350 cancellation lines: 4,107 are returns, 243 have no customer")
    raw = (
        "(select InvoiceNo, cast(UnitPrice as decimal(18, 4)) * Quantity as amount "
        f"from '{retail_file}' where CustomerID is not null)"
    )
    [(sold, returned, orders)] = duckdb.sql(
        "select sum(amount) filter (InvoiceNo not like 'C%'), "
        "-sum(amount) filter (InvoiceNo like 'C%'), "
        f"count(distinct InvoiceNo) filter (InvoiceNo not like 'C%') from {raw}"
    ).fetchall()
    [(count, total, refunded, worst)] = shop.landed(
        "orders",
        "count(*), sum(total_amount), sum(refunded_amount), min(total_amount - refunded_amount)",
    )
    assert (count, total) == (orders, sold)
    assert worst >= 0
    assert f"{refunded:,.2f} of " in report.notes[1]
    assert f"{returned - refunded:,.2f} of " in report.notes[1]
    assert shop.landed("order_items", "count(*), sum(quantity * unit_price)") == [(168_675, sold)]
    assert shop.landed("customers", "count(*), count(distinct customer_id)") == [(2_974, 2_974)]


def test_an_order_is_the_sum_of_its_lines_with_postage_and_equal_lines(shop: Shop) -> None:
    retail(
        shop,
        "536365,85123A,HEART,6,12/1/10 8:27,2.55,17850,United Kingdom",
        "536365,85123A,HEART,6,12/1/2010 8:26,2.55,17850.0,United Kingdom",
        "536365,POST,POSTAGE,1,2010-12-01 08:28:00,0.1,17850,United Kingdom",
    )
    at = int(datetime(2010, 12, 1, 13, 26, tzinfo=UTC).timestamp())
    columns = "order_id, customer_id, cast(epoch(ordered_at) as bigint), total_amount, currency"
    assert shop.landed("orders", columns) == [("536365", "17850", at, Decimal("30.7"), "GBP")]
    assert shop.landed("order_items", "count(*)") == [(3,)]
    assert shop.landed("products", "product_id, name, price") == [
        ("85123A", "HEART", Decimal("2.55"))
    ]


def test_a_return_refunds_the_newest_earlier_orders_and_is_no_order(shop: Shop) -> None:
    report = retail(
        shop,
        "1,P,x,1,1/1/11 9:00,10,7,France",
        "2,P,x,1,1/2/11 9:00,5,7,France",
        "C3,P,x,-1,1/3/11 9:00,8,7,France",
        "4,P,x,1,1/4/11 9:00,9,7,France",
        "C5,P,x,-2,1/5/11 9:00,10,7,France",
        "C6,P,x,-1,1/5/11 9:00,1,8,Spain",
    )
    # C3: 5 from order 2, 3 from 1. C5: 9 from order 4, then the 7 left of 1; 4 match nothing.
    assert shop.landed("orders", "order_id, refunded_amount, status") == [
        ("1", Decimal(10), "refunded"),
        ("2", Decimal(5), "refunded"),
        ("4", Decimal(9), "refunded"),
    ]
    assert report.notes[1] == (
        "returns refund 24.00 of 3 orders; 5.00 of 2 returns matches no earlier order in the file"
    )
    assert shop.landed("customers", "customer_id, country") == [("7", "FR"), ("8", "ES")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("9,P,x,1,1/1/11 9:00,10,,France", "no customer"),
        ("1,P,x,1,1/1/11 9:00,10,8,France", "another customer than the invoice's first line"),
        ("9,B,Adjust bad debt,1,1/1/11 9:00,-5,7,France", "the invoice's total is negative"),
        ("C9,P,x,1,1/1/11 9:00,10,7,France", "a return with a positive amount"),
        ("9,P,x,some,1/1/11 9:00,10,7,France", "quantity is not a whole number"),
        ("9,P,x,1,31/1/11 9:00,10,7,France", "invoice_date is not a date"),
        ("9,P,x,1,1/1/11 9:00,nan,7,France", "unit_price is NaN or infinite"),
        ("9,P,x,1,1/1/11 9:00,10,7", "short row: 7 fields where the header has 8"),
    ],
)
def test_a_line_that_cannot_be_an_order_is_set_aside(shop: Shop, line: str, reason: str) -> None:
    report = retail(shop, "1,P,x,1,1/1/11 9:00,10,7,France", line)
    assert [(row["line"], row["reason"], row["row"]) for row in shop.rejected(report)] == [
        ("3", reason, line)
    ]
    assert shop.landed("orders", "order_id, total_amount") == [("1", Decimal(10))]
    assert report.sources[0].landed == 1
    # Whoever the line names may have bought just now.
    held = {"no customer": []}.get(reason, [("8",)] if "another" in reason else [("7",)])
    assert shop.landed("set_aside", "customer_id") == held
    retail(shop, "1,P,x,1,1/1/11 9:00,10,7,France", "2,P,x,1,1/1/11 9:00,10,8,France")
    assert shop.landed("set_aside") == []


def test_a_customer_lives_where_the_latest_line_says(shop: Shop) -> None:
    retail(
        shop,
        "2,P,x,1,1/2/11 9:00,5,7,EIRE",
        "1,P,x,1,1/1/11 9:00,10,7,Cyprus",
        "3,P,x,1,1/1/11 9:00,10,8,Unspecified",
    )
    assert shop.landed("customers", "customer_id, country") == [("7", "IE"), ("8", None)]


def test_an_old_windows_encoding_is_understood(shop: Shop) -> None:
    retail(shop, "1,P,VOUCHER £20,1,1/1/11 9:00,10,7,France", encoding="cp1252")
    assert shop.landed("products", "name") == [("VOUCHER £20",)]


def test_the_second_data_sets_headers_are_known(shop: Shop) -> None:
    names = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"
    shop.write({"ii.csv": names + "1,P,x,2,2010-01-01 09:00:00,1.5,7,USA\n"})
    shop.load(format="online-retail")
    assert shop.landed("orders", "order_id, customer_id, total_amount") == [("1", "7", Decimal(3))]


def test_a_missing_column_is_named(shop: Shop) -> None:
    shop.write({"sales.csv": HEADER.replace("CustomerID,", "") + "1\n"})
    with pytest.raises(WinbackError, match="customer_id"):
        shop.load(format="online-retail")


def test_two_files_are_refused(shop: Shop) -> None:
    shop.write({"a.csv": HEADER, "b.csv": HEADER})
    with pytest.raises(UsageError, match=r"2 files.*a\.csv, b\.csv"):
        shop.load(format="online-retail")


def test_the_workbook_that_uci_serves_is_read(shop: Shop) -> None:
    shop.source.mkdir()
    rows = [
        HEADER.strip().split(","),
        [536365.0, "85123A", "HEART", 6.0, 40513.3513888889, 2.55, 17850.0, "United Kingdom"],
        [536366.0, "85123A", "HEART", 1.0, 40513.3513888889, 2.55, None, "United Kingdom"],
        ["C536367", "85123A", "HEART", -1.0, 40514.5, 2.55, 17850.0, "United Kingdom"],
    ]
    write_xlsx(shop.source / "Online Retail.xlsx", rows)
    report = shop.load(format="online-retail")
    at = int(datetime(2010, 12, 1, 13, 26, tzinfo=UTC).timestamp())
    columns = (
        "order_id, customer_id, cast(epoch(ordered_at) as bigint), total_amount, refunded_amount"
    )
    assert shop.landed("orders", columns) == [
        ("536365", "17850", at, Decimal("15.3"), Decimal("2.55"))
    ]
    assert [(row["line"], row["reason"]) for row in shop.rejected(report)] == [("3", "no customer")]


def write_xlsx(path: Path, rows: list[list[str | float | None]]) -> None:
    """The least workbook that holds these rows; the fifth column is a date."""

    def cell(value: str | float | None, column: int) -> str:
        if value is None:
            return ""
        place = f'r="{chr(ord("A") + column)}{{row}}"'
        if isinstance(value, str):
            return f'<c {place} t="inlineStr"><is><t>{escape(value)}</t></is></c>'
        return f'<c {place} s="{1 if column == 4 else 0}"><v>{value}</v></c>'

    body = "".join(
        f'<row r="{number}">'
        + "".join(cell(value, column).format(row=number) for column, value in enumerate(row))
        + "</row>"
        for number, row in enumerate(rows, start=1)
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    links = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    packages = "http://schemas.openxmlformats.org/package/2006/relationships"
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{types}"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{packages}"><Relationship Id="r1" '
        f'Type="{links}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{links}"><sheets>'
        '<sheet name="Online Retail" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{packages}">'
        f'<Relationship Id="r1" Type="{links}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{links}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{main}"><cellXfs><xf numFmtId="0"/>'
        '<xf numFmtId="22"/></cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData>'
        "</worksheet>",
    }
    with zipfile.ZipFile(path, "w") as book:
        for name, content in parts.items():
            book.writestr(name, content)
