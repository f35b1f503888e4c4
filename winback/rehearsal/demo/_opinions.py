"""What customers say of products, what is in stock, and who has points.

They are drawn by dice of their own: the rest of the shop is the same with and without them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from winback.rehearsal.demo._calendar import DAY, to_seconds
from winback.rehearsal.demo._catalog import Catalog
from winback.rehearsal.demo._files import moment
from winback.rehearsal.demo._messages import dice
from winback.rehearsal.demo._orders import Order

REVIEW_SHARE: Final = 0.06  # of completed orders
WRITTEN_SHARE: Final = 0.5  # of reviews
_RATINGS: Final = (5, 4, 3, 2, 1)
_CHANCES: Final = (0.56, 0.3, 0.08, 0.04, 0.02)
_WORDS: Final = {
    5: (
        "Just what I had hoped for.",
        "My second one, and surely not my last.",
        "Better than in the picture.",
        "Lovely to use, every single day.",
        "A present that was a great success.",
    ),
    4: ("Very nice, I would buy it again.", "Good quality for what it costs."),
    3: ("It does what it should.",),
    2: ("Smaller than I thought.",),
    1: ("It came broken.",),
}
POINTS_SHARE: Final = 0.3  # of customers who bought twice or more
_GOLD_FROM: Final = 500
_VALID_DAYS: Final = 365
SOLD_OUT: Final = 2


def invent_reviews(
    orders: tuple[Order, ...], *, ends_at: int, seed: int
) -> Iterator[tuple[object, ...]]:
    """Rows of reviews: some weeks after an order, of its first product."""
    rng = dice(seed, "reviews")
    for order in orders:
        if order.status != "completed" or rng.random() >= REVIEW_SHARE:
            continue
        at = to_seconds(order.ordered_at) + int(rng.integers(5, 30)) * DAY
        rating = int(rng.choice(_RATINGS, p=_CHANCES))
        words = str(rng.choice(_WORDS[rating])) if rng.random() < WRITTEN_SHARE else ""
        if at <= ends_at:
            yield order.lines[0].product_id, rating, words, moment(at)


def invent_stock(
    catalog: Catalog, orders: tuple[Order, ...], *, ends_at: int, seed: int
) -> Iterator[tuple[object, ...]]:
    """Rows of stock: what sold least is sold out."""
    rng = dice(seed, "stock")
    sold = Counter(line.product_id for order in orders for line in order.lines)
    ids = [product.product_id for product in catalog.products]
    sold_out = sorted(ids, key=lambda it: (sold[it], it))[:SOLD_OUT]
    for product_id in ids:
        quantity = 0 if product_id in sold_out else int(rng.integers(3, 200))
        yield product_id, quantity, "", moment(ends_at)


def invent_points(
    orders: tuple[Order, ...], *, ends_at: int, seed: int
) -> Iterator[tuple[object, ...]]:
    """Rows of loyalty: a point for each dollar, for some of those who came back."""
    rng = dice(seed, "loyalty")
    counts: Counter[str] = Counter()
    dollars: Counter[str] = Counter()
    for order in orders:
        if order.status == "completed":
            counts[order.customer_id] += 1
            dollars[order.customer_id] += (order.total_cents - order.refunded_cents) // 100
    for customer_id in sorted(counts):
        if counts[customer_id] > 1 and rng.random() < POINTS_SHARE:
            points = dollars[customer_id]
            tier = "Gold" if points >= _GOLD_FROM else "Silver"
            until = moment(ends_at + _VALID_DAYS * DAY)
            yield customer_id, points, tier, until, moment(ends_at)
