"""Whom a row is about that landing could not hold is known until the row comes mended."""

from __future__ import annotations

import contextlib
import csv
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from landing_shop import Shop

from winback.landing import _load

pytestmark = pytest.mark.long

ORDER = "order_id,customer_id,ordered_at,total_amount,refunded_amount\n"
GOOD = "o1,c1,2025-03-01,5,\n"
ITEMS = "order_id,product_id,quantity\n"
PAST = "message_id,playbook_id,step,customer_id,channel,sent_at\n"
ENTRIES = "playbook_id,customer_id,arm,entered_at\n"
CONSENTS = "customer_id,channel,status,occurred_at\n"
CUSTOMERS = "customer_id,email\nc1,a@example.com\nc2,b@example.com\n"

# A file beside good ones; whom it holds: customer, key, reason.
CASES = [
    ("orders.csv", f"{ORDER}{GOOD}o2,c2,soon,1,\n", "c2", "o2", "ordered_at is not a date"),
    ("orders.csv", f"{ORDER}{GOOD}o2,c2,,1,\n", "c2", "o2", "ordered_at is missing"),
    ("orders.csv", f"{ORDER}{GOOD}o2,c2,2025-03-01,-1,\n", "c2", "o2", "total_amount is negative"),
    ("orders.csv", f"{ORDER}{GOOD},c2,2025-03-01,1,\n", "c2", None, "order_id is missing"),
    (
        "orders.csv",
        f"{ORDER}{GOOD}o2,c2,2025-03-01,1,some\n",
        "c2",
        "o2",
        "landed without refunded_amount, which is not a number",
    ),
    (
        "orders.csv",
        f"{ORDER}{GOOD}o1,c2,2025-03-01,9,\n",
        "c2",
        "o1",
        "second row with this order_id",
    ),
    (
        "orders.csv",
        f"{ORDER}{GOOD}o2,c2,2025-03-01\n",
        "c2",
        None,
        "short row: 3 fields where the header has 5",
    ),
    (
        "orders.csv",
        f"{ORDER}{GOOD}o2,x,y,C2,2025-03-01,1,\n",
        "c2",
        None,
        "long row: 7 fields where the header has 5",
    ),
    ("orders.csv", f'{ORDER}{GOOD}o2,"c2,2025-03-01,1,\n', "c2", None, "a quote is not closed"),
    (
        "customers.csv",
        CUSTOMERS.encode() + b"c3,Ren\xe9@example.com\n",
        "c3",
        None,
        "not UTF-8",
    ),
    (
        "customers.csv",
        f"{CUSTOMERS}c2,other@example.com\n",
        "c2",
        "c2",
        "second row with this customer_id",
    ),
    ("order_items.csv", f"{ITEMS}o1,p1,1\no1,,1\n", "c1", "o1", "product_id is missing"),
    (
        "order_items.csv",
        f"{ITEMS}o1,p1,1\no1,p1\n",
        "c1",
        "o1",
        "short row: 2 fields where the header has 3",
    ),
    ("past_messages.csv", f"{PAST}m1,p,1,c2,sms,soon\n", "c2", "m1", "sent_at is not a date"),
    (
        "past_enrollments.csv",
        f"{ENTRIES}p,c2,both,2025-03-01\n",
        "c2",
        None,
        "arm is not treatment or holdout",
    ),
    (
        "consents.csv",
        f"{CONSENTS}c2,email,revoked\n",
        "c2",
        None,
        "short row: 3 fields where the header has 4",
    ),
]
BASE = {"customers.csv": CUSTOMERS, "orders.csv": ORDER + GOOD}


@pytest.mark.parametrize(("file", "content", "customer", "key", "reason"), CASES)
def test_a_row_that_is_set_aside_holds_its_customer(  # noqa: PLR0917
    shop: Shop, file: str, content: str | bytes, customer: str, key: str | None, reason: str
) -> None:
    report = shop.load({**BASE, file: content})
    columns = "customer_id, table_name, row_key, reason, load_id"
    table = file.removesuffix(".csv")
    assert shop.landed("set_aside", columns) == [(customer, table, key, reason, report.load_id)]
    assert report.held_customers == 1
    assert report.notes[-1].startswith("1 customers are held, since rows about them were set aside")


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("orders.csv", f"{ORDER}{GOOD}o2,,2025-03-01,1,\n"),
        ("orders.csv", f"{ORDER}{GOOD}{GOOD}"),
        ("orders.csv", f"{ORDER}{GOOD}o2,stranger,2025-03-01\n"),
        ("orders.csv", f"{ORDER}{GOOD}c1,x,c2,2025-03-01,1,1,1\n"),
        ("customers.csv", f"{CUSTOMERS},c@example.com\n"),
        ("order_items.csv", f"{ITEMS}o9,,1\n"),
        ("web_events.csv", "customer_id,event,occurred_at\nc2,stared,2025-03-01\n"),
        ("products.csv", "product_id,price\n,1\n"),
        ("price_changes.csv", "product_id,price,changed_at\np1,1,soon\n"),
    ],
    ids=[
        "nobody",
        "the same again",
        "a stranger",
        "two names",
        "no id",
        "no order",
        "a view",
        "a product",
        "a price",
    ],
)
def test_a_row_that_names_nobody_or_harms_nobody_is_only_counted(
    shop: Shop, file: str, content: str
) -> None:
    report = shop.load({**BASE, file: content})
    assert report.rejected == 1
    assert shop.landed("set_aside") == []
    assert report.held_customers == 0


