"""`winback load` as a person calls it."""

from __future__ import annotations

import pytest
from landing_shop import CUSTOMERS, ORDERS, Shop, winback_load


def test_it_prints_counts_and_reasons_but_no_row_and_exits_zero(
    shop: Shop, home: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    header = "order_id,customer_id,ordered_at,total_amount,email\n"
    rows = "o1,c1,2025-03-01,1,a@example.com\no2,c1,soon,1,b@example.com\n"
    shop.write({"customers.csv": CUSTOMERS, "orders.csv": header + rows})
    assert winback_load(home, str(shop.source)) == 0
    told = capsys.readouterr()
    assert "ordered_at is not a date" in told.out
    assert "1 rows rejected" in told.out
    assert "example.com" not in told.out + told.err
    assert told.err == "", "a log hears nothing of how far it has come"


def test_wrong_usage_is_one_line_and_exit_two(
    shop: Shop, home: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in ([str(shop.source)], [str(shop.source), "--format", "excel"]):
        assert winback_load(home, *arguments) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_missing_required_file_is_named_with_exit_one(
    shop: Shop, home: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.write({"customers.csv": CUSTOMERS})
    assert winback_load(home, str(shop.source)) == 1
    assert "orders.csv" in capsys.readouterr().err


def test_a_file_that_no_table_is_made_of_is_named_and_not_silently_left_out(
    shop: Shop, home: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.write({"customers.csv": CUSTOMERS, "orders.csv": ORDERS, "notes.txt": "ours"})
    assert winback_load(home, str(shop.source)) == 0
    assert "not read" not in capsys.readouterr().out
    shop.write({"consent.csv": "customer_id,channel,status,occurred_at\n"})
    assert winback_load(home, str(shop.source)) == 0
    told = capsys.readouterr().out
    assert "note: not read: consent.csv (the tables are customers, orders, order_items" in told
