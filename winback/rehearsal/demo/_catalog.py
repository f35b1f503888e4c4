"""The shop's assortment: products, their tags, and how their prices changed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from winback.rehearsal.demo._calendar import DAY
from winback.rehearsal.demo._files import moment, money

# category: (name, price in cents, tags); the first of a category is sold from the first day.
ASSORTMENT: dict[str, tuple[tuple[str, int, str], ...]] = {
    "Coffee & Tea": (
        ("House Blend Coffee Beans", 1650, "bestseller"),
        ("Ethiopian Single Origin Beans", 1950, "organic"),
        ("Decaf Evening Roast", 1725, ""),
        ("Jasmine Green Tea", 1195, "organic"),
        ("Earl Grey Loose Leaf", 1095, "bestseller"),
        ("Reusable Coffee Filter", 1450, "eco"),
        ("Cold Brew Bottle", 2900, "eco"),
        ("Stoneware Pour-Over Set", 4800, "gift"),
    ),
    "Kitchen": (
        ("Beeswax Food Wraps", 1800, "eco,bestseller"),
        ("Linen Tea Towel Pair", 2200, "eco"),
        ("Olive Wood Board", 4200, "gift"),
        ("Cast Iron Skillet", 5900, ""),
        ("Bamboo Utensil Set", 1950, "eco"),
        ("Glass Storage Jars", 3400, "eco"),
        ("Copper Measuring Cups", 3100, "gift"),
        ("Ceramic Salad Bowl", 4600, ""),
    ),
    "Skin Care": (
        ("Oat Milk Soap Bar", 850, "bestseller"),
        ("Shea Hand Cream", 1400, ""),
        ("Rosehip Face Oil", 2800, "organic"),
        ("Solid Shampoo Bar", 1250, "eco"),
        ("Clay Face Mask", 1900, ""),
        ("Refillable Deodorant", 1600, "eco"),
        ("Lip Balm Trio", 1200, "gift"),
        ("Sea Salt Scrub", 2100, "organic"),
    ),
    "Candles": (
        ("Cedar & Sage Candle", 2400, "bestseller"),
        ("Fig Leaf Candle", 2400, ""),
        ("Beeswax Taper Pair", 1600, "eco"),
        ("Winter Spice Candle", 2600, "seasonal,gift"),
        ("Travel Tin Candle", 1200, "gift"),
        ("Reed Diffuser", 3200, ""),
        ("Soy Melt Cubes", 950, "eco"),
        ("Candle Care Kit", 1900, "gift"),
    ),
    "Garden": (
        ("Herb Seed Collection", 1500, "organic,bestseller"),
        ("Terracotta Pot Set", 2700, ""),
        ("Copper Watering Can", 4900, "gift"),
        ("Compost Starter Kit", 3300, "eco"),
        ("Wildflower Seed Bombs", 1100, "eco"),
        ("Canvas Garden Apron", 3600, ""),
        ("Bee Hotel", 2950, "eco"),
        ("Hand Trowel", 1850, ""),
    ),
    "Stationery": (
        ("Dotted Notebook", 1600, "bestseller"),
        ("Recycled Paper Planner", 2200, "eco"),
        ("Letterpress Card Box", 2400, "gift"),
        ("Brass Pen", 3800, "gift"),
        ("Washi Tape Set", 900, ""),
        ("Cork Desk Mat", 3500, "eco"),
        ("Gift Wrap Bundle", 1300, "seasonal"),
        ("Watercolor Postcards", 1000, ""),
    ),
}
CATEGORIES = tuple(ASSORTMENT)
NEW_ARRIVAL_DAYS = 60
LATER_PRODUCTS = 14  # joined the assortment after the first day; a third of them lately


@dataclass(frozen=True)
class Product:
    """One product with the prices it ever had: (epoch seconds from which, cents)."""

    product_id: str
    name: str
    category: str
    tags: str
    prices: tuple[tuple[int, int], ...]

    @property
    def available_from(self) -> int:
        return self.prices[0][0]

    @cached_property
    def _price_starts(self) -> list[int]:
        return [since for since, _ in self.prices]

    def price_at(self, at: int) -> int:
        return self.prices[max(0, bisect_right(self._price_starts, at) - 1)][1]

    @property
    def price(self) -> int:
        return self.prices[-1][1]

    def row(self) -> tuple[str, ...]:
        slug = "-".join(self.name.lower().replace("&", "and").split())
        was = max(cents for _, cents in self.prices[-2:])
        return (
            self.product_id,
            self.name,
            self.category,
            money(self.price),
            money(was) if was > self.price else "",
            f"https://shop.example.com/products/{slug}",
            f"https://shop.example.com/images/{slug}.jpg",
            moment(self.available_from),
            self.tags,
        )


@dataclass(frozen=True)
class Catalog:
    """All products, grouped by category in the order of `CATEGORIES`."""

    products: tuple[Product, ...]

    def price_changes(self) -> Iterator[tuple[str, str, str]]:
        """Return the rows of price_changes: the first price of a product is its first change."""
        for product in self.products:
            for since, cents in product.prices:
                yield product.product_id, money(cents), moment(since)

    def pick(self, rng: np.random.Generator, *, category: int, at: int) -> Product:
        """Pick a product of the category that was for sale at that moment; early ones sell most."""
        size = len(self.products) // len(CATEGORIES)
        rank = int(size * rng.random() ** 2)
        product = self.products[category * size + rank]
        return product if product.available_from <= at else self.products[category * size]


def invent_catalog(rng: np.random.Generator, *, starts_at: int, ends_at: int) -> Catalog:
    """Invent the assortment with launch dates, and up to three price changes a product."""
    size = len(ASSORTMENT[CATEGORIES[0]])
    entries = [(category, *entry) for category in CATEGORIES for entry in ASSORTMENT[category]]
    later = [i for i in rng.permutation(len(entries)).tolist() if i % size][:LATER_PRODUCTS]
    recent = set(later[: LATER_PRODUCTS // 3])
    products = []
    for index, (category, name, cents, tags) in enumerate(entries):
        earliest = ends_at - NEW_ARRIVAL_DAYS * DAY if index in recent else starts_at
        since = int(rng.integers(earliest, ends_at)) if index in later else starts_at
        prices = _invent_prices(rng, cents, since=since, until=ends_at)
        products.append(Product(f"P{index + 1:03d}", name, category, tags, prices))
    return Catalog(tuple(products))


def _invent_prices(
    rng: np.random.Generator, cents: int, *, since: int, until: int
) -> tuple[tuple[int, int], ...]:
    prices = [(since, cents)]
    for at in sorted(rng.integers(since + 1, until, int(rng.integers(0, 4))).tolist()):
        factor = rng.choice([0.8, 0.9, 1.05, 1.1])
        prices.append((at, round(prices[-1][1] * factor / 5) * 5))
    return tuple(prices)
