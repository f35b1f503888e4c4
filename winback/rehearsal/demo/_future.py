"""The orders that a shop's customers go on to place without any message."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from winback.rehearsal.demo._buying import purchases_after
from winback.rehearsal.demo._calendar import Calendar, to_seconds
from winback.rehearsal.demo._orders import (
    CANCELLED,
    PERCENT_OFF,
    Order,
    invent_coupon,
    invent_order,
)
from winback.rehearsal.demo._shop import Shop


def natural_future(rng: np.random.Generator, shop: Shop, *, days: int) -> list[Order]:
    """Carry the shop's hidden buying process on for `days` days; orders come in order of time."""
    end = to_seconds(shop.ends_at)
    since = np.full(len(shop.customers), end, dtype=np.int64)
    purchases, _ = purchases_after(rng, Calendar(end, days=days), shop.latent, since=since)
    orders = []
    pairs = zip(purchases.customers.tolist(), purchases.at.tolist(), strict=True)
    for number, (position, at) in enumerate(pairs, start=len(shop.orders) + 1):
        coupon = invent_coupon(rng, at=at, is_first=False)
        order = invent_order(
            rng,
            shop.catalog,
            order_id=f"O{number:06d}",
            customer_id=shop.customers[position].customer_id,
            favorite=int(shop.favorites[position]),
            at=at,
            coupon=coupon,
            percent_off=PERCENT_OFF.get(coupon, 0),
        )
        is_cancelled = rng.random() < CANCELLED
        orders.append(replace(order, status="cancelled") if is_cancelled else order)
    return orders
