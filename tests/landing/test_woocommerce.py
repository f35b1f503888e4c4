"""What the pages of WooCommerce's REST API become; the whole of a shop is built elsewhere."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from landing_shop import Shop, winback_load
from woocommerce_pages import (
    account,
    account_id,
    line,
    meta,
    order,
    order_id,
    page,
    product,
)

from winback.base.clock import FixedClock
from winback.base.errors import UsageError, WinbackError
from winback.base.settings import Settings
from winback.landing import LoadReport
from winback.landing._consent_states import Meaning, meaning
from winback.landing.sources.woocommerce import _meta
from winback.landing.sources.woocommerce._fields import KINDS, LINE_FIELDS, Kind

pytestmark = pytest.mark.long

AT = datetime(2025, 6, 1, 12, tzinfo=UTC)


def load(shop: Shop, *orders: dict[str, Any], **options: Any) -> LoadReport:
    """Load a page of orders, beside whatever the shop's folder holds."""
    shop.write({"orders.json": page(orders)})
    return shop.load(format="woocommerce", **options)


def owners(shop: Shop) -> dict[str, str]:
    return dict(shop.landed("orders", "order_id, customer_id"))


def test_an_order_lands_with_its_lines_and_its_money(shop: Shop) -> None:
    tea, gone = line(11, "Tea", 3, "4.00"), line(0, "Old mug", 1, "5.00", sku="mug-1")
    load(
        shop,
        order(1, "ada@example.com", tea, gone, total="18.50", discount_total="1.25",
              coupon_lines=[{"id": 3, "code": "hello"}], refunds=["2.00", "0.50"]),
    )  # fmt: skip
    assert shop.landed("orders", "order_id, epoch(ordered_at), total_amount, discount_amount, "
                       "refunded_amount, currency, status, coupon_code") == [
        (order_id(1), datetime(2025, 3, 1, 15, tzinfo=UTC).timestamp(), Decimal("18.50"),
         Decimal("1.25"), Decimal("2.50"), "USD", "completed", "hello")
    ]  # fmt: skip
    assert shop.landed("order_items", "product_id, quantity, unit_price") == [
        ("11", 3, Decimal("4.00")),
        ("mug-1", 1, Decimal("5.00")),
    ]
    assert shop.landed("products", "product_id, name, price") == [
        ("11", "Tea", Decimal("4.00")),
        ("mug-1", "Old mug", Decimal("5.00")),
    ]


def test_a_shop_whose_prices_include_the_tax_has_them_with_it(shop: Shop) -> None:
    tea = line(11, "Tea", 2, "10.00", subtotal_tax="3.80")
    load(shop, order(1, "a@example.com", tea, prices_include_tax=True, discount_total="1.00",
                     discount_tax="0.19"))  # fmt: skip
    assert shop.landed("order_items", "unit_price") == [(Decimal("11.90"),)]
    assert shop.landed("orders", "discount_amount") == [(Decimal("1.19"),)]


@pytest.mark.parametrize(
    ("own", "status", "refunded"),
    [
        ({"status": "pending"}, "pending", "0"),
        ({"status": "processing"}, "completed", "0"),
        ({"status": "on-hold"}, "pending", "0"),
        ({"status": "completed", "refunds": ["1.10", "0.05"]}, "completed", "1.15"),
        ({"status": "wc-completed"}, "completed", "0"),
        ({"status": "cancelled"}, "cancelled", "0"),
        ({"status": "refunded"}, "refunded", "10"),
        ({"status": "refunded", "refunds": ["9.99"]}, "refunded", "9.99"),
        ({"status": "failed"}, "cancelled", "0"),
        ({"status": "trash"}, "cancelled", "0"),
        ({"status": "checkout-draft"}, "pending", "0"),
        ({"status": "auto-draft"}, "pending", "0"),
    ],
)
def test_the_status_of_an_order(
    shop: Shop, own: dict[str, Any], status: str, refunded: str
) -> None:
    load(shop, order(1, "ada@example.com", **own))
    assert shop.landed("orders", "status, refunded_amount") == [(status, Decimal(refunded))]


