"""The facts that may be told to one person: from the published catalog and their own live offer."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from winback.base.duck import connect, rows_of
from winback.base.settings import Settings
from winback.content import RenderBlocked, deadline, offer_text, one_line
from winback.conversations.responder._seam import Facts, Offer, Product
from winback.conversations.responder._words import clean

# More rows than a question can mean; a model's prompt stays short.
MOST_PRODUCTS: Final = 20
# A shorter word ("a", "of") finds half the catalog.
SHORTEST_WORD: Final = 3


@dataclass(frozen=True)
class Catalog:
    """The published products, found by the words of their names, and everybody's live offer."""

    products: Sequence[Product]
    offers: Mapping[str, Mapping[str, Any]] = field(repr=False)
    _by_word: Mapping[str, Sequence[int]] = field(repr=False)

    def near(self, text: str) -> tuple[Product, ...]:
        """The products that a text may mean: those that share most words, the shortest first."""
        shared: Counter[int] = Counter()
        for word in _forms(clean(text)):
            shared.update(self._by_word.get(word, ()))

        def place(index: int) -> tuple[int, int, int]:
            return -shared[index], len(self.products[index].name.split()), index

        return tuple(self.products[index] for index in sorted(shared, key=place)[:MOST_PRODUCTS])


def read_catalog(published: Path, settings: Settings) -> Catalog:
    """Read a published set. A set without these tables gives an empty catalog.

    A link that doesn't lead to the shop is left out: no reply may carry it.
    """
    products = [
        Product(
            name=one_line(row["product_name"]),
            price=_price(row["price_cents"], row["currency"]),
            url=_own_url(row["product_url"], settings),
        )
        for row in _rows(published / "catalog.parquet", order_by="product_name, product_id")
    ]
    offers = {row["customer_id"]: row for row in _rows(published / "live_offers.parquet")}
    by_word: dict[str, list[int]] = defaultdict(list)
    for index, product in enumerate(products):
        for word in _forms(clean(product.name)):
            by_word[word].append(index)
    return Catalog(products, offers, by_word)


def facts_for(
    catalog: Catalog,
    settings: Settings,
    *,
    customer_id: str | None,
    text: str,
    now: datetime,
    zones: str = "",
) -> Facts:
    """The facts that may be told to this customer, and to nobody else, about this text.

    `zones` are the person's, comma-separated: by them their offer was said to end.
    """
    row = catalog.offers.get(customer_id) if customer_id else None
    return Facts(
        brand=one_line(settings.brand_name),
        shop_url=settings.shop_url.rstrip("/"),
        products=catalog.near(text),
        offer=_offer(row, settings, zones=zones, now=now) if row else None,
    )


def _offer(
    row: Mapping[str, Any], settings: Settings, *, zones: str, now: datetime
) -> Offer | None:
    """The offer in words; None once it is over, or where there are no words for it."""
    if row["offer_expires_at"] <= now:
        return None
    try:
        return Offer(
            text=offer_text(str(row["kind"]), row["value"], row.get("detail")),
            code=one_line(row["code"]),
            until=deadline(row["offer_expires_at"], {"zones": zones}, settings),
        )
    except RenderBlocked:
        return None


def _price(cents: int | None, currency: str | None) -> str:
    if cents is None:
        return ""
    amount = f"{cents // 100}.{cents % 100:02}".removesuffix(".00")
    return f"{amount} {currency}" if currency else amount


def _own_url(url: str | None, settings: Settings) -> str:
    """A link of the shop's own host, or of a part of it."""
    text = one_line(url)
    try:
        parts, shop = urlsplit(text), urlsplit(settings.shop_url).hostname or ""
        host = parts.hostname or ""
    except ValueError:
        return ""
    is_own = bool(shop) and (host == shop or host.endswith(f".{shop}"))
    return text if is_own and parts.scheme == "https" and " " not in text else ""


def _forms(words: str) -> set[str]:
    """The words that find a product, with and without a plural's s."""
    long = {word for word in words.split() if len(word) >= SHORTEST_WORD}
    return long | {word.removesuffix("s") for word in long}


def _rows(path: Path, *, order_by: str = "all") -> list[dict[str, Any]]:
    if not path.exists():
        return []
    with connect() as connection:
        query = f"select * from read_parquet($path) order by {order_by}"
        return rows_of(connection.execute(query, {"path": str(path)}))
