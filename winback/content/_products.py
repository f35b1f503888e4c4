"""The products of a list, as SQL hands them over and as a template shows them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from winback.base.languages import Language
from winback.content._safe import one_line, picture_address, web_address


@dataclass(frozen=True)
class Product:
    """One product of a list; a part that is not known is empty or None.

    Prices are hundredths of `currency`; `old_price_cents` is above `price_cents`.
    """

    name: str
    url: str = ""
    image_url: str = ""
    price_cents: int | None = None
    old_price_cents: int | None = None
    currency: str = ""
    rating_tenths: int | None = None
    review_count: int | None = None


def read_products(value: object) -> tuple[Product, ...]:
    """The products of a JSON list of dec_outbox__content_facts, each part made safe.

    What is no such list has none: a template that needs it is not written.
    """
    try:
        listed = json.loads(str(value or "[]"))
    except ValueError:
        return ()
    made = map(_product, listed) if isinstance(listed, list) else ()
    return tuple(product for product in made if product.name)


def _product(part: dict[str, Any]) -> Product:
    return Product(
        name=one_line(part.get("name")),
        url=web_address(part.get("url")),
        image_url=picture_address(part.get("image_url")),
        price_cents=part.get("price_cents"),
        old_price_cents=part.get("old_price_cents"),
        currency=one_line(part.get("currency")),
        rating_tenths=part.get("rating_tenths"),
        review_count=part.get("review_count"),
    )


def shown(
    products: Sequence[Product], shop_url: str, edition: Language, currency: str
) -> list[dict[str, str]]:
    """What a template shows of each: every part is a text, empty where it is not known.

    `currency` is the shop's, for prices whose orders name none.
    """
    return [
        {
            "name": it.name,
            "url": it.url or shop_url,
            "image_url": it.image_url,
            "price": (now := price(it.price_cents, it.currency or currency, edition)),
            "old_price": price(it.old_price_cents, it.currency or currency, edition) if now else "",
            "rating": rating(it.rating_tenths, edition),
            "review_count": str(it.review_count or ""),
        }
        for it in products
    ]


def price(cents: int | None, currency: str, edition: Language) -> str:
    """An amount with its currency; nothing where either is unknown."""
    return edition.money(cents, currency.upper()) if cents is not None and currency else ""


def rating(tenths: int | None, edition: Language) -> str:
    """An average of 1 to 5, such as 4.6 or 4,6."""
    return f"{tenths // 10}{edition.word('decimal')}{tenths % 10}" if tenths else ""