@pytest.mark.parametrize(
    ("mended", "held"),
    [
        ({"orders.csv": f"{ORDER}o2,c2,2025-03-05,1,\n"}, []),
        ({"orders.csv": f"{ORDER}o2,c2,soon,1,\n{GOOD}"}, ["c2"]),
        ({"orders.csv": f"{ORDER}o3,c2,2025-03-05,1,\n"}, ["c2"]),
        ({"orders.csv": ORDER}, ["c2"]),
        ({"orders.csv": f"{ORDER}{GOOD}", "products.csv": "product_id\np1\n"}, ["c2"]),
    ],
    ids=["mended", "as bad as before", "another order", "no order", "another table"],
)
def test_a_row_with_a_key_leaves_when_it_comes_mended(
    shop: Shop, mended: dict[str, str], held: list[str]
) -> None:
    shop.load({**BASE, "orders.csv": f"{ORDER}{GOOD}o2,c2,soon,1,\n"})
    shop.clock.advance(timedelta(days=1))
    report = shop.load({**BASE, **mended})
    assert [name for (name,) in shop.landed("set_aside", "customer_id")] == held
    assert report.held_customers == len(held)


@pytest.mark.parametrize(
    ("rows", "held"),
    [
        ("p,c2,treatment,2025-03-01\n", []),
        ("p,c1,treatment,2025-03-01\n", ["c2"]),
        ("p,c2,treatment,2025-03-01\np,c2,both,2025-03-01\n", ["c2"]),
    ],
    ids=["mended", "somebody else's", "one of two"],
)
def test_a_row_without_a_key_leaves_when_all_of_the_customers_rows_are_read(
    shop: Shop, rows: str, held: list[str]
) -> None:
    shop.load({**BASE, "past_enrollments.csv": f"{ENTRIES}p,c2,both,2025-03-01\n"})
    shop.load({**BASE, "past_enrollments.csv": ENTRIES + rows})
    assert [name for (name,) in shop.landed("set_aside", "customer_id")] == held


def test_an_order_without_an_id_holds_its_customer_until_one_of_theirs_is_read(shop: Shop) -> None:
    shop.load({"customers.csv": CUSTOMERS, "orders.csv": f"{ORDER}{GOOD},c2,2025-03-01,1,\n"})
    assert shop.load({"orders.csv": f"{ORDER}{GOOD}"}).held_customers == 1
    assert shop.load({"orders.csv": f"{ORDER}o2,c2,2025-03-01,1,\n"}).held_customers == 0


def test_a_row_set_aside_by_every_load_stands_once(shop: Shop) -> None:
    bad = {**BASE, "orders.csv": f"{ORDER}{GOOD}o2,c2,soon,1,\no3,c2,soon,1,\n"}
    for _ in range(3):
        report = shop.load(bad)
        assert shop.landed("set_aside", "row_key, load_id") == [
            ("o2", report.load_id),
            ("o3", report.load_id),
        ]
        assert report.held_customers == 1


def test_replace_starts_over_with_the_rows_set_aside(shop: Shop) -> None:
    shop.load({**BASE, "orders.csv": f"{ORDER}{GOOD}o2,c2,soon,1,\n"})
    shop.load(BASE, replace=True)
    assert shop.landed("set_aside") == []


def test_what_was_landed_before_there_was_such_a_table_gets_it(shop: Shop) -> None:
    shop.load(BASE)
    (shop.settings.shop_dir / "set_aside.parquet").unlink()
    consents = shop.settings.shop_dir / "consents.parquet"
    old = pq.read_table(consents).drop_columns(["dated_by", "seen_in_load", "row_hash"])
    pq.write_table(old, consents)
    shop.load({**BASE, "consents.csv": f"{CONSENTS}c1,email,pending,\n"})
    assert shop.landed("set_aside") == []
    assert shop.landed("consents", "customer_id, status, dated_by") == [("c1", "unclear", "load")]


