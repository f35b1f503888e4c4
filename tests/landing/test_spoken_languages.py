"""The languages of customers, where a source has them: each in its own field and its own form."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest
import shopify_api_files as shopify
import shopify_tables as tables
import woocommerce_pages as woocommerce
from landing_shop import Shop

pytestmark = pytest.mark.long

MAIL: Final = "{}@example.com".format
Files = Mapping[str, str | bytes]


def languages(shop: Shop) -> dict[str, str | None]:
    """By the first letters of the email address, what landed."""
    return {
        email.partition("@")[0]: language
        for email, language in shop.landed("customers", "email, language")
    }


def of_shopify() -> Files:
    orders = [
        shopify.order(1, MAIL("ann"), by=1, customerLocale="fr-FR"),
        shopify.order(2, MAIL("guest"), customerLocale="es"),
        shopify.order(3, MAIL("guest"), processedAt="2025-04-01T15:00:00Z", customerLocale="de_DE"),
        shopify.order(4, MAIL("guest"), processedAt="2025-05-01T15:00:00Z", customerLocale=None),
        shopify.order(5, MAIL("none"), by=3),
    ]
    accounts = [
        shopify.account(1, MAIL("ann"), locale="de-DE"),
        shopify.account(2, MAIL("bea"), locale="German"),
        shopify.account(3, MAIL("none"), locale=""),
    ]
    return {"orders.jsonl": shopify.jsonl(orders), "customers.jsonl": shopify.jsonl(accounts)}


def in_tables() -> dict[str, list[dict[str, Any]]]:
    early = {"created_at": "2025-02-01 15:00:00", "processed_at": "2025-02-01 15:00:00"}
    return {
        "customer": [tables.customer(n, MAIL(it)) for n, it in ((1, "ann"), (2, "none"))],
        "order": [
            tables.order(1, 1, MAIL("ann"), customer_locale="de-DE"),
            tables.order(2, 1, MAIL("ann"), customer_locale="fr", **early),
            tables.order(3, None, MAIL("guest"), customer_locale="de_DE"),
            tables.order(4, 2, MAIL("none"), customer_locale=None),
        ],
        "order_line": [tables.line(n, n, (11, "Tea"), 1, "10.00") for n in (1, 2, 3, 4)],
    }


def of_fivetran() -> Files:
    return {f"{name}.csv": tables.table(rows) for name, rows in in_tables().items()}


def of_airbyte() -> Files:
    return {
        f"{name}.csv": tables.table(rows) for name, rows in tables.as_airbyte(in_tables()).items()
    }


def of_woocommerce() -> Files:
    def meta(**values: str) -> dict[str, Any]:
        return {"meta_data": woocommerce.meta(**values)}

    at = {"date_created_gmt": "2025-04-01T15:00:00"}
    orders = [
        woocommerce.order(1, MAIL("ann"), customer_id=71, **meta(wpml_language="fr")),
        woocommerce.order(2, MAIL("bea"), customer_id=72, **meta(wpml_language="en")),
        woocommerce.order(3, MAIL("bea"), customer_id=72, **meta(trp_language="de_DE"), **at),
        woocommerce.order(4, MAIL("guest"), **meta(weglot_language="de", color="red")),
        woocommerce.order(5, MAIL("zoe"), customer_id=79, **meta(wpml_language="de")),
        woocommerce.order(6, MAIL("none"), customer_id=73, **meta(wpml_language="  ")),
    ]
    accounts = [
        woocommerce.account(1, MAIL("ann"), **meta(locale="de_DE_formal")),
        woocommerce.account(2, MAIL("bea")),
        woocommerce.account(3, MAIL("none")),
    ]
    return {
        "orders.json": woocommerce.page(orders), "customers.json": woocommerce.page(accounts)
    }  # fmt: skip


def of_a_plugin() -> Files:
    columns = "order_id,order_date,status,order_total,customer_id,billing_email"
    rows = ("1,2025-03-01 10:00,completed,10,71,ann@example.com,DE",
            "2,2025-03-01 10:00,completed,10,72,none@example.com,",
            "3,2025-03-01 10:00,completed,10,0,guest@example.com,de_DE")  # fmt: skip
    accounts = "customer_id,email,locale\n71,ann@example.com,German\n72,none@example.com,\n"
    return {
        "orders.csv": "\n".join((f"{columns},meta:wpml_language", *rows)),
        "customers.csv": accounts,
    }


CASES: Final[dict[str, tuple[Callable[[], Files], dict[str, str | None]]]] = {
    "shopify-api": (
        of_shopify, {"ann": "de-DE", "bea": "German", "guest": "de_DE", "none": None}
    ),
    "fivetran-shopify": (of_fivetran, {"ann": "de-DE", "guest": "de_DE", "none": None}),
    "airbyte-shopify": (of_airbyte, {"ann": "de-DE", "guest": "de_DE", "none": None}),
    "woocommerce": (
        of_woocommerce,
        {"ann": "de_DE_formal", "bea": "de_DE", "guest": "de", "zoe": "de", "none": None},
    ),
    "woocommerce of a plugin": (of_a_plugin, {"ann": "German", "guest": "de_DE", "none": None}),
}  # fmt: skip


@pytest.mark.parametrize("source", CASES)
def test_a_language_is_the_accounts_own_else_that_of_the_newest_order(
    shop: Shop, source: str
) -> None:
    files, expected = CASES[source]
    shop.write(files())
    form = source.partition(" ")[0]
    assert not shop.load(format=form).rejected
    assert languages(shop) == expected
    assert not shop.load(format=form).rejected
    assert languages(shop) == expected


def test_a_load_without_orders_forgets_no_language(shop: Shop) -> None:
    orders = [woocommerce.order(1, MAIL("ann"), customer_id=71,
                                meta_data=woocommerce.meta(wpml_language="de"))]  # fmt: skip
    accounts = woocommerce.page([woocommerce.account(1, MAIL("ann"))])
    shop.write({"orders.json": woocommerce.page(orders), "customers.json": accounts})
    shop.load(format="woocommerce")
    (shop.source / "orders.json").unlink()
    shop.load(format="woocommerce")
    assert languages(shop) == {"ann": "de"}


def profiles_of_the_api(told: Mapping[str, str | None]) -> Files:
    subscriptions = {"email": {"marketing": {"consent": "NEVER_SUBSCRIBED"}}}
    data = [
        {"type": "profile", "id": f"P{n}",
         "attributes": {"email": who, "locale": locale, "subscriptions": subscriptions}}
        for n, (who, locale) in enumerate(told.items())
    ]  # fmt: skip
    return {"profiles.json": json.dumps({"data": data})}


def profiles_of_a_file(told: Mapping[str, str | None]) -> Files:
    header = "Email,Email Marketing Consent,Email Marketing Consent Timestamp,Locale"
    rows = (f"{who},NEVER_SUBSCRIBED,,{locale or ''}" for who, locale in told.items())
    return {"profiles.csv": "\n".join((header, *rows)) + "\n"}


@pytest.mark.parametrize(
    ("form", "profiles"),
    [("klaviyo-api", profiles_of_the_api), ("klaviyo", profiles_of_a_file)],
)
def test_klaviyo_tells_a_language_where_the_shop_tells_none(
    shop: Shop, form: str, profiles: Callable[[Mapping[str, str | None]], Files]
) -> None:
    rows = (
        "c1,ann@example.com,fr",
        "c2,Bea@example.com,",
        "c3,cal@example.com,",
        "c4,dot@x.example,",
    )
    customers = "\n".join(("customer_id,email,language", *rows)) + "\n"
    # Her own row in the file stands twice and differs: she is held, and a list lets nobody go.
    twice = customers + "c5,eve@example.com,\nc5,eve@other.example,\n"
    shop.load({"customers.csv": twice})
    held = shop.landed("set_aside", "customer_id, table_name")
    assert held == [("c5", "customers")]
    shop.source = shop.source.parent / "lists"
    told = {MAIL("ANN"): "de-DE", MAIL("bea"): "de-DE", MAIL("cal"): None, MAIL("eve"): "de-DE",
            MAIL("stranger"): "de-DE"}  # fmt: skip
    shop.write(profiles(told))
    shop.load(format=form)
    found = dict(shop.landed("customers", "customer_id, language"))
    assert found == {"c1": "fr", "c2": "de-DE", "c3": None, "c4": None, "c5": None}
    assert shop.landed("set_aside", "customer_id, table_name") == held
