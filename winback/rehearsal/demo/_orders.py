"""The contents, prices and endings of orders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from winback.rehearsal.demo._calendar import DAY
from winback.rehearsal.demo._catalog import CATEGORIES, Catalog
from winback.rehearsal.demo._files import moment, money

CURRENCY = "USD"
FAVORITE_SHARE = 0.65  # of lines come from the customer's favorite category
EXTRA_LINES = 0.7  # mean number of lines beyond the first
PENDING_DAYS = 2

# How an order ends: cumulative shares of cancelled, fully refunded and partly refunded.
CANCELLED, REFUNDED, PARTLY_REFUNDED = 0.015, 0.045, 0.095
PENDING_SHARE = 0.4  # of orders younger than PENDING_DAYS

FREE_SAMPLE_SHARE = 0.002
WELCOME_SHARE, HOLIDAY_SHARE, SPRING_SHARE = 0.2, 0.35, 0.1
PERCENT_OFF = {"WELCOME10": 10, "HOLIDAY20": 20, "SPRING15": 15, "SAMPLE100": 100}


@dataclass(frozen=True)
class OrderLine:
    """One product of an order."""

    product_id: str
    quantity: int
    unit_price_cents: int


@dataclass(frozen=True)
class Order:
    """One order; its total is what its lines cost less the discount, nothing else."""

    order_id: str
    customer_id: str
    ordered_at: datetime
    lines: tuple[OrderLine, ...]
    discount_cents: int = 0
    coupon_code: str = ""
    status: str = "completed"
    refunded_cents: int = 0

    @property
    def subtotal_cents(self) -> int:
        return sum(line.quantity * line.unit_price_cents for line in self.lines)

    @property
    def total_cents(self) -> int:
        return self.subtotal_cents - self.discount_cents

    @property
    def is_valid(self) -> bool:
        """Tell whether an order counts as a purchase: not cancelled, pending or fully refunded."""
        return self.status == "completed"

    def row(self) -> tuple[str, ...]:
        return (
            self.order_id,
            self.customer_id,
            moment(self.ordered_at),
            money(self.total_cents),
            money(self.discount_cents),
            money(self.refunded_cents),
            CURRENCY,
            self.status,
            self.coupon_code,
        )

    def item_rows(self) -> Iterable[tuple[object, ...]]:
        for line in self.lines:
            yield self.order_id, line.product_id, line.quantity, money(line.unit_price_cents)


def percent_of(cents: int, percent: int) -> int:
    """Return a percentage of cents; half a cent is rounded up."""
    return (cents * percent + 50) // 100


def invent_lines(
    rng: np.random.Generator, catalog: Catalog, *, favorite: int, at: int
) -> tuple[OrderLine, ...]:
    """Draw an order's lines for that favorite category; a product stands on one line only."""
    lines: dict[str, OrderLine] = {}
    for _ in range(1 + int(rng.poisson(EXTRA_LINES))):
        likes = rng.random() < FAVORITE_SHARE
        category = favorite if likes else int(rng.integers(len(CATEGORIES)))
        product = catalog.pick(rng, category=category, at=at)
        quantity = int(rng.choice([1, 1, 1, 2, 3]))
        lines[product.product_id] = OrderLine(product.product_id, quantity, product.price_at(at))
    return tuple(lines.values())


def invent_coupon(rng: np.random.Generator, *, at: int, is_first: bool) -> str:
    """Draw the code used with an order, or ''."""
    day = datetime.fromtimestamp(at, UTC)
    luck, chance = rng.random(2)
    if luck < FREE_SAMPLE_SHARE:
        return "SAMPLE100"
    if is_first:
        return "WELCOME10" if chance < WELCOME_SHARE else ""
    if (day.month, day.day) >= (11, 20):
        return "HOLIDAY20" if chance < HOLIDAY_SHARE else ""
    return "SPRING15" if chance < SPRING_SHARE else ""


def invent_order(
    rng: np.random.Generator,
    catalog: Catalog,
    *,
    order_id: str,
    customer_id: str,
    favorite: int,
    at: int,
    coupon: str,
    percent_off: int,
) -> Order:
    """Draw a completed order at `at` (epoch seconds) by somebody with that favorite category."""
    lines = invent_lines(rng, catalog, favorite=favorite, at=at)
    subtotal = sum(line.quantity * line.unit_price_cents for line in lines)
    return Order(
        order_id=order_id,
        customer_id=customer_id,
        ordered_at=datetime.fromtimestamp(at, UTC),
        lines=lines,
        discount_cents=percent_of(subtotal, percent_off),
        coupon_code=coupon,
    )


def invent_ending(
    rng: np.random.Generator, total_cents: int, *, age_seconds: int
) -> tuple[str, int]:
    """Draw the status and the refunded cents of an order of that age."""
    luck, share = rng.random(2)
    if age_seconds < PENDING_DAYS * DAY:
        return ("pending" if luck < PENDING_SHARE else "completed"), 0
    if luck < CANCELLED:
        return "cancelled", 0
    if luck < REFUNDED and total_cents:
        return "refunded", total_cents
    if luck < PARTLY_REFUNDED:
        return "completed", percent_of(total_cents, 10 + int(share * 50))
    return "completed", 0
