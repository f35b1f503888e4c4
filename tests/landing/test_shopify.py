"""What Shopify's own files become, one behavior a test; the whole of a shop is built elsewhere."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from landing_shop import Shop, winback_load
from shopify_files import (
    CUSTOMERS,
    OLD_CUSTOMERS,
    OLD_ORDERS,
    ORDERS,
    account,
    account_id,
    order,
    order_id,
    written,
)

from winback.base.clock import FixedClock
from winback.base.errors import UsageError, WinbackError
from winback.base.settings import Settings
from winback.landing import LoadReport
from winback.landing._consent_states import UNCLEAR, meaning
from winback.landing.sources._exports import Export
from winback.landing.sources.shopify import _columns
from winback.ledger import open_ledger

pytestmark = pytest.mark.long

AT = datetime(2025, 6, 1, 12, tzinfo=UTC)
LINES = (("tea", "Tea", 2, "3.00"), ("mug", "Mug", 1, "4.00"), ("", "Gift wrap", 1, "1.50"))


def load(shop: Shop, *orders: list[dict[str, str]], **options: object) -> LoadReport:
    """Load an orders export, beside whatever the shop's folder holds."""
    rows = [row for one in orders for row in one]
    shop.write({"orders_export_1.csv": written(ORDERS, rows)})
    return shop.load(format="shopify", **options)


def one_owner(shop: Shop) -> str:
    [(customer_id,)] = shop.landed("orders", "distinct customer_id")
    return str(customer_id)


def test_the_rows_of_an_order_become_one_order_and_its_lines(shop: Shop) -> None:
    load(shop, order(1, "ada@example.com", *LINES, total="11.50", discount_code="HELLO",
                     discount_amount="1.25"))  # fmt: skip
    assert shop.landed("orders", "order_id, epoch(ordered_at), total_amount, discount_amount, "
                       "currency, status, coupon_code") == [
        (order_id(1), datetime(2025, 3, 1, 15, tzinfo=UTC).timestamp(), Decimal("11.50"),
         Decimal("1.25"), "USD", "completed", "HELLO")
    ]  # fmt: skip
    assert shop.landed("order_items", "order_id, product_id, quantity, unit_price") == [
        (order_id(1), "Gift wrap", 1, Decimal("1.50")),
        (order_id(1), "mug", 1, Decimal("4.00")),
        (order_id(1), "tea", 2, Decimal("3.00")),
    ]
    assert shop.landed("products", "product_id, name, price") == [
        ("Gift wrap", "Gift wrap", Decimal("1.50")),
        ("mug", "Mug", Decimal("4.00")),
        ("tea", "Tea", Decimal("3.00")),
    ]


@pytest.mark.parametrize(
    ("own", "status", "refunded"),
    [
        ({"financial_status": "paid"}, "completed", "0"),
        ({"financial_status": "partially_paid"}, "completed", "0"),
        ({"financial_status": "partially_refunded", "refunded_amount": "2.01"}, "completed",
         "2.01"),
        ({"financial_status": "refunded", "refunded_amount": "10.00"}, "refunded", "10"),
        ({"financial_status": "refunded", "refunded_amount": ""}, "refunded", "10"),
        ({"financial_status": "voided"}, "cancelled", "0"),
        ({"financial_status": "expired"}, "cancelled", "0"),
        ({"financial_status": "authorized"}, "pending", "0"),
        ({"financial_status": "pending"}, "pending", "0"),
        ({"cancelled_at": "2025-03-02 09:00:00 -0500"}, "cancelled", "0"),
        ({"source": "shopify_draft_order"}, "completed", "0"),
    ],
)  # fmt: skip
def test_the_status_of_an_order(
    shop: Shop, own: dict[str, str], status: str, refunded: str
) -> None:
    load(shop, order(1, "ada@example.com", **own))
    assert shop.landed("orders", "status, refunded_amount") == [(status, Decimal(refunded))]


def test_a_shop_says_that_its_pending_orders_count(shop: Shop) -> None:
    report = load(shop, order(1, "ada@example.com", financial_status="pending"))
    assert any("set WINBACK_SHOPIFY_PENDING=count and load again" in it for it in report.notes)
    shop.settings = shop.settings.model_copy(update={"shopify_pending": "count"})
    report = load(
        shop,
        order(1, "ada@example.com", financial_status="pending"),
        order(2, "ada@example.com", financial_status="authorized"),
    )
    assert shop.landed("orders", "order_id, status") == [
        (order_id(1), "completed"),
        (order_id(2), "pending"),
    ]


