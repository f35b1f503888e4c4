"""What the files of Shopify's bulk operations become; how they are fetched is tested elsewhere."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from landing_shop import Shop
from shopify_api_files import (
    Record,
    account,
    address,
    consent,
    gid,
    jsonl,
    line,
    money,
    order,
    product,
)

from winback.base.errors import UsageError, WinbackError
from winback.landing import LoadReport
from winback.landing import load as load_files
from winback.landing.sources.shopify_api import KINDS, Kind
from winback.ledger import is_suppressed, open_ledger

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
DAY = "2025-05-01T10:00:00Z"


def load(
    shop: Shop, *people: Record, orders: tuple[Record, ...] = (), **options: Any
) -> LoadReport:
    """Load a pull of people and orders."""
    shop.write({"customers.jsonl": jsonl(people), "orders.jsonl": jsonl(orders)})
    return shop.load(format="shopify-api", **options)


def owners(shop: Shop) -> dict[str, str]:
    return dict(shop.landed("orders", "order_id, customer_id"))


# An order that differs from a paid one of 10.00, and what lands of it: its total, what was
# refunded, and the status; None where it is no order.
ORDERS: list[tuple[Record, tuple[str, str, str] | None]] = [
    ({}, ("10", "0", "completed")),
    ({"displayFinancialStatus": "PARTIALLY_PAID"}, ("10", "0", "completed")),
    (
        {"displayFinancialStatus": "PARTIALLY_REFUNDED", "totalRefundedSet": money("2.50")},
        ("10", "2.5", "completed"),
    ),
    ({"displayFinancialStatus": "REFUNDED"}, ("10", "10", "refunded")),
    (
        {"displayFinancialStatus": "REFUNDED", "totalRefundedSet": money("9.99")},
        ("10", "9.99", "refunded"),
    ),
    ({"displayFinancialStatus": "VOIDED"}, ("10", "0", "cancelled")),
    ({"displayFinancialStatus": "EXPIRED"}, ("10", "0", "cancelled")),
    ({"displayFinancialStatus": "PENDING"}, ("10", "0", "pending")),
    ({"displayFinancialStatus": "AUTHORIZED"}, ("10", "0", "pending")),
    ({"cancelledAt": DAY}, ("10", "0", "cancelled")),
    ({"cancelledAt": DAY, "displayFinancialStatus": "REFUNDED"}, ("10", "10", "cancelled")),
    ({"totalPriceSet": money("0.0")}, ("0", "0", "completed")),
    ({"totalPriceSet": money("1234567.89")}, ("1234567.89", "0", "completed")),
    ({"totalPriceSet": money("0.01"), "currencyCode": "JPY"}, ("0.01", "0", "completed")),
    ({"tags": ["vip", "gift, wrapped"]}, ("10", "0", "completed")),
    ({"test": True}, None),
    ({"tags": ["VIP", "Test"]}, None),
    ({"paymentGatewayNames": ["shopify_payments", "(for testing) Bogus Gateway"]}, None),
    ({"sourceName": "shopify_draft_order", "displayFinancialStatus": "PENDING"}, None),
    ({"sourceName": "shopify_draft_order"}, ("10", "0", "completed")),
    ({"totalRefundedSet": None}, ("10", "0", "completed")),
]


def test_what_each_order_becomes(shop: Shop) -> None:
    told = [order(n, "a@example.com", by=1, **own) for n, (own, _) in enumerate(ORDERS)]
    report = load(shop, account(1, "a@example.com"), orders=tuple(told))
    assert report.rejected == report.held_customers == 0
    found = shop.landed("orders", "order_id, total_amount, coalesce(refunded_amount, 0), status")
    assert found == [
        (str(50_000 + n), Decimal(means[0]), Decimal(means[1]), means[2])
        for n, (_, means) in enumerate(ORDERS)
        if means
    ]
    assert "3 test orders are no orders" in report.notes


def test_a_whole_order_lands_with_its_lines(shop: Shop) -> None:
    lines = (
        line(11, "Tea - Large", 3, "4.00", sku="tea-l"),
        line(None, "Mug", 1, "5.00", sku="mug-1"),
        line(None, "Gift wrap", 1, "1.50"),
    )
    load(
        shop,
        account(1, "a@example.com"),
        orders=(
            order(
                1, "a@example.com", *lines, by=1, totalDiscountsSet=money("2.25"),
                discountCodes=["HELLO", "SECOND"], currencyCode="EUR",
                createdAt="2025-04-01T00:00:00Z", processedAt="2019-02-03T04:05:06+01:00",
            ),
        ),
    )  # fmt: skip
    assert shop.landed(
        "orders", "order_id, customer_id, strftime(ordered_at, '%Y-%m-%dT%H:%M:%S'), "
        "discount_amount, currency, coupon_code",
    ) == [("50001", "70001", "2019-02-03T03:05:06", Decimal("2.25"), "EUR", "HELLO")]  # fmt: skip
    assert shop.landed("order_items", "product_id, quantity, unit_price") == [
        ("11", 3, Decimal(4)), ("Gift wrap", 1, Decimal("1.5")), ("mug-1", 1, Decimal(5)),
    ]  # fmt: skip


def test_who_ordered(shop: Shop) -> None:
    load(
        shop,
        account(1, "Ada@example.com", phone="+12015550123"),
        account(2, None, phone="+447700900123"),
        account(3, None, defaultAddress=address("GB", None, "N1", "07700 900 555")),
        orders=(
            order(1, "other@example.com", by=1),
            order(2, " ada@EXAMPLE.com"),
            order(3, None, phone="(201) 555-0123"),
            order(4, "guest@example.com"),
            order(5, "Guest@example.com", billingAddress=address("DE", "BE", "01099")),
            order(6, None, billingAddress=address("GB", phone="07700 900123")),
            order(7, None, billingAddress=None, shippingAddress=address("US", "NY", "00501"),
                  phone="+1 212 555 0199"),
            order(8, "new@example.com", by=9),
            order(9, None, billingAddress=None),
        ),
    )  # fmt: skip
    found = owners(shop)
    assert [found[f"5000{n}"] for n in (1, 2, 3, 6, 8)] == [
        "70001", "70001", "70001", "70002", "70009",
    ]  # fmt: skip
    assert found["50004"] == found["50005"]
    assert all(re.fullmatch("shopify-[0-9a-f]{20}", found[it]) for it in ("50004", "50007"))
    assert "50009" not in found, "it is nobody's"
    people = {
        it[0]: it[1:]
        for it in shop.landed("customers", "customer_id, email, phone, country, postal_code")
    }
    assert people["70003"] == (None, "07700 900 555", "GB", "N1")
    assert people[found["50005"]] == ("Guest@example.com", None, "DE", "01099")
    assert people[found["50007"]] == (None, "+1 212 555 0199", "US", "00501")
    assert people["70009"] == ("new@example.com", None, "US", None), "no file has the account yet"


def test_a_guest_who_opens_an_account_stays_one_person(shop: Shop) -> None:
    load(shop, orders=(order(1, "ada@example.com"),))
    guest = owners(shop)["50001"]
    load(shop, account(1, "ada@example.com"), orders=(order(2, "ada@example.com", by=1),))
    assert dict(shop.landed("customers", "customer_id, merged_into"))[guest] == "70001"


def test_what_cannot_be_read_holds_its_customer_until_it_is_mended(shop: Shop) -> None:
    report = load(
        shop,
        *(account(n, f"c{n}@example.com") for n in range(1, 6)),
        orders=(
            order(1, "c1@example.com", by=1, totalPriceSet=money("ten")),
            order(2, "c2@example.com", by=2, processedAt="yesterday", createdAt="yesterday"),
            order(3, "c3@example.com", by=3, displayFinancialStatus="LOST_AT_SEA"),
            order(4, "c4@example.com", by=4, totalRefundedSet=money("some")),
            order(5, "c5@example.com", by=5),
        ),
    )
    assert report.held_customers == 4
    assert "50005" in owners(shop)
    assert load(
        shop, orders=tuple(order(n, f"c{n}@example.com", by=n) for n in range(1, 5))
    ).held_customers == 0  # fmt: skip
    assert len(owners(shop)) == 5


def test_the_catalog_names_products_and_orders_the_rest(shop: Shop) -> None:
    tea = product(
        11, "Tea & Co", "9.00", productType="Hot", tags=["eco", "gift"],
        onlineStoreUrl="https://shop.example.com/tea",
        featuredMedia={"preview": {"image": {"url": "https://cdn.example.com/tea.png"}}},
        compareAtPriceRange={"minVariantCompareAtPrice": {"amount": "12.0"}},
    )  # fmt: skip
    sale = {"minVariantCompareAtPrice": {"amount": "0.0"}}
    mug = product(12, "Mug", "5.00", compareAtPriceRange=sale)
    shop.write({"products.jsonl": jsonl([tea, mug])})
    bought = order(1, "a@example.com", line(11, "Tea, old", 1, "8"), line(13, "Pot", 1, "20"))
    load(shop, orders=(bought,))
    (shop.source / "products.jsonl").unlink()
    load(shop, orders=(order(2, "a@example.com", line(11, "Tea, old", 1, "8")),))
    assert shop.landed(
        "products", "product_id, name, category, price, compare_at_price, url, image_url, tags"
    ) == [
        ("11", "Tea & Co", "Hot", Decimal(9), Decimal(12), "https://shop.example.com/tea",
         "https://cdn.example.com/tea.png", "eco,gift"),
        ("12", "Mug", None, Decimal(5), None, None, None, None),
        ("13", "Pot", None, Decimal(20), None, None, None, None),
    ]  # fmt: skip


LEVELS = ("CONFIRMED_OPT_IN", "SINGLE_OPT_IN", "UNKNOWN")


def seed_rows() -> list[dict[str, str]]:
    with (ROOT / "dbt_project" / "seeds" / "consent_states.csv").open(newline="") as file:
        return [row for row in csv.DictReader(file) if row["system"] == "shopify"]


@pytest.mark.parametrize("row", seed_rows(), ids=lambda it: "-".join(list(it.values())[1:5]))
def test_each_row_of_the_consent_states_lands_as_it_says(shop: Shop, row: dict[str, str]) -> None:
    level = row["opt_in_level"].replace("*", "SINGLE_OPT_IN")
    collected = row["collected_from"].replace("*", "OTHER")
    is_text = row["channel"] == "sms"
    says = consent(row["state"], level, DAY)
    if is_text:
        says["consentCollectedFrom"] = collected
    told = {"texts": says} if is_text else {"says": says}
    report = load(shop, account(1, "a@example.com", **told), account(2, "b@example.com"))
    found = shop.landed("consents", "channel, status, basis, source")
    if row["becomes"] in {"granted", "revoked"}:
        basis = row["basis"] or None
        assert found == [(row["channel"], row["becomes"], basis, "shopify api")]
    else:
        assert found == []
    with open_ledger(shop.settings) as ledger, ledger.read() as connection:
        is_kept = is_suppressed(
            connection, group="email", address="a@example.com", reasons=["hard_bounce"]
        )
    assert is_kept == (row["becomes"] == "suppressed")
    assert any("held until there is a proof" in it for it in report.notes) == (
        row["becomes"] == "held"
    )
    people = [it for (it,) in shop.landed("customers", "customer_id")]
    assert ("70001" in people) == (row["becomes"] != "erased")


def test_a_yes_without_a_date_is_weak_and_dated_by_the_pull_that_saw_it_first(shop: Shop) -> None:
    said = account(1, "a@example.com", says=consent("SUBSCRIBED", "SINGLE_OPT_IN"))
    about = {"objects": {}, "pulled_at": "2025-05-30T08:00:00+00:00", "gone": []}
    shop.write({"pull.json": json.dumps(about)})
    load(shop, said)
    shop.clock.advance(timedelta(days=1))
    shop.write({"pull.json": json.dumps(about | {"pulled_at": "2025-06-02T08:00:00+00:00"})})
    load(shop, said)
    assert shop.landed("consents", "status, basis, strftime(occurred_at, '%m-%d')") == [
        ("granted", "undocumented", "05-30")
    ]


@pytest.mark.parametrize(
    ("state", "at"),
    [("NOT_SUBSCRIBED", None), ("PENDING", DAY), ("UNSUBSCRIBED", None), ("SOMETHING_NEW", DAY)],
)
def test_a_yes_that_is_gone_is_a_refusal_from_the_load_on(
    shop: Shop, state: str, at: str | None
) -> None:
    load(shop, account(1, "a@example.com", says=consent("SUBSCRIBED", "SINGLE_OPT_IN", DAY)))
    for _ in range(2):
        shop.clock.advance(timedelta(days=1))
        load(shop, account(1, "a@example.com", says=consent(state, "SINGLE_OPT_IN", at)))
    newest = shop.landed("consents", "occurred_at, status")[-1][1]
    assert newest in {"revoked", "unclear"}
    assert len(shop.landed("consents")) == 2, "said again, it is no news"


def test_a_yes_that_other_tables_of_shopify_brought_is_gone_too(shop: Shop) -> None:
    load(shop, account(1, "a@example.com"))
    [(customer_id,)] = shop.landed("customers", "customer_id")
    others = shop.source.with_name("tables")
    others.mkdir()
    (others / "customers.csv").write_text(f"customer_id,email\n{customer_id},a@example.com\n")
    (others / "orders.csv").write_text(
        f"order_id,customer_id,ordered_at,total_amount\no1,{customer_id},{DAY},10\n"
    )
    (others / "consents.csv").write_text(
        "customer_id,channel,status,occurred_at,source\n"
        f"{customer_id},email,granted,{DAY},shopify fivetran\n"
    )
    load_files(others, shop.settings, shop.clock)
    shop.clock.advance(timedelta(days=1))
    load(shop, account(1, "a@example.com", says=consent("NOT_SUBSCRIBED", None, None)))
    assert [it for (it,) in shop.landed("consents", "status")] == ["granted", "revoked"]


def test_an_unknown_state_counts_as_a_no(shop: Shop) -> None:
    report = load(shop, account(1, "a@example.com", says=consent("SOMETHING_NEW", None, DAY)))
    assert shop.landed("consents", "status") == [("unclear",)]
    assert any("1 customers have a consent state that" in note for note in report.notes)


def cut(text: str) -> str:
    return text[:-40]


@pytest.mark.parametrize(
    ("break_", "said"),
    [
        (cut, r"orders.jsonl, line \d: it is cut off or no JSON"),
        (lambda it: it.rpartition("\n{")[0] + "\n", r": it has 3 records, and the shop says 4"),
        (lambda it: it.replace("createdAt", "created"), ": 2 of its records have no id, createdAt"),
        (lambda it: it.replace("Order/50002", "Order/59999", 1), "belong to none of its orders"),
        (lambda _: "<html>Sign in</html>\n", "it is cut off or no JSON"),
    ],
)
def test_a_file_that_is_not_whole_lands_nothing(
    shop: Shop, break_: Callable[[str], str], said: str
) -> None:
    whole = jsonl([order(1, "a@example.com"), order(2, "b@example.com")])
    about = {"objects": {"orders": 4}, "pulled_at": "2025-05-30T08:00:00+00:00", "gone": []}
    shop.write({"orders.jsonl": break_(whole), "pull.json": json.dumps(about)})
    with pytest.raises(WinbackError, match=said) as refused:
        shop.load(format="shopify-api")
    assert str(refused.value).endswith(": nothing was loaded. Next: winback pull shopify")
    assert "example.com" not in str(refused.value)
    assert not (shop.settings.shop_dir / "orders.parquet").exists()


def test_a_folder_without_files_is_refused(shop: Shop) -> None:
    shop.write({"products.jsonl": jsonl([product(1, "Tea")])})
    with pytest.raises(UsageError, match="has no orders"):
        shop.load(format="shopify-api")


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture],
          deadline=None)  # fmt: skip
@given(
    seed=st.integers(0, 10_000),
    sizes=st.lists(st.integers(1, 4), min_size=1, max_size=8),
    cents=st.integers(0, 10**8),
)
def test_children_may_come_in_any_order_after_their_parents(
    shop: Shop, seed: int, sizes: list[int], cents: int
) -> None:
    orders = [
        order(
            n, "a@example.com",
            *(line(100 * n + nth, f"{n}/{nth}", nth + 1, f"{cents / 100:.2f}")
              for nth in range(size)),
        )
        for n, size in enumerate(sizes, start=1)
    ]  # fmt: skip
    shop.write({"orders.jsonl": jsonl(orders, shuffled=seed)})
    shop.load(format="shopify-api", replace=True)
    assert shop.landed("order_items", "order_id, product_id, quantity, unit_price") == sorted(
        (str(50_000 + n), str(100 * n + nth), nth + 1, Decimal(cents) / 100)
        for n, size in enumerate(sizes, start=1)
        for nth in range(size)
    )


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_docs_name_every_field_that_is_asked(kind: Kind) -> None:
    text = (ROOT / "docs" / "sources.md").read_text()
    section = text[text.index(f"### Fields of the API's {kind.name}") :]
    rows = section[: section.index("\n\n", section.index("|---"))].splitlines()[4:]
    named = {it for row in rows for it in re.findall("`([^`]+)`", row.split("|")[1])}
    assert named - {kind.children} == {*kind.fields, *kind.child_fields}


def test_ids_are_the_numbers_of_global_ids(shop: Shop) -> None:
    load(shop, account(1, "a@example.com", id=gid("Customer", 9_007_199_254_740_993)))
    assert shop.landed("customers", "customer_id") == [("9007199254740993",)]