def test_accounts_and_guests_are_customers_of_one_kind(shop: Shop) -> None:
    shop.write({"customers.json": page([account(1, "Ada@example.com", first_name="Ada")])})
    load(
        shop,
        order(1, "billing@example.com", customer_id=71),
        order(2, " ada@example.com"),
        order(3, "Guest@example.com", billing={"first_name": "Gus", "postcode": "01234"}),
        order(4, "guest@example.com", date_created_gmt="2025-02-01T10:00:00"),
        order(5, "only@example.com", customer_id="72", billing={"first_name": "Only"}),
        order(6, "only@example.com"),
    )
    found = owners(shop)
    assert found[order_id(1)] == found[order_id(2)] == account_id(1)
    assert found[order_id(3)] == found[order_id(4)]
    assert re.fullmatch(r"woocommerce-[0-9a-f]{20}", found[order_id(3)])
    assert found[order_id(5)] == found[order_id(6)] == account_id(2)
    assert shop.landed("customers", "email, first_name, postal_code") == [
        ("Ada@example.com", "Ada", None),
        ("Guest@example.com", "Gus", "01234"),
        ("only@example.com", "Only", None),
    ]


def test_without_an_email_the_phone_tells_in_any_spelling(shop: Shop) -> None:
    shop.write({"customers.json": page([account(1, "a@x.com", billing={"phone": "+12015550123"})])})
    load(
        shop,
        order(1, "", billing={"phone": "(201) 555-0123"}),
        order(2, "", billing={"phone": "07700 900123", "country": "GB"}),
        order(3, "", billing={"phone": "+44 7700 900123"}),
    )
    found = owners(shop)
    assert found[order_id(1)] == account_id(1)
    assert found[order_id(2)] == found[order_id(3)] != account_id(1)


def test_whom_the_shop_has_erased_is_nobody(shop: Shop) -> None:
    erased = {"first_name": "[deleted]", "phone": "000-000-0000"}
    report = load(
        shop,
        order(1, "deleted@site.invalid", billing=erased),
        order(2, "deleted@site.invalid", billing=erased),
        order(3, "ada@example.com"),
    )
    assert list(owners(shop)) == [order_id(3)]
    assert len(shop.landed("customers")) == 1
    assert report.held_customers == 0
    assert {row["reason"] for row in shop.rejected(report)} == {"no customer"}


def test_of_an_order_on_two_pages_the_newest_counts(shop: Shop) -> None:
    old = order(1, "ada@example.com", total="9.00")
    new = order(1, "ada@example.com", total="8.00", date_modified_gmt="2025-05-01T00:00:00")
    shop.write({"orders-page-2.json": page([new, order(2, "bo@example.com")])})
    shop.write({"orders-page-3.json": page([old])})
    report = load(shop, old, order(2, "bo@example.com"))
    assert shop.landed("orders", "order_id, total_amount") == [
        (order_id(1), Decimal(8)),
        (order_id(2), Decimal(10)),
    ]
    assert len(shop.landed("order_items")) == 2
    assert report.rejected == report.held_customers == 0
    assert report.sources[0].file == "orders-page-2.json and 2 more"


def test_two_copies_that_differ_and_were_changed_at_one_time_hold_their_customer(
    shop: Shop,
) -> None:
    people = [account(1, "a@example.com"), account(1, "b@example.com")]
    shop.write({"customers.json": page(people)})
    report = load(shop, order(1, "c@example.com"), order(1, "c@example.com", total="9.00"))
    assert shop.landed("orders", "total_amount") == [(Decimal(10),)]
    assert report.held_customers == 2


def test_a_later_load_corrects_an_order_and_its_lines(shop: Shop) -> None:
    two = (line(11, "Tea", 1, "6.00"), line(12, "Mug", 1, "4.00"))
    load(shop, order(1, "ada@example.com", *two), order(2, "bo@example.com"))
    load(shop, order(1, "ada@example.com", two[0], status="refunded"))
    assert shop.landed("orders", "order_id, status") == [
        (order_id(1), "refunded"),
        (order_id(2), "completed"),
    ]
    assert shop.landed("order_items", "order_id, product_id") == [
        (order_id(1), "11"),
        (order_id(2), "11"),
    ]