EMPTIED = [
    ("customers.csv", "customer_id,created_at\nc1,09/09/25\n", "created_at", "date"),
    ("customers.csv", "customer_id,created_at\nc1,long ago\n", "created_at", "date"),
    ("customers.csv", "customer_id,created_at\nc1,03/05/2025\n", "created_at", "date"),
    (
        "orders.csv",
        "order_id,customer_id,ordered_at,total_amount,discount_amount\no1,c1,2025-03-01,5,half\n",
        "discount_amount",
        "number",
    ),
    (
        "orders.csv",
        "order_id,customer_id,ordered_at,total_amount,refunded_amount\no1,c1,2025-03-01,5,half\n",
        "refunded_amount",
        "number",
    ),
    ("order_items.csv", "order_id,product_id,quantity\no1,p1,two\n", "quantity", "whole number"),
    ("order_items.csv", "order_id,product_id,quantity\no1,p1,1.5\n", "quantity", "whole number"),
    ("order_items.csv", "order_id,product_id,unit_price\no1,p1,ask\n", "unit_price", "number"),
    ("products.csv", "product_id,price\np1,from 5\n", "price", "number"),
    ("products.csv", "product_id,compare_at_price\np1,-\n", "compare_at_price", "number"),
    ("products.csv", "product_id,first_available_at\np1,soon\n", "first_available_at", "date"),
    (
        "past_enrollments.csv",
        "playbook_id,customer_id,arm,planned_share,entered_at\np,c1,holdout,half,2025-03-01\n",
        "planned_share",
        "number",
    ),
]


@pytest.mark.parametrize(("file", "content", "column", "kind"), EMPTIED)
def test_a_field_that_is_not_required_is_emptied_and_its_row_lands(
    shop: Shop, file: str, content: str, column: str, kind: str
) -> None:
    report = shop.load({file: content})
    table = file.removesuffix(".csv")
    assert shop.landed(table, column)[0] == (None,)
    [source] = [source for source in report.sources if source.name == table]
    assert source.doubts == {f"landed without {column}, which is not a {kind}": 1}
    assert (source.rejected, source.landed) == (0, 1)
    assert source.doubts_file is not None
    with source.doubts_file.open(newline="") as told:
        [row] = csv.DictReader(told)
    assert row == {
        "file": file,
        "line": "2",
        "reason": f"landed without {column}, which is not a {kind}",
        "row": content.splitlines()[1],
    }
    # A refund that may have taken the order back holds its customer.
    assert report.held_customers == (column == "refunded_amount")


def test_a_year_out_of_bounds_empties_the_field_alone(shop: Shop) -> None:
    shop.load({"customers.csv": "customer_id,email,created_at\nc1,a@example.com,0001-01-01\n"})
    assert shop.landed("customers", "customer_id, email, created_at") == [
        ("c1", "a@example.com", None)
    ]


def test_a_whole_small_shop_with_dates_of_its_own_is_read(shop: Shop) -> None:
    """The shop of the issue: every customer and every order was set aside."""
    shop.clock.advance(timedelta(days=180))
    customers = "".join(f"c{n},09/{n:02}/2025\n" for n in range(1, 28))
    orders = "".join(f'o{n},c{n},10/{n:02}/2025,"1,{n:03}.50"\n' for n in range(1, 28))
    report = shop.load(
        {
            "customers.csv": f"customer_id,created_at\n{customers}",
            "orders.csv": f"order_id,customer_id,ordered_at,total_amount\n{orders}",
        }
    )
    assert (report.rejected, report.held_customers, report.notes) == (0, 0, ())
    assert shop.landed("customers", "count(*), min(month(created_at))") == [(27, 9)]
    assert shop.landed("orders", "count(*), max(day(ordered_at)), max(total_amount)") == [
        (27, 27, 1027.5)
    ]


@pytest.mark.parametrize("moves", range(5))
@pytest.mark.parametrize("is_worse", [True, False], ids=["set aside", "mended"])
def test_a_load_that_is_killed_while_it_swaps_tables_in_frees_nobody(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, moves: int, is_worse: bool
) -> None:
    good, bad = f"{ORDER}{GOOD}o2,c2,2025-03-05,1,\n", f"{ORDER}{GOOD}o2,c2,soon,1,\n"
    first, second = (good, bad) if is_worse else (bad, good)
    shop.load({**BASE, "orders.csv": first})
    move, done = _load._move, []

    def killed(path: Path, folder: Path) -> None:
        if path.exists():
            if len(done) == moves:
                raise KeyboardInterrupt
            done.append(path)
        move(path, folder)

    monkeypatch.setattr(_load, "_move", killed)
    with contextlib.suppress(KeyboardInterrupt):
        shop.load({**BASE, "orders.csv": second})
    has_order = ("o2",) in shop.landed("orders", "order_id")
    is_held = shop.landed("set_aside", "customer_id") != []
    assert is_held or (has_order and not is_worse)
    monkeypatch.undo()
    shop.load({**BASE, "orders.csv": second})
    assert (shop.landed("set_aside", "customer_id") != []) == is_worse


@pytest.mark.parametrize(
    ("day", "count"), [("2062-03-01", 1), ("2025-06-04", 1), ("2025-06-02", 0)]
)
def test_an_order_that_is_dated_after_the_load_is_said(shop: Shop, day: str, count: int) -> None:
    report = shop.load({**BASE, "orders.csv": f"{ORDER}{GOOD}o2,c2,{day},1,\n"})
    said = "1 orders are dated more than two days after this load"
    assert sum(said in note for note in report.notes) == count
    assert len(shop.landed("orders")) == 2