@pytest.mark.parametrize(
    "own",
    [
        {"tags": "vip, Test"},
        {"payment_method": "(for testing) Bogus Gateway"},
        {"tags": "draft"},
        {"source": "shopify_draft_order", "financial_status": "pending"},
    ],
)
def test_a_test_and_an_unpaid_draft_are_no_orders(shop: Shop, own: dict[str, str]) -> None:
    shop.settings = shop.settings.model_copy(update={"shopify_pending": "count"})
    report = load(shop, order(1, "ada@example.com", **own), order(2, "bo@example.com"))
    assert shop.landed("orders", "order_id") == [(order_id(2),)]
    assert [email for (email,) in shop.landed("customers", "email")] == ["bo@example.com"]
    assert any(note.startswith("1 ") and "no orders" in note for note in report.notes)
    assert report.rejected == 0


def test_a_guest_is_known_by_the_address_and_an_account_by_its_id(shop: Shop) -> None:
    shop.write({"customers.csv": written(CUSTOMERS, [account(1, "Ada@Example.com")])})
    load(
        shop,
        order(1, " ada@example.com"),
        order(2, "Guest@example.com", billing_zip="'01234", billing_province="MA"),
        order(3, "guest@example.com"),
    )
    owners = dict(shop.landed("orders", "order_id, customer_id"))
    assert owners[order_id(1)] == account_id(1)
    assert owners[order_id(2)] == owners[order_id(3)]
    assert re.fullmatch(r"shopify-[0-9a-f]{20}", owners[order_id(2)])
    assert shop.landed("customers", "email, postal_code, region") == [
        ("Ada@Example.com", None, None),
        ("guest@example.com", "01234", "MA"),
    ]


def test_without_an_email_the_phone_tells_in_any_spelling(shop: Shop) -> None:
    shop.write(
        {"customers.csv": written(CUSTOMERS, [account(1, "a@example.com", phone="'+12015550123")])}
    )
    load(
        shop,
        order(1, "", phone="(201) 555-0123"),
        order(2, "", phone="'+1 201 555 0123", billing_phone="201.555.0123"),
        order(3, "", billing_phone="'+44 7700 900123"),
        order(4, "", phone="07700 900123", billing_country="GB"),
        order(5, "", shipping_phone="+1 201 555 0123"),
    )
    owners = dict(shop.landed("orders", "order_id, customer_id"))
    assert owners[order_id(1)] == owners[order_id(2)] == account_id(1)
    assert owners[order_id(3)] == owners[order_id(4)] != account_id(1)
    # The number of a parcel may be another person's.
    assert order_id(5) not in owners


def test_an_order_of_nobody_is_set_aside_and_holds_nobody(shop: Shop) -> None:
    report = load(shop, order(1, ""), order(2, "ada@example.com"))
    [orders, _] = report.sources
    assert orders.rejected_by_reason == {"no customer": 1}
    assert report.held_customers == 0
    assert [row["line"] for row in shop.rejected(report)] == ["2"]


def test_a_row_that_cannot_be_read_holds_whom_it_is_about_until_it_is_mended(shop: Shop) -> None:
    shop.write({"customers.csv": written(CUSTOMERS, [account(1, "ada@example.com")])})
    report = load(
        shop,
        order(1, "ada@example.com", total="ten"),
        order(2, "bo@example.com", created_at="yesterday"),
        order(3, "cy@example.com", financial_status="lost at sea"),
        order(4, "di@example.com", financial_status=""),
        order(5, "ok@example.com"),
    )
    assert shop.landed("orders", "order_id") == [(order_id(5),)]
    assert [(row["file"], row["line"]) for row in shop.rejected(report)] == [
        ("orders_export_1.csv", line) for line in ("2", "4", "6", "8")
    ]
    assert (account_id(1), order_id(1)) in shop.landed("set_aside", "customer_id, row_key")
    assert report.held_customers == 4
    report = load(shop, order(1, "ada@example.com"))
    assert report.held_customers == 3


def test_a_row_of_a_wrong_width_holds_everybody_whom_it_names(shop: Shop) -> None:
    shop.write({"customers.csv": written(CUSTOMERS, [account(1, "ada@example.com")])})
    orders = [*order(1, "ada@example.com", notes=""), *order(2, "bo@example.com")]
    whole = written(ORDERS, orders)
    lines = whole.splitlines(keepends=True)
    lines[1] = lines[1].replace("#1,", "#1,too many,")
    shop.write({"orders_export_1.csv": "".join(lines)})
    report = shop.load(format="shopify")
    assert shop.landed("orders", "order_id") == [(order_id(2),)]
    assert shop.landed("set_aside", "customer_id, row_key") == [(account_id(1), None)]
    assert report.held_customers == 1