def test_an_account_keeps_what_its_page_said_when_only_orders_come(shop: Shop) -> None:
    shop.write({"customers.json": page([account(1, "ada@example.com", first_name="Ada")])})
    load(shop)
    (shop.source / "customers.json").unlink()
    load(shop, order(1, "other@example.com", customer_id=71, billing={"first_name": "A."}))
    assert shop.landed("customers", "customer_id, email, first_name") == [
        (account_id(1), "ada@example.com", "Ada")
    ]


def test_a_guest_who_opens_an_account_stays_one_person(shop: Shop) -> None:
    load(shop, order(1, "ada@example.com"))
    guest = owners(shop)[order_id(1)]
    shop.write({"customers.json": page([account(1, "ada@example.com")])})
    load(shop, order(2, "ada@example.com"))
    assert dict(shop.landed("customers", "customer_id, merged_into"))[guest] == account_id(1)
    assert owners(shop) == {order_id(1): guest, order_id(2): account_id(1)}


def test_the_catalog_names_products_and_orders_the_rest(shop: Shop) -> None:
    tea = product(
        11, "Tea &amp; Co", "9.00", regular_price="10.00", categories=[{"id": 1, "name": "Hot"}],
        tags=[{"id": 2, "name": "eco"}, {"id": 3, "name": "gift"}],
        images=[{"id": 4, "src": "https://shop.example.com/tea.png"}],
    )  # fmt: skip
    mug = product(12, "Mug", "")
    shop.write({"products.json": page([tea, mug])})
    load(shop, order(1, "a@example.com", line(11, "Tea, old", 1, "8"), line(13, "Pot", 1, "20")))
    (shop.source / "products.json").unlink()
    load(shop, order(2, "a@example.com", line(11, "Tea, old", 1, "8")))
    assert shop.landed(
        "products", "product_id, name, category, price, compare_at_price, url, image_url, tags"
    ) == [
        ("11", "Tea & Co", "Hot", Decimal(9), Decimal(10), "https://shop.example.com/p/11",
         "https://shop.example.com/tea.png", "eco,gift"),
        ("12", "Mug", None, None, None, "https://shop.example.com/p/12", None, None),
        ("13", "Pot", None, Decimal(20), None, None, None, None),
    ]  # fmt: skip


def test_a_record_that_cannot_be_read_holds_whom_it_is_about_until_it_is_mended(
    shop: Shop,
) -> None:
    shop.write(
        {"orders-2.json": page([order(8, "ok@example.com"), order(5, "e@x.com", total="x")])}
    )
    odd_refund = order(6, "f@example.com") | {"refunds": [{"id": 1, "total": "some"}]}
    no_refund = order(7, "g@example.com") | {"refunds": [{"id": 1}]}
    report = load(
        shop,
        order(1, "a@example.com", total="ten"),
        order(2, "b@example.com", date_created_gmt="yesterday"),
        order(3, "c@example.com", status="lost-at-sea"),
        order(4, "d@example.com", id=None),
        odd_refund,
        no_refund,
    )
    assert list(owners(shop)) == [order_id(6), order_id(7), order_id(8)]
    assert report.held_customers == 7
    places = {(json.loads(row["row"])["page"], row["line"]) for row in shop.rejected(report)}
    assert places >= {*(("orders.json", str(n)) for n in range(1, 5)), ("orders-2.json", "2")}
    assert load(shop, order(1, "a@example.com")).held_customers == 6


