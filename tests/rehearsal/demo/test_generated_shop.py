"""The generated shop is believable, consistent, reachable by nobody, and always the same."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import phonenumbers
import phonenumbers.timezone
import pytest
from demo_files import ENDS_AT, read_good_rows, read_rows
from hypothesis import given, settings
from hypothesis import strategies as st

from winback.landing.schema import TABLES
from winback.rehearsal.demo import Order, OrderLine, Shop, generate_shop
from winback.rehearsal.demo._files import HEADERS, moment, money
from winback.rehearsal.demo._orders import percent_of
from winback.rehearsal.demo._people import MALFORMED_PHONES
from winback.rehearsal.demo._places import PLACES, Place

RESERVED = {
    "US": r"\+1[2-9]\d\d55501\d\d",
    "CA": r"\+1[2-9]\d\d55501\d\d",
    "GB": r"\+447700900\d{3}",
    "DE": r"\+49(17139200|176040690)\d{2}",
    "FR": r"\+3363998\d{4}",
}


def value(row: dict[str, str], column: str) -> Decimal:
    assert re.fullmatch(r"\d+\.\d\d", row[column]), f"{column} is not an exact amount"
    return Decimal(row[column])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def valid_orders(shop: Shop) -> list[dict[str, str]]:
    return [row for row in read_good_rows(shop, "orders") if row["status"] == "completed"]


def test_the_same_arguments_write_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        generate_shop(tmp_path / name, customers=200, ends_at=ENDS_AT, seed=3)
    generate_shop(tmp_path / "other", customers=200, ends_at=ENDS_AT, seed=4)
    for table in HEADERS:
        first = (tmp_path / "one" / f"{table}.csv").read_bytes()
        assert first == (tmp_path / "two" / f"{table}.csv").read_bytes()
    other = (tmp_path / "other" / "orders.csv").read_bytes()
    assert other != (tmp_path / "one" / "orders.csv").read_bytes()


def test_a_shop_may_be_small_but_not_empty(tmp_path: Path) -> None:
    for seed in range(5):
        shop = generate_shop(tmp_path, customers=50, ends_at=ENDS_AT, seed=seed)
        assert shop.orders
    with pytest.raises(ValueError, match="too small"):
        generate_shop(tmp_path, customers=0, ends_at=ENDS_AT)


def test_every_file_has_the_columns_of_the_input_format(demo_shop: Shop) -> None:
    for table, header in HEADERS.items():
        # No customer of the demo was merged into another, or says which language they read.
        left_out = (
            "merged_into", "language", "address_name", "address_line1", "address_line2", "city",
        )  # fmt: skip
        assert header == tuple(it for it in TABLES[table].input_names if it not in left_out)
        first_line = (demo_shop.out_dir / f"{table}.csv").read_text().split("\n", 1)[0]
        assert first_line == ",".join(header)


def test_most_customers_buy_once_and_a_few_buy_very_often(demo_shop: Shop) -> None:
    orders_of = Counter(row["customer_id"] for row in valid_orders(demo_shop))
    once = sum(count == 1 for count in orders_of.values()) / len(orders_of)
    assert 0.55 <= once <= 0.75
    assert max(orders_of.values()) >= 10


def test_there_are_enough_people_for_every_segment(demo_shop: Shop) -> None:
    last: dict[str, date] = {}
    revenue: dict[str, Decimal] = defaultdict(Decimal)
    for row in valid_orders(demo_shop):
        last[row["customer_id"]] = at(row["ordered_at"]).date()
        revenue[row["customer_id"]] += value(row, "total_amount") - value(row, "refunded_amount")
    idle = {who: (ENDS_AT.date() - day).days for who, day in last.items()}
    vip_from = sorted(revenue.values())[int(0.8 * len(revenue))]
    assert sum(30 <= days <= 45 for days in idle.values()) >= 150
    assert sum(idle[who] >= 60 for who in idle if revenue[who] >= vip_from) >= 60
    assert sum(days > 45 for days in idle.values()) >= 2000


def test_december_sells_more_than_july(demo_shop: Shop) -> None:
    months = Counter(order.ordered_at.month for order in demo_shop.orders)
    assert months[12] > 1.4 * months[7]


def test_an_order_total_is_its_lines_less_the_discount(demo_shop: Shop) -> None:
    lines: dict[str, Decimal] = defaultdict(Decimal)
    for row in read_good_rows(demo_shop, "order_items"):
        lines[row["order_id"]] += int(row["quantity"]) * value(row, "unit_price")
    orders = read_good_rows(demo_shop, "orders")
    assert {row["order_id"] for row in orders} == set(lines)
    for row in orders:
        total, discount = value(row, "total_amount"), value(row, "discount_amount")
        assert total == lines[row["order_id"]] - discount
        assert 0 <= value(row, "refunded_amount") <= total
        assert (discount > 0) == bool(row["coupon_code"])


def test_orders_end_in_every_way_an_order_can_end(demo_shop: Shop) -> None:
    orders = read_good_rows(demo_shop, "orders")
    assert {row["status"] for row in orders} == {"completed", "cancelled", "refunded", "pending"}
    refunded = [row for row in orders if row["status"] == "refunded"]
    assert all(row["refunded_amount"] == row["total_amount"] for row in refunded)
    kept = [row for row in orders if row["status"] == "completed"]
    assert any(value(row, "refunded_amount") > 0 for row in kept)
    assert any(value(row, "total_amount") == 0 for row in kept), "free samples are valid orders"


def test_nothing_happens_after_the_end_or_before_the_product_exists(demo_shop: Shop) -> None:
    launched = {p.product_id: p.available_from for p in demo_shop.catalog.products}
    for order in demo_shop.orders:
        assert order.ordered_at <= ENDS_AT
        assert all(
            launched[line.product_id] <= order.ordered_at.timestamp() for line in order.lines
        )
    for table, column in (
        ("consents", "occurred_at"),
        ("web_events", "occurred_at"),
        ("price_changes", "changed_at"),
        ("customers", "created_at"),
    ):
        assert max(at(row[column]) for row in read_good_rows(demo_shop, table)) <= ENDS_AT


def test_customers_exist_before_their_orders_and_consents(demo_shop: Shop) -> None:
    created = {row["customer_id"]: row["created_at"] for row in customers(demo_shop)}
    for table, column in (("orders", "ordered_at"), ("consents", "occurred_at")):
        for row in read_good_rows(demo_shop, table):
            assert created[row["customer_id"]] <= row[column]


def test_an_order_pays_the_price_of_its_day(demo_shop: Shop) -> None:
    history: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in read_good_rows(demo_shop, "price_changes"):
        history[row["product_id"]].append((row["changed_at"], row["price"]))
    for order in demo_shop.orders:
        for line in order.lines:
            past = [p for since, p in history[line.product_id] if since <= moment(order.ordered_at)]
            assert money(line.unit_price_cents) == past[-1]
    prices = {row["product_id"]: row["price"] for row in read_rows(demo_shop.out_dir, "products")}
    assert prices == {product: changes[-1][1] for product, changes in history.items()}


def customers(shop: Shop) -> list[dict[str, str]]:
    return read_good_rows(shop, "customers")


def test_every_phone_is_in_a_range_reserved_for_fiction(demo_shop: Shop) -> None:
    for row in customers(demo_shop):
        if row["phone"] and row["phone"] not in MALFORMED_PHONES:
            assert re.fullmatch(RESERVED[row["country"]], row["phone"])


def test_every_mailbox_is_at_the_reserved_domain(demo_shop: Shop) -> None:
    well_formed = re.compile(r"[a-z]+\.[a-z]+\d+@example\.com")
    emails = [row["email"] for row in customers(demo_shop) if row["email"]]
    odd = [email for email in emails if not well_formed.fullmatch(email)]
    assert 0 < len(odd) < 0.02 * len(emails)
    assert all(re.search(r"example(\.com)?$", email) for email in odd)


def test_contact_points_are_missing_shared_and_malformed_here_and_there(demo_shop: Shop) -> None:
    people = customers(demo_shop)
    for column in ("email", "phone"):
        values = [row[column] for row in people]
        shared = [count for text, count in Counter(values).items() if text and count > 1]
        assert "" in values
        assert shared
    assert any(row["phone"] in MALFORMED_PHONES for row in people)


def test_five_countries_with_regions_zones_and_postal_codes_that_belong_together(
    demo_shop: Shop,
) -> None:
    forms = {
        "US": r"\d{5}",
        "CA": r"[A-Z]\d[A-Z] \d[A-Z]\d",
        "GB": r"[A-Z]{1,2}\d{1,2} \d[A-Z]{2}",
        "DE": r"\d{5}",
        "FR": r"\d{5}",
    }
    known = {(place.country, place.region, place.timezone) for place in PLACES}
    regions = {(country, region) for country, region, _ in known}
    people = customers(demo_shop)
    assert {row["country"] for row in people} == set(forms)
    assert {row["timezone"] == "" for row in people} == {True, False}
    for row in people:
        assert (row["country"], row["region"]) in regions
        if row["timezone"]:
            assert (row["country"], row["region"], row["timezone"]) in known
        if row["postal_code"]:
            assert re.fullmatch(forms[row["country"]], row["postal_code"])


@pytest.mark.parametrize("place", [p for p in PLACES if p.area_codes], ids=lambda p: p.region)
def test_an_area_code_keeps_the_clock_of_its_place(place: Place) -> None:
    """Offsets are compared: the phone library names zones by their largest city."""
    for code in place.area_codes:
        number = phonenumbers.parse(f"+1{code}5550123")
        zones = phonenumbers.timezone.time_zones_for_number(number)
        winter, summer = datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC)
        mine = ZoneInfo(place.timezone)
        clocks = {
            tuple(day.astimezone(ZoneInfo(zone)).utcoffset() for day in (winter, summer))
            for zone in zones
        }
        assert tuple(day.astimezone(mine).utcoffset() for day in (winter, summer)) in clocks


def test_consents_of_every_basis_exist_with_date_and_source(demo_shop: Shop) -> None:
    consents = read_good_rows(demo_shop, "consents")
    granted = [row for row in consents if row["status"] == "granted"]
    assert {row["basis"] for row in granted} == {
        *("express_written", "express", "soft_opt_in", "double_opt_in", "implied")
    }
    assert all(row["source"] and row["occurred_at"] for row in consents)
    assert {row["channel"] for row in consents} == {"email", "sms"}


def test_some_consents_are_revoked_after_the_grant_and_some_customers_never_gave_one(
    demo_shop: Shop,
) -> None:
    events: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for row in read_good_rows(demo_shop, "consents"):
        events[row["customer_id"], row["channel"]].append((row["occurred_at"], row["status"]))
    for history in events.values():
        assert history == sorted(history)
        assert history[0][1] == "granted"
    lengths = Counter(len(history) for history in events.values())
    assert lengths[2] > 100
    assert lengths[3] > 5
    asked = {customer for customer, _ in events}
    assert 0.02 < 1 - len(asked) / len(demo_shop.customers) < 0.25


def test_people_look_before_they_buy_and_leave_carts_behind(demo_shop: Shop) -> None:
    events = read_good_rows(demo_shop, "web_events")
    assert {row["event"] for row in events} == {"view", "add_to_cart", "checkout_started", "visit"}
    carts = {row["cart_id"] for row in events if row["event"] == "add_to_cart"}
    bought = {f"K{order.order_id}" for order in demo_shop.orders}
    assert len(carts - bought) > 100
    assert len(carts & bought) > 1000


def test_products_have_categories_tags_launches_and_some_reduced_prices(demo_shop: Shop) -> None:
    products = read_rows(demo_shop.out_dir, "products")
    recent = moment(ENDS_AT - timedelta(days=60))
    assert len({row["category"] for row in products}) == 6
    assert sum("eco" in row["tags"].split(",") for row in products) >= 8
    assert any(row["first_available_at"] > recent for row in products)
    reduced = [row for row in products if row["compare_at_price"]]
    assert reduced
    assert all(value(row, "compare_at_price") > value(row, "price") for row in reduced)


def test_some_products_are_reviewed_two_are_sold_out_and_some_customers_have_points(
    demo_shop: Shop,
) -> None:
    bought = {line.product_id for order in demo_shop.orders for line in order.lines}
    reviews = read_rows(demo_shop.out_dir, "reviews")
    counts = Counter(row["product_id"] for row in reviews)
    assert set(counts) <= bought
    assert sum(count >= 5 for count in counts.values()) >= 10
    assert all(at(row["created_at"]) <= ENDS_AT for row in reviews)
    assert {row["rating"] for row in reviews} == set("12345")
    stock = {row["product_id"]: row["quantity"] for row in read_rows(demo_shop.out_dir, "stock")}
    assert set(stock) == {product.product_id for product in demo_shop.catalog.products}
    assert list(stock.values()).count("0") == 2
    points = read_rows(demo_shop.out_dir, "loyalty")
    assert 50 < len(points) < 0.2 * len(demo_shop.customers)
    assert all(at(row["expires_at"]) > ENDS_AT for row in points)


def test_twenty_bad_rows_stand_at_the_ends_of_the_files_with_their_reasons(
    demo_shop: Shop,
) -> None:
    assert len(demo_shop.bad_rows) == 20
    for bad in demo_shop.bad_rows:
        assert bad.reason
        lines = (demo_shop.out_dir / f"{bad.table}.csv").read_text().splitlines()
        assert bad.line in lines[-20:]


cents = st.integers(min_value=0, max_value=10_000_000)


@given(amount=cents)
def test_money_is_written_exactly(amount: int) -> None:
    assert Decimal(money(amount)) * 100 == amount
    assert re.fullmatch(r"\d+\.\d\d", money(amount))


@given(
    prices=st.lists(st.tuples(st.integers(1, 9), cents), min_size=1, max_size=6),
    percent=st.integers(0, 100),
)
@settings(max_examples=50)
def test_a_discount_never_exceeds_the_lines(prices: list[tuple[int, int]], percent: int) -> None:
    lines = tuple(OrderLine(f"P{i}", n, price) for i, (n, price) in enumerate(prices))
    subtotal = sum(n * price for n, price in prices)
    order = Order("O1", "C1", ENDS_AT, lines, discount_cents=percent_of(subtotal, percent))
    assert 0 <= order.total_cents <= subtotal
    assert abs(100 * order.discount_cents - percent * subtotal) <= 50