def test_rows_that_belong_to_no_order_hold_their_buyer(shop: Shop) -> None:
    [_, lost] = order(7, "ada@example.com", *LINES[:2])
    nameless = {**order(8, "bo@example.com")[0], "Name": ""}
    report = load(shop, order(1, "ok@example.com"), [lost], [nameless])
    assert shop.landed("orders", "order_id") == [(order_id(1),)]
    assert report.held_customers == 2
    assert {row["reason"] for row in shop.rejected(report)} == {
        "Name is missing",
        "its order has no row",
    }


def test_the_same_order_in_two_files_counts_once(shop: Shop) -> None:
    one, two = order(1, "ada@example.com", *LINES), order(2, "ada@example.com")
    shop.write({"orders_export_2.csv": written(ORDERS, [*one, *two])})
    report = load(shop, one)
    assert shop.landed("orders", "order_id") == [(order_id(1),), (order_id(2),)]
    assert len(shop.landed("order_items")) == 4
    assert report.held_customers == 0


def test_two_versions_of_an_order_in_one_load_hold_its_customer(shop: Shop) -> None:
    shop.write({"orders_export_2.csv": written(ORDERS, order(1, "ada@example.com", total="9"))})
    report = load(shop, order(1, "ada@example.com"))
    assert shop.landed("orders", "total_amount") == [(Decimal(10),)]
    assert report.held_customers == 1


def test_a_spreadsheet_that_filled_the_own_fields_down_changes_nothing(shop: Shop) -> None:
    first, *further = order(1, "ada@example.com", *LINES, total="11.50")
    filled = [{**first, **{k: v for k, v in row.items() if v}} for row in further]
    report = load(shop, [first, *filled])
    assert shop.landed("orders", "total_amount") == [(Decimal("11.50"),)]
    assert len(shop.landed("order_items")) == 3
    assert report.rejected == 0


@given(
    st.lists(st.integers(1, 4), max_size=6),
    st.lists(st.booleans(), min_size=6, max_size=6),
    st.integers(0, 30),
)
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_however_the_export_is_split_each_line_stays_with_its_order(
    tmp_path_factory: pytest.TempPathFactory,
    sizes: list[int],
    has_old_number: list[bool],
    split_at: int,
) -> None:
    """A split may cut an order in two, and two orders may bear one number."""
    folder = tmp_path_factory.mktemp("split")
    rows, expected = [], []
    for number, size in enumerate(sizes, start=1):
        lines = [(f"sku{number}-{n}", "x", n + 1, "1.00") for n in range(size)]
        name = "#1" if has_old_number[number - 1] else f"#{number}"
        rows += order(number, f"c{number}@example.com", *lines, name=name)
        expected += [(order_id(number), sku, count) for sku, _, count, _ in lines]
    cut = min(split_at, len(rows))
    shop = Shop(folder / "shop", Settings.load(home=folder / "home"), FixedClock(AT))
    shop.write(
        {
            "orders_export_1.csv": written(ORDERS, rows[:cut]),
            "orders_export_2.csv": written(ORDERS, rows[cut:]),
        }
    )
    report = shop.load(format="shopify")
    assert shop.landed("order_items", "order_id, product_id, quantity") == sorted(expected)
    assert report.rejected == 0


def test_both_generations_of_columns_are_read(shop: Shop) -> None:
    old = {
        "First Name": "Ada", "Email": "ada@example.com", "Accepts Marketing": "yes",
        "Province Code": "NY", "Country Code": "US", "Zip": "'10001", "Phone": "'+12015550123",
    }  # fmt: skip
    shop.write(
        {
            "customers_export.csv": written(OLD_CUSTOMERS, [old]),
            "orders_export.csv": written(OLD_ORDERS, order(1, "ada@example.com")),
        }
    )
    shop.load(format="shopify")
    assert shop.landed("customers", "email, phone, first_name, country, region, postal_code") == [
        ("ada@example.com", "+12015550123", "Ada", "US", "NY", "10001")
    ]
    assert shop.landed("consents", "channel, status, basis") == [
        ("email", "granted", "undocumented")
    ]
    assert one_owner(shop) == shop.landed("consents", "customer_id")[0][0]


