"""Whose facts a preview has: a customer's, or those of two invented people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import duckdb

from winback.base.duck import connect, rows_with
from winback.base.errors import UsageError, WinbackError
from winback.base.settings import Settings
from winback.content.facts import FACTS

ALL_KNOWN: Final = "All facts known"
NONE_KNOWN: Final = "No fact known"
# Made up, as long as names are in a shop.
_INVENTED: Final[Mapping[str, Any]] = {
    "first_name": "Alexandra",
    "last_product_name": "Stoneware Pour-Over Set",
    "top_product_name": "House Blend Coffee Beans",
    "last_viewed_product_name": "Linen Tea Towel Pair",
    "favorite_category": "Coffee & Tea",
    "context_product_name": "Olive Wood Board",
    "context_drop_percent": 15,
    "context_price_cents": 2720,
    "context_old_price_cents": 3200,
    "category_rating_tenths": 46,
    "category_review_count": 128,
    "category_quote": "Works as well as on the day it came.",
    "category_quote_product_name": "Olive Wood Board",
    "held_tag": "eco",
    "loyalty_points": 240,
    "loyalty_tier": "Gold",
    "loyalty_expires_on": "2030-12-31",
    "invitation": "Text TIPS to get 7 days of tips from us, one text a day",
}
_PRODUCTS: Final = ("Olive Wood Board", "Stoneware Sugar Bowl", "House Blend Coffee Beans")
# What a need of step_contents rests on, beside lists; what the customer did needs no fact.
_NEEDS: Final[Mapping[str, Sequence[str]]] = {
    "reviews": (
        "favorite_category", "category_rating_tenths", "category_review_count",
    ),
    "points": ("loyalty_points",),
    "community": ("invitation",),
    "old_price": (
        "context_product_name", "context_drop_percent", "context_price_cents",
        "context_old_price_cents", "context_currency",
    ),
    "arrivals": ("favorite_category",),
    "reviewed": ("favorite_category",),
    "tagged": ("held_tag",),
}  # fmt: skip
_LIST: Final = "_products"
_CUSTOMER: Final = """
    select people.*, locales.locale, {contents}, {contexts}
    from winback.int_customers__template_facts as people
    left join winback.int_customers__locales as locales
        on people.customer_id = locales.customer_id
    left join winback.int_customers__content_facts as contents
        on people.customer_id = contents.customer_id
    left join winback.int_customers__contexts as contexts
        on people.customer_id = contexts.customer_id
        and contexts.context = (
            select context from winback.playbooks where playbook_id = $playbook
        )
    where people.customer_id = $customer
"""
# As the macro product_line has it.
_LISTS: Final = """
    select
        picks.kind,
        cast(to_json(list(struct_pack(
            name := products.product_name, url := products.product_url,
            image_url := products.image_url, price_cents := products.price_cents,
            old_price_cents := case
                when products.price_cents is null then null
                when picks.kind = 'viewed' then picks.seen_price_cents
                else products.old_price_cents
            end,
            currency := products.currency, rating_tenths := products.rating_tenths,
            review_count := products.review_count
        ) order by picks.pick)) as varchar) as products
    from winback.int_content__picks as picks
    inner join winback.int_products__offered as products using (product_id)
    where picks.customer_id = $customer
    group by picks.kind
"""
_CONTEXT: Final = "context_"


def invented(settings: Settings) -> dict[str, dict[str, Any]]:
    """The facts of two people who don't exist: of one all are known, of the other none is."""
    url = f"{settings.shop_url.rstrip('/')}/products/example"
    known = {fact.name: url if fact.name.endswith("_url") else "Example" for fact in FACTS}
    currency = settings.currency or "USD"
    products = json.dumps(
        [
            {"name": name, "url": url, "price_cents": 2400 + place, "currency": currency}
            | {"rating_tenths": 48 - place, "review_count": 40 - place}
            | ({"old_price_cents": 3200} if place == 0 else {})
            for place, name in enumerate(_PRODUCTS)
        ]
    )
    lists = {fact.name: products for fact in FACTS if fact.name.endswith(_LIST)}
    told = {**known, **lists, **_INVENTED, "context_currency": currency, "context_image_url": ""}
    return {ALL_KNOWN: told, NONE_KNOWN: {fact.name: None for fact in FACTS}}


def needed_by(need: str | None) -> frozenset[str]:
    """The facts that a need of step_contents promises; none where it is about what was done."""
    lists = {fact.name for fact in FACTS if fact.name == f"{need}{_LIST}"}
    return frozenset(lists | set(_NEEDS.get(need or "", ())))


def read_customer(settings: Settings, customer_id: str, step: Mapping[str, Any]) -> dict[str, Any]:
    """The facts and the language of a customer, as the last build knows them, for a step."""
    names = [it.name.removeprefix(_CONTEXT) for it in FACTS if it.name.startswith(_CONTEXT)]
    contexts = ", ".join(f"contexts.{name} as {_CONTEXT}{name}" for name in names)
    own = [it.name for it in FACTS if it.of == "content_facts" and not it.name.endswith(_LIST)]
    contents = ", ".join(f"contents.{name}" for name in own)
    query = _CUSTOMER.format(contents=contents, contexts=contexts)
    if not settings.warehouse_path.exists():
        raise WinbackError("nothing is built to read a customer from. Next: winback build")
    try:
        with connect(settings.warehouse_path) as warehouse:
            rows = rows_with(warehouse, query, customer=customer_id, playbook=step["playbook_id"])
            lists = rows_with(warehouse, _LISTS, customer=customer_id)
    except duckdb.Error as error:
        why = str(error).splitlines()[0]
        raise WinbackError(f"the warehouse can't be read: {why}. Next: winback build") from None
    if not rows:
        raise UsageError(f"the warehouse has no customer {customer_id}. Next: winback build")
    row = rows[0] | {f"{it['kind']}{_LIST}": it["products"] for it in lists}
    return {name: row.get(name) for name in ("locale", *(fact.name for fact in FACTS))}
