"""The facts of what a message is about, as a template shows them."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any, Final

from winback.base.languages import Language
from winback.base.settings import Settings
from winback.content._products import price, rating, shown
from winback.content.facts import Facts

_PRODUCTS: Final = "_products"


def content_context(facts: Facts, settings: Settings, edition: Language) -> dict[str, Any]:
    """The names that a template uses beside those of the facts themselves.

    A list of products is called by its kind, such as `arrivals`; a price is a text with its
    currency. One that is not known is empty.
    """
    shop_url = settings.shop_url.rstrip("/")
    lists = {
        it.name.removesuffix(_PRODUCTS): shown(
            getattr(facts, it.name), shop_url, edition, settings.currency
        )
        for it in fields(facts)
        if it.name.endswith(_PRODUCTS)
    }
    currency = facts.context_currency or settings.currency
    now = price(facts.context_price_cents, currency, edition)
    return lists | {
        "context_price": now,
        "context_old_price": price(facts.context_old_price_cents, currency, edition) if now else "",
        "category_rating": rating(facts.category_rating_tenths, edition),
        "loyalty_until": _day(facts.loyalty_expires_on, edition),
    }


def _day(text: str, edition: Language) -> str:
    """A day with its year: points may hold for more than one."""
    if not text:
        return ""
    day = datetime.fromisoformat(text)
    date = edition.until(day + timedelta(days=1))
    return edition.word("with_year").format(date=date, year=day.year)