def test_of_two_columns_called_phone_the_second_is_the_customers_own(shop: Shop) -> None:
    header = [name.removeprefix("Default Address ") for name in CUSTOMERS]
    row = {**account(1, "a@example.com"), "Phone": "SECOND"}
    text = written([*header[:12], "first", *header[13:]], [{**row, "first": "+12015550199"}])
    text = text.replace("first", "Phone").replace("SECOND", "'+12015550123")
    shop.write({"customers.csv": text})
    load(shop, order(1, "a@example.com"))
    assert shop.landed("customers", "phone") == [("+12015550123",)]


def test_a_yes_is_dated_by_the_newest_order_and_a_no_is_no_event(shop: Shop) -> None:
    people = [
        account(1, "a@example.com", accepts_email_marketing="yes", accepts_sms_marketing="yes"),
        account(2, "b@example.com"),
    ]
    shop.write({"customers.csv": written(CUSTOMERS, people)})
    report = load(
        shop, order(1, "a@example.com", created_at="2025-05-04 10:00:00 -0400"),
        order(2, "a@example.com", created_at="2062-05-04 10:00:00 -0400"),
    )  # fmt: skip
    assert shop.landed("consents", "customer_id, channel, status, basis, epoch(occurred_at)") == [
        (account_id(1), "email", "granted", "undocumented",
         datetime(2025, 5, 4, 14, tzinfo=UTC).timestamp())
    ]  # fmt: skip
    assert any("1 customers accept SMS marketing" in note for note in report.notes)


def test_history_grows_by_what_each_export_saw(shop: Shop) -> None:
    def export(day: int, wish: str) -> list[tuple[object, ...]]:
        people = [account(1, "a@example.com", accepts_email_marketing=wish)]
        shop.write({"customers.csv": written(CUSTOMERS, people)})
        load(shop, order(day, "a@example.com", created_at=f"2025-05-{day:02} 10:00:00 +0000"))
        return shop.landed("consents", "date_part('day', occurred_at), status")

    assert export(1, "no") == []
    assert export(2, "yes") == [(2, "granted")]
    assert export(3, "yes") == [(2, "granted")]
    assert export(4, "no") == [(2, "granted"), (4, "revoked")]
    assert export(5, "no") == [(2, "granted"), (4, "revoked")]
    assert export(6, "yes") == [(2, "granted"), (4, "revoked"), (6, "granted")]


def test_a_no_after_a_yes_stops_what_is_planned_at_once(shop: Shop) -> None:
    open_ledger(shop.settings).close()
    for wish in ("yes", "no"):
        people = [account(1, "a@example.com", accepts_email_marketing=wish)]
        shop.write({"customers.csv": written(CUSTOMERS, people)})
        report = load(shop, order(1, "a@example.com"))
    assert any(note.startswith("1 consents were taken back") for note in report.notes)


@pytest.mark.parametrize(("first", "then", "held"), [("no", "perhaps", 1), ("no", "", 0),
                                                     ("yes", "", 1)])  # fmt: skip
def test_a_consent_that_cannot_be_read_is_no_yes_and_holds(
    shop: Shop, first: str, then: str, held: int
) -> None:
    for wish in (first, then):
        people = [account(1, "a@example.com", accepts_email_marketing=wish)]
        shop.write({"customers.csv": written(CUSTOMERS, people)})
        report = load(shop, order(1, "a@example.com"))
    assert report.held_customers == held
    assert len(shop.landed("consents")) == (first == "yes")


def test_without_any_order_a_yes_has_no_date_and_does_not_count(shop: Shop) -> None:
    people = [account(1, "a@example.com", accepts_email_marketing="yes")]
    shop.write({"customers.csv": written(CUSTOMERS, people)})
    report = shop.load(format="shopify")
    assert any("their yes does not count" in note for note in report.notes)
    load(shop, order(1, "a@example.com"))
    assert shop.landed("consents", "status") == [("granted",)]


def test_a_guest_who_opens_an_account_stays_one_person(shop: Shop) -> None:
    load(shop, order(1, "ada@example.com"))
    guest = one_owner(shop)
    people = [account(1, "Ada@example.com", first_name="Ada")]
    shop.write({"customers.csv": written(CUSTOMERS, people)})
    load(shop, order(2, "ada@example.com"))
    assert dict(shop.landed("customers", "customer_id, merged_into")) == {
        guest: account_id(1),
        account_id(1): None,
    }
    (shop.source / "customers.csv").unlink()
    load(shop, order(3, "ada@example.com"))
    assert dict(shop.landed("orders", "order_id, customer_id")) == {
        order_id(1): guest,
        order_id(2): account_id(1),
        order_id(3): account_id(1),
    }
    assert (account_id(1), "Ada") in shop.landed("customers", "customer_id, first_name")


