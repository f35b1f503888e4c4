"""A believable shop in the input format, with its customers' hidden state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from winback.rehearsal.demo._bad_rows import BadRow, bad_rows
from winback.rehearsal.demo._browsing import before_orders, without_orders
from winback.rehearsal.demo._buying import Latent, Purchases, buying_history
from winback.rehearsal.demo._calendar import DAY, Indexes, Seconds, to_seconds
from winback.rehearsal.demo._catalog import CATEGORIES, Catalog, invent_catalog
from winback.rehearsal.demo._consents import ConsentRow, invent_consents
from winback.rehearsal.demo._files import write_table
from winback.rehearsal.demo._opinions import invent_points, invent_reviews, invent_stock
from winback.rehearsal.demo._orders import (
    PERCENT_OFF,
    Order,
    invent_coupon,
    invent_ending,
    invent_order,
)
from winback.rehearsal.demo._people import Customer, invent_people

MIN_CUSTOMERS = 50  # below, not every table is sure to get a row


@dataclass(frozen=True)
class Shop:
    """The written shop; `latent` and `favorites` are by position in `customers`."""

    out_dir: Path
    ends_at: datetime
    customers: tuple[Customer, ...]
    orders: tuple[Order, ...]
    catalog: Catalog
    bad_rows: tuple[BadRow, ...]
    favorites: Indexes
    latent: Latent


def generate_shop(
    out_dir: Path, *, customers: int = 5000, ends_at: datetime, years: int = 3, seed: int = 7
) -> Shop:
    """Write a shop's CSV files to `out_dir`; equal arguments write equal bytes.

    Twenty rows are deliberately unreadable (`Shop.bad_rows` says why). Phones are in ranges
    reserved for fiction and mail goes to example.com. `ends_at` is aware; nothing happens
    after it. Raises ValueError for fewer than MIN_CUSTOMERS.
    """
    if customers < MIN_CUSTOMERS:
        raise ValueError(f"a shop of {customers} customers is too small; {MIN_CUSTOMERS} will do")
    rng = np.random.default_rng(seed)
    end = to_seconds(ends_at)
    joined, purchases, latent = buying_history(rng, customers=customers, ends_at=end, years=years)
    catalog = invent_catalog(rng, starts_at=end - years * 365 * DAY, ends_at=end)
    people = invent_people(rng, joined=joined)
    favorites = rng.integers(len(CATEGORIES), size=customers)
    orders = _invent_orders(rng, catalog, people, purchases, favorites=favorites, ends_at=end)
    shop = Shop(
        out_dir=out_dir,
        ends_at=datetime.fromtimestamp(end, UTC),
        customers=people,
        orders=orders,
        catalog=catalog,
        bad_rows=bad_rows(known_customer=people[0].customer_id, known_order=orders[0].order_id),
        favorites=favorites,
        latent=latent,
    )
    _write(rng, shop, joined=joined, seed=seed)
    return shop


def _invent_orders(
    rng: np.random.Generator,
    catalog: Catalog,
    people: Sequence[Customer],
    purchases: Purchases,
    *,
    favorites: Indexes,
    ends_at: int,
) -> tuple[Order, ...]:
    orders: list[Order] = []
    seen: set[int] = set()
    pairs = zip(purchases.customers.tolist(), purchases.at.tolist(), strict=True)
    for number, (index, at) in enumerate(pairs, start=1):
        coupon = invent_coupon(rng, at=at, is_first=index not in seen)
        order = invent_order(
            rng,
            catalog,
            order_id=f"O{number:06d}",
            customer_id=people[index].customer_id,
            favorite=int(favorites[index]),
            at=at,
            coupon=coupon,
            percent_off=PERCENT_OFF.get(coupon, 0),
        )
        status, refunded = invent_ending(rng, order.total_cents, age_seconds=ends_at - at)
        seen.add(index)
        orders.append(replace(order, status=status, refunded_cents=refunded))
    return tuple(orders)


def _write(rng: np.random.Generator, shop: Shop, *, joined: Seconds, seed: int) -> None:
    end = to_seconds(shop.ends_at)
    consents: list[ConsentRow] = []
    for person, since in zip(shop.customers, joined.tolist(), strict=True):
        consents += invent_consents(
            rng,
            customer_id=person.customer_id,
            country=person.country,
            joined=since,
            until=end,
        )
    ids = [person.customer_id for person in shop.customers]
    browsing = without_orders(rng, shop.catalog, customer_ids=ids, joined=joined, ends_at=end)
    events = [*before_orders(rng, shop.orders, ends_at=end), *browsing]
    tables: dict[str, list[tuple[object, ...]]] = {
        "customers": [person.row() for person in shop.customers],
        "orders": [order.row() for order in shop.orders],
        "order_items": [row for order in shop.orders for row in order.item_rows()],
        "products": [product.row() for product in shop.catalog.products],
        "consents": list(consents),
        "web_events": sorted(events, key=lambda row: (row[4], row[0])),
        "price_changes": list(shop.catalog.price_changes()),
        "reviews": list(invent_reviews(shop.orders, ends_at=end, seed=seed)),
        "stock": list(invent_stock(shop.catalog, shop.orders, ends_at=end, seed=seed)),
        "loyalty": list(invent_points(shop.orders, ends_at=end, seed=seed)),
    }
    for table, rows in tables.items():
        lines = [bad.line for bad in shop.bad_rows if bad.table == table]
        write_table(shop.out_dir, table, rows, raw_lines=lines)