@given(st.lists(st.integers(0, 9_999_99), max_size=5))
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_refunds_add_up_to_the_cent(
    tmp_path_factory: pytest.TempPathFactory, cents: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("refunds")
    shop = Shop(folder / "shop", Settings.load(home=folder / "home"), FixedClock(AT))
    load(shop, order(1, "a@example.com", refunds=[f"{it / 100:.2f}" for it in cents]))
    assert shop.landed("orders", "refunded_amount") == [(Decimal(sum(cents)) / 100,)]


WHOLE = page([order(1, "ada@example.com")])
LINES = "\n".join(json.dumps(order(n, f"c{n}@example.com")) for n in (1, 2))


def test_one_record_a_line_and_ids_as_numbers_or_texts_are_read(shop: Shop) -> None:
    shop.write({"orders.jsonl": LINES, "ORDERS-2.JSON": page([order(3, "c@x.com", id="5003")])})
    shop.load(format="woocommerce")
    assert list(owners(shop)) == [order_id(1), order_id(2), order_id(3)]


def lacking(field: str) -> str:
    return page([{k: v for k, v in order(1, "ada@example.com").items() if k != field}])


@pytest.mark.parametrize(
    ("files", "error", "words"),
    [
        ({}, UsageError, "has no orders*.json and no customers*.json"),
        ({"products.json": "[]"}, UsageError, "has no orders*.json"),
        ({"orders.json": ""}, WinbackError, "orders.json: it is empty"),
        ({"orders.json": WHOLE[: len(WHOLE) // 2]}, WinbackError, "orders.json: it is cut off"),
        ({"orders.json": WHOLE[:-1]}, WinbackError, "orders.json: it is cut off"),
        ({"orders.json": WHOLE[:-1] + ","}, WinbackError, "orders.json: it is cut off"),
        ({"orders.json": WHOLE[:300] + "}]"}, WinbackError, "orders.json: record 1: it is"),
        ({"orders.jsonl": LINES[:-300] + "}"}, WinbackError, "orders.jsonl: line 2: it is"),
        ({"orders-1.json": WHOLE, "orders-2.json": "<!doctype html><p>ada@example.com"},
         WinbackError, "orders-2.json: it is a web page"),
        ({"orders-1.json": WHOLE, "orders-2.json": f"[{WHOLE[1:-1]},5]"}, WinbackError,
         "orders-2.json: record 2: it is no object"),
        ({"orders.json": "ada@example.com"}, WinbackError, "it does not begin as JSON"),
        ({"orders.json": b"\xef\xbb\xbf" + WHOLE.encode()}, WinbackError, "does not begin as JSON"),
        ({"orders.json": WHOLE.replace("ada@", "\xe9@").encode("latin-1")}, WinbackError,
         "orders.json: record 1: it is not UTF-8"),
        ({"orders.json": '{"code":"woocommerce_rest_cannot_view","message":"Sorry"}'},
         WinbackError, "it holds an error of the shop (woocommerce_rest_cannot_view), no orders"),
        ({"orders.json": json.dumps({"orders": json.loads(WHOLE)})}, WinbackError,
         "orders.json: its records have no id, status, currency"),
        ({"orders-1.json": WHOLE, "orders-2.json": lacking("refunds")}, WinbackError,
         "orders-2.json: its records have no refunds, which orders of wc/v3 have"),
        ({"orders.json": lacking("date_created_gmt")}, WinbackError, "no date_created_gmt"),
        ({"orders.json": WHOLE, "consents.csv": "customer_id\n71\n"}, WinbackError,
         "consents.csv has no column status"),
    ],
)  # fmt: skip
def test_what_is_no_whole_page_is_refused_in_one_line_and_nothing_lands(
    shop: Shop, files: dict[str, str | bytes], error: type[WinbackError], words: str
) -> None:
    shop.write(files)
    with pytest.raises(error, match=re.escape(words)) as caught:
        shop.load(format="woocommerce")
    assert "\n" not in str(caught.value)
    assert "example.com" not in str(caught.value)
    assert not shop.settings.shop_dir.exists()


def test_nobody_has_a_consent_by_these_files_and_the_load_says_so(
    shop: Shop, home: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.write({"orders.json": page([order(1, "ada@example.com")])})
    assert winback_load(home, str(shop.source), "--format", "woocommerce") == 0
    told = capsys.readouterr().out
    assert "note: WooCommerce's files hold no consents: nobody may be contacted by them. " in told
    assert "example.com" not in told
    assert shop.landed("consents") == []


def test_consents_beside_the_pages_are_read_in_the_generic_form(shop: Shop) -> None:
    consents = (
        "customer_id,channel,status,basis,occurred_at\n71,email,granted,express,2025-01-01\n"
        "72,email,yes,express,\n"
    )
    shop.write({"consents.csv": consents, "customers.json": page([account(1, "ada@example.com")])})
    report = load(shop)
    assert shop.landed("consents", "customer_id, channel, status, basis") == [
        (account_id(1), "email", "granted", "express"),
        (account_id(2), "email", "unclear", "express"),
    ]
    assert not any("hold no consents" in note for note in report.notes)


DOCS = Path(__file__).parents[2] / "docs"


def test_the_samples_of_the_docs_load_whole(shop: Shop) -> None:
    shop.source = DOCS / "samples" / "woocommerce"
    report = shop.load(format="woocommerce")
    assert report.rejected == report.held_customers == 0
    assert [len(shop.landed(it)) for it in ("orders", "customers", "products")] == [4, 3, 2]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_docs_name_every_field_that_is_read(kind: Kind) -> None:
    text = (DOCS / "sources.md").read_text()
    section = text[text.index(f"### Fields of WooCommerce's {kind.name}") :]
    rows = section[: section.index("\n\n", section.index("|---"))].splitlines()[4:]
    inside = {"total", *LINE_FIELDS} if kind.name == "orders" else set()
    named = {it for row in rows for it in re.findall("`([^`]+)`", row.split("|")[1])}
    assert named - inside == set(kind.fields) - inside


def consents(shop: Shop) -> list[tuple[Any, ...]]:
    return shop.landed("consents", "customer_id, channel, status, source, dated_by")


@pytest.mark.parametrize(
    ("key", "value", "channel"),
    [
        ("_mc4wp_optin", "0", None),
        ("mailchimp_woocommerce_is_subscribed", False, "email"),
        ("newsletter_opt_in", "no", "email"),
        ("_billing_marketing_consent", "Nein", None),
        ("sms_consent", "false", "sms"),
        ("unsubscribed_at", "2025-01-02 10:00:00", None),
        ("_opt_out", "yes", None),
        ("do_not_email", "1", "email"),
    ],
)
def test_a_plugins_no_is_a_refusal_from_the_load_on(
    shop: Shop, key: str, value: Any, channel: str | None
) -> None:
    told = meta(**{key: value})
    shop.write({"customers.json": page([account(1, "a@example.com", meta_data=told)])})
    report = load(shop, order(2, "", customer_id=72, meta_data=told), order(3, "c@example.com"))
    assert consents(shop) == [
        (account_id(n), channel, "revoked", f"woocommerce {key}", "load") for n in (1, 2)
    ]
    assert any(f"meta_data {key} says no for 2 customers" in note for note in report.notes)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("_mc4wp_optin", "1"),
        ("newsletter", "yes"),
        ("newsletter", ""),
        ("newsletter", None),
        ("marketing_campaign", "spring"),
        ("consents", {"email": True}),
        ("_opt_out", "no"),
        ("unsubscribed", "0"),
        ("unsubscribe_url", "https://shop.example.com/u"),
        ("_stripe_fee", "no"),
    ],
)
def test_a_plugins_yes_is_no_consent_and_what_says_nothing_is_no_refusal(
    shop: Shop, key: str, value: Any
) -> None:
    report = load(shop, order(1, "ada@example.com", meta_data=meta(**{key: value})))
    assert consents(shop) == []
    is_yes = any("says yes for 1 customers, which proves no consent" in it for it in report.notes)
    assert is_yes == (value in {"1", "yes"} if isinstance(value, str) else False)


def test_only_an_orders_newest_copy_tells_and_the_same_load_again_is_no_new_refusal(
    shop: Shop,
) -> None:
    old = order(1, "", customer_id=71, meta_data=meta(newsletter="no"))
    new = old | {"date_modified_gmt": "2025-05-01T00:00:00", "meta_data": meta(newsletter="yes")}
    load(shop, old, new)
    assert consents(shop) == []
    load(shop, old)
    first = shop.landed("consents", "occurred_at")
    shop.clock.advance(timedelta(days=3))
    load(shop, old)
    assert shop.landed("consents", "occurred_at") == first


def test_a_no_in_any_of_the_copies_that_were_changed_last_counts(shop: Shop) -> None:
    says_yes = order(1, "", customer_id=71, meta_data=meta(newsletter="yes"))
    report = load(shop, says_yes, says_yes | {"meta_data": meta(newsletter="no")})
    assert [row[2] for row in consents(shop)] == ["revoked"]
    assert report.rejected == 0


def test_a_file_whose_name_is_no_pages_is_told(shop: Shop) -> None:
    shop.write({"order-2.json": "[]", "customers.csv": "customer_id\n", "notes.txt": ""})
    report = load(shop, order(1, "ada@example.com"))
    told = "not read: customers.csv, order-2.json (a page is customers*.json, orders*.json, "
    assert any(note.startswith(told) for note in report.notes)


def test_a_shop_may_say_in_the_seed_that_a_plugins_yes_counts(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_meta, "meaning", lambda *_: Meaning("granted", "express"))
    told = meta(newsletter="yes")
    shop.write({"customers.json": page([account(1, "a@example.com", meta_data=told)])})
    load(shop, order(1, "b@example.com", customer_id=72, meta_data=told))
    assert shop.landed("consents", "customer_id, status, basis, dated_by") == [
        (account_id(1), "unclear", "express", "load"),
        (account_id(2), "granted", "express", None),
    ]
    assert datetime(2025, 3, 1, 15, tzinfo=UTC) in {
        at for (at,) in shop.landed("consents", "occurred_at")
    }


@pytest.mark.parametrize(
    ("state", "becomes"),
    [("SUBSCRIBED", "held"), ("NOT_SUBSCRIBED", "revoked"), ("UNSUBSCRIBED", "revoked")],
)
@pytest.mark.parametrize("channel", ["email", "sms", ""])
def test_what_a_plugins_word_means(state: str, becomes: str, channel: str) -> None:
    assert meaning("woocommerce", channel, state) == (becomes, "")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False)
    | st.text(max_size=8) | st.sampled_from(["-1", "0000-00-00", "2025-13-01T00:00:00", "\0", "'"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["key", "value", "total", "id", "name", "email"]), inner),
    max_leaves=6,
)  # fmt: skip
FIELDS = [(kind, key) for kind in KINDS for key in [*kind.keys, "billing"]]


@given(st.lists(st.tuples(st.sampled_from(FIELDS), JSON), min_size=1, max_size=3))
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_stands_in_a_field_the_load_ends_whole_or_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[tuple[Kind, str], Any]]
) -> None:
    folder = tmp_path_factory.mktemp("fields")
    records = {
        "orders": order(1, "ada@example.com", refunds=["1.00"]),
        "customers": account(1, "bo@example.com"),
        "products": product(11, "Tea", "3.00"),
    }
    whole = {name: dict(record) for name, record in records.items()}
    whole["orders"] |= {"id": 6000, "billing": {"email": "cy@example.com"}}
    for (kind, key), value in changes:
        records[kind.name][key] = value
    shop = Shop(folder / "shop", Settings.load(home=folder / "home"), FixedClock(AT))
    shop.write({f"{name}.json": page([whole[name], records[name]]) for name in records})
    refusal = ""
    try:
        shop.load(format="woocommerce")
    except WinbackError as error:
        refusal = str(error)
    assert "\n" not in refusal
    assert shop.settings.shop_dir.exists() == (not refusal)
    if not refusal:
        assert "6000" in owners(shop)
        assert all(status != "granted" for (status,) in shop.landed("consents", "status"))


@given(st.data())
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_page_that_ends_anywhere_but_at_its_end_is_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    text = page([order(n, "ada@example.com") for n in (1, 2)])
    shop = Shop(folder / "shop", Settings.load(home=folder / "home"), FixedClock(AT))
    shop.write({"orders.json": text[: data.draw(st.integers(0, len(text) - 1))]})
    with pytest.raises(WinbackError):
        shop.load(format="woocommerce")
    assert not shop.settings.shop_dir.exists()