def test_an_account_of_an_old_export_keeps_its_name_when_only_orders_come(shop: Shop) -> None:
    old = {"First Name": "Ada", "Email": "ada@example.com", "Accepts Marketing": "no",
           "Zip": "10001", "Country Code": "US"}  # fmt: skip
    shop.write({"customers.csv": written(OLD_CUSTOMERS, [old])})
    load(shop, order(1, "ada@example.com", billing_country=""))
    (shop.source / "customers.csv").unlink()
    load(shop, order(2, "Ada@example.com", phone="+12015550123"), order(3, "bo@example.com"))
    assert shop.landed("customers", "first_name, email, phone, country, postal_code") == [
        ("Ada", "Ada@example.com", "+12015550123", "US", "10001"),
        (None, "bo@example.com", None, "US", None),
    ]


def test_a_later_export_corrects_an_order_and_its_lines(shop: Shop) -> None:
    load(shop, order(1, "ada@example.com", *LINES, total="11.50"), order(2, "bo@example.com"))
    load(shop, order(1, "ada@example.com", LINES[0], total="6.00", refunded_amount="1.50"))
    assert shop.landed("orders", "order_id, total_amount, refunded_amount") == [
        (order_id(1), Decimal(6), Decimal("1.50")),
        (order_id(2), Decimal(10), Decimal(0)),
    ]
    assert shop.landed("order_items", "order_id, product_id") == [
        (order_id(1), "tea"),
        (order_id(2), "tea"),
    ]


@pytest.mark.parametrize(
    ("told", "differs"),
    [
        (("1", "10.00"), False),
        (("2", "10.00"), False),  # Shopify counts the cancelled one
        (("3", "10.00"), True),
        (("1", "99.00"), True),
        (("", ""), False),
    ],
)
def test_totals_that_do_not_agree_are_told(
    shop: Shop, told: tuple[str, str], differs: bool
) -> None:
    people = [account(1, "a@example.com", total_orders=told[0], total_spent=told[1])]
    shop.write({"customers.csv": written(CUSTOMERS, people)})
    report = load(
        shop,
        order(1, "a@example.com"),
        order(2, "a@example.com", cancelled_at="2025-03-02 10:00:00 -0500"),
    )
    note = "customers.csv: Total Orders or Total Spent of 1 customers differs"
    assert any(it.startswith(note) for it in report.notes) == differs


WHOLE = written(ORDERS, order(1, "ada@example.com"))


@pytest.mark.parametrize(
    ("files", "error", "words"),
    [
        ({}, UsageError, "holds no CSV file"),
        ({"orders_export.zip": "PK"}, UsageError, "unpack it"),
        ({"products_export.csv": "Handle,Title\na,b\n"}, WinbackError,
         "is no export of Shopify's orders or customers"),
        ({"orders.csv": WHOLE, "x.csv": "a,b\n1,2\n"}, WinbackError, "x.csv is no export"),
        ({"orders.csv": WHOLE.replace("Refunded Amount,", "", 1)}, WinbackError,
         "orders.csv has no column Refunded Amount, which Shopify's orders export has"),
        ({"customers.csv": "Email,Total Spent\n"}, WinbackError,
         "has no column Accepts Email Marketing or Accepts Marketing"),
        ({"orders.csv": WHOLE[: WHOLE.index("door")]}, WinbackError, "line 2: a quote is not"),
        ({"orders.csv": WHOLE + "#2,ada@exam"}, WinbackError, "line 4: short row"),
        ({"orders.csv": WHOLE.replace("5000000000001", "5.0E+12")}, WinbackError,
         "a spreadsheet has rounded 1 ids"),
    ],
)  # fmt: skip
def test_what_is_no_whole_export_is_refused_in_one_line_and_nothing_lands(
    shop: Shop, files: dict[str, str], error: type[WinbackError], words: str
) -> None:
    shop.write(files)
    with pytest.raises(error, match=re.escape(words)) as caught:
        shop.load(format="shopify")
    assert "\n" not in str(caught.value)
    assert "example.com" not in str(caught.value)
    assert not shop.settings.shop_dir.exists()


