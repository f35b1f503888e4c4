"""Web events: what people look at before they buy, and what they leave in the cart."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from winback.rehearsal.demo._calendar import DAY, HOUR, Seconds
from winback.rehearsal.demo._catalog import CATEGORIES, Catalog
from winback.rehearsal.demo._files import moment
from winback.rehearsal.demo._orders import Order

EventRow = tuple[str, str, str, str, str]

KEPT_DAYS = 365  # the shop's tracker forgets older events
TRACKED_SHARE = 0.6  # of orders come from a browser the shop recognizes
CHECKOUT_SHARE = 0.7
ABANDONED_SHARE = 0.12  # of customers leave one cart in the kept year
BROWSER_SHARE = 0.05  # of customers look at one product again and again lately
BROWSER_DAYS = 21


def before_orders(
    rng: np.random.Generator, orders: tuple[Order, ...], *, ends_at: int
) -> Iterator[EventRow]:
    """List the views, carts and checkouts in the two days before each tracked order."""
    for order in orders:
        at = int(order.ordered_at.timestamp())
        if at < ends_at - KEPT_DAYS * DAY or rng.random() >= TRACKED_SHARE:
            continue
        who, product, cart = order.customer_id, order.lines[0].product_id, f"K{order.order_id}"
        for before in np.sort(rng.integers(HOUR, 48 * HOUR, 1 + int(rng.integers(3))))[::-1]:
            yield who, "view", product, "", moment(at - int(before))
        carted = int(rng.integers(5, 55)) * 60
        yield who, "add_to_cart", product, cart, moment(at - carted)
        if rng.random() < CHECKOUT_SHARE:
            yield who, "checkout_started", product, cart, moment(at - carted // 3)


def without_orders(
    rng: np.random.Generator,
    catalog: Catalog,
    *,
    customer_ids: list[str],
    joined: Seconds,
    ends_at: int,
) -> Iterator[EventRow]:
    """List the abandoned carts of the kept year, and the repeated looks of the last weeks."""
    for customer_id, since in zip(customer_ids, joined.tolist(), strict=True):
        abandons, browses = rng.random(2)
        category = int(rng.integers(len(CATEGORIES)))
        if abandons < ABANDONED_SHARE:
            at = int(rng.integers(max(since, ends_at - KEPT_DAYS * DAY), ends_at))
            product = catalog.pick(rng, category=category, at=at).product_id
            yield customer_id, "view", product, "", moment(at)
            added = min(at + 300, ends_at)
            yield customer_id, "add_to_cart", product, f"KA{customer_id}", moment(added)
        if browses < BROWSER_SHARE:
            recent = max(since, ends_at - BROWSER_DAYS * DAY)
            product = catalog.pick(rng, category=category, at=recent).product_id
            for at in np.sort(rng.integers(recent, ends_at, 3 + int(rng.integers(3)))).tolist():
                yield customer_id, "visit", "", "", moment(at)
                yield customer_id, "view", product, "", moment(at)
