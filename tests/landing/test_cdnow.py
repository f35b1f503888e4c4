"""CDNOW, as the lifetimes wheel ships it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from landing_shop import Shop

from winback.base.errors import UsageError


def test_the_master_log_is_read_whole(shop: Shop, cdnow_dir: Path) -> None:
    shop.source = cdnow_dir
    report = shop.load(format="cdnow")
    assert (report.sources[0].read, report.rejected) == (69_659, 0)
    assert shop.landed("customers", "count(*)") == [(23_570,)]
    until = "sum(case when ordered_at < timestamptz '1997-10-01 04:00:00Z' then {} else 0 end)"
    assert shop.landed(
        "orders", f"count(*), {until.format('total_amount')}, {until.format(1)}"
    ) == [(69_659, Decimal("1723354.50"), 49_086)]


def test_the_sample_with_its_second_id_is_read_by_its_path(shop: Shop, cdnow_dir: Path) -> None:
    shop.source = cdnow_dir / "CDNOW_sample.txt"
    report = shop.load(format="cdnow")
    assert (report.sources[0].read, report.rejected) == (6_919, 0)
    assert shop.landed("customers", "count(*), min(customer_id)") == [(2_357, "00004")]


def test_an_orders_id_is_its_line_and_its_time_the_shops_midnight(shop: Shop) -> None:
    shop.write({"log.txt": "id date n dollars\n\n00001 19970101 1 11.77\n"})
    shop.load(format="cdnow")
    midnight = int(datetime(1997, 1, 1, 5, tzinfo=UTC).timestamp())
    columns = "order_id, customer_id, cast(epoch(ordered_at) as bigint), total_amount"
    assert shop.landed("orders", columns) == [("cdnow-3", "00001", midnight, Decimal("11.77"))]


def test_a_line_that_is_no_purchase_is_set_aside(shop: Shop) -> None:
    lines = [
        "1 19970101 1 1.0",
        "1 19970231 1 1.0",
        "1 19970101 1",
        "1 19970101 1 -1",
        "1 1 1 1 1 1",
    ]
    shop.write({"log.txt": "\n".join(lines)})
    report = shop.load(format="cdnow")
    assert [(row["line"], row["reason"], row["row"]) for row in shop.rejected(report)] == [
        ("3", "4 or 5 plain fields were expected", lines[2]),
        ("5", "4 or 5 plain fields were expected", lines[4]),
        ("2", "ordered_at is not a date", lines[1]),
        ("4", "total_amount is negative", lines[3]),
    ]
    assert report.sources[0].read == 5


def test_a_directory_without_a_log_is_wrong_usage(shop: Shop) -> None:
    shop.write({"a.csv": ""})
    with pytest.raises(UsageError, match="holds 0 files"):
        shop.load(format="cdnow")