def test_the_command_names_each_table_of_a_file(
    shop: Shop, home: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.write({"orders.csv": written(ORDERS, order(1, "ada@example.com", *LINES))})
    assert winback_load(home, str(shop.source), "--format", "shopify") == 0
    told = capsys.readouterr().out
    assert re.search(r"orders.csv \(orders\) +1 +1 +0\n", told)
    assert re.search(r"orders.csv \(order_items\) +3 +3 +0\n", told)
    assert "example.com" not in told


DOCS = Path(__file__).parents[2] / "docs"


def test_the_samples_of_the_docs_load_whole(shop: Shop) -> None:
    shop.source = DOCS / "samples" / "shopify"
    report = shop.load(format="shopify")
    assert report.rejected == report.held_customers == 0
    assert [note for note in report.notes if "Total Orders" in note] == []
    assert len(shop.landed("orders")) == 5
    assert len(shop.landed("customers")) == 4


@pytest.mark.parametrize(
    ("kind", "documented"),
    [(_columns.ORDERS, [*OLD_ORDERS, *ORDERS]), (_columns.CUSTOMERS, [*OLD_CUSTOMERS, *CUSTOMERS])],
)
def test_the_docs_name_every_column_that_is_read(kind: Export, documented: list[str]) -> None:
    page = (DOCS / "sources.md").read_text()
    section = page[page.index(f"### Columns of the {kind.name} export") :]
    listed = re.findall("`([^`]+)`", section[section.index("Read:") :].partition(".\n")[0])
    assert {name.lower() for name in listed} == set(kind.columns)
    assert set(listed) <= set(documented)


# As the table of Shopify's consent states has it; the seed is held equal to it row by row.
STATES = {
    ("email", "SUBSCRIBED", "CONFIRMED_OPT_IN", ""): ("granted", "double_opt_in"),
    ("email", "SUBSCRIBED", "SINGLE_OPT_IN", "SHOPIFY"): ("granted", "express"),
    ("email", "SUBSCRIBED", "UNKNOWN", "OTHER"): ("granted", "undocumented"),
    ("email", "PENDING", "CONFIRMED_OPT_IN", ""): ("none", ""),
    ("email", "NOT_SUBSCRIBED", "UNKNOWN", ""): ("none", ""),
    ("email", "UNSUBSCRIBED", "SINGLE_OPT_IN", "SHOPIFY"): ("revoked", ""),
    ("email", "INVALID", "UNKNOWN", ""): ("suppressed", ""),
    ("email", "REDACTED", "UNKNOWN", ""): ("erased", ""),
    ("sms", "SUBSCRIBED", "CONFIRMED_OPT_IN", "OTHER"): ("granted", "double_opt_in"),
    ("sms", "SUBSCRIBED", "SINGLE_OPT_IN", "SHOPIFY"): ("granted", "express_written"),
    ("sms", "SUBSCRIBED", "SINGLE_OPT_IN", "OTHER"): ("held", ""),
    ("sms", "SUBSCRIBED", "UNKNOWN", "SHOPIFY"): ("none", ""),
    ("sms", "PENDING", "CONFIRMED_OPT_IN", ""): ("none", ""),
    ("sms", "NOT_SUBSCRIBED", "UNKNOWN", ""): ("none", ""),
    ("sms", "UNSUBSCRIBED", "CONFIRMED_OPT_IN", ""): ("revoked", ""),
    ("sms", "REDACTED", "UNKNOWN", ""): ("erased", ""),
}


@pytest.mark.parametrize(("state", "means"), STATES.items())
def test_what_a_consent_state_of_shopify_means(
    state: tuple[str, str, str, str], means: tuple[str, str]
) -> None:
    channel, name, level, place = state
    found = meaning("shopify", channel, name.lower(), opt_in_level=level, collected_from=place)
    assert found == means


def test_every_row_of_the_consent_states_is_tested() -> None:
    seed = Path(__file__).parents[2] / "dbt_project" / "seeds" / "consent_states.csv"
    with seed.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["system"] == "shopify"]
    assert len(rows) == len(STATES)


def test_a_state_that_is_in_no_row_or_has_no_date_is_no_stronger_yes() -> None:
    assert meaning("shopify", "email", "SOMETHING NEW") == UNCLEAR
    assert meaning("shopify", "sms", "INVALID") == UNCLEAR
    undated = meaning(
        "shopify", "email", "SUBSCRIBED", opt_in_level="CONFIRMED_OPT_IN", is_dated=False
    )
    assert undated == ("granted", "undocumented")
