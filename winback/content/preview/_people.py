"""Whose facts a preview has: a customer's, or those of two invented people."""

from __future__ import annotations

from collections.abc import Mapping
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
}
_CUSTOMER: Final = """
    select people.*, locales.locale, {contexts}
    from winback.int_customers__template_facts as people
    left join winback.int_customers__locales as locales
        on people.customer_id = locales.customer_id
    left join winback.int_customers__contexts as contexts
        on people.customer_id = contexts.customer_id
        and contexts.context = (
            select context from winback.playbooks where playbook_id = $playbook
        )
    where people.customer_id = $customer
"""
_CONTEXT: Final = "context_"


def invented(settings: Settings) -> dict[str, dict[str, Any]]:
    """The facts of two people who don't exist: of one all are known, of the other none is."""
    url = f"{settings.shop_url.rstrip('/')}/products/example"
    known = {fact.name: url if fact.name.endswith("_url") else "Example" for fact in FACTS}
    return {ALL_KNOWN: {**known, **_INVENTED}, NONE_KNOWN: {fact.name: None for fact in FACTS}}


def read_customer(settings: Settings, customer_id: str, step: Mapping[str, Any]) -> dict[str, Any]:
    """The facts and the language of a customer, as the last build knows them, for a step."""
    names = [it.name.removeprefix(_CONTEXT) for it in FACTS if it.name.startswith(_CONTEXT)]
    contexts = ", ".join(f"contexts.{name} as {_CONTEXT}{name}" for name in names)
    query = _CUSTOMER.format(contexts=contexts)
    if not settings.warehouse_path.exists():
        raise WinbackError("nothing is built to read a customer from. Next: winback build")
    try:
        with connect(settings.warehouse_path) as warehouse:
            rows = rows_with(warehouse, query, customer=customer_id, playbook=step["playbook_id"])
    except duckdb.Error as error:
        why = str(error).splitlines()[0]
        raise WinbackError(f"the warehouse can't be read: {why}. Next: winback build") from None
    if not rows:
        raise UsageError(f"the warehouse has no customer {customer_id}. Next: winback build")
    return {name: rows[0][name] for name in ("locale", *(fact.name for fact in FACTS))}
