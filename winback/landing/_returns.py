"""Match returns to the orders they reduce."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple


class Invoice(NamedTuple):
    """An order (`amount` >= 0) or a return (`amount` < 0) of one customer."""

    customer_id: str
    at: datetime
    invoice_no: str
    amount: Decimal


@dataclass
class Matched:
    """What each order is refunded, and the returns that found too little to reduce."""

    refunds: dict[str, Decimal] = field(default_factory=dict)
    unmatched_returns: int = 0
    unmatched_amount: Decimal = Decimal(0)

    @property
    def refunded(self) -> Decimal:
        return sum(self.refunds.values(), Decimal(0))


def match_returns(invoices: Iterable[Invoice]) -> Matched:
    """Give each return to the customer's newest earlier order, up to what is left of its
    value, then to the one before, and so on.

    The data doesn't say which order a return belongs to. What exceeds all earlier orders
    (most of it was bought before the file begins) reduces nothing and is told as unmatched.
    `invoices` come by customer and time, orders before returns of the same moment.
    """
    matched = Matched()
    customer_id: str | None = None
    open_orders: list[tuple[str, Decimal]] = []
    for invoice in invoices:
        if invoice.customer_id != customer_id:
            customer_id, open_orders = invoice.customer_id, []
        if invoice.amount >= 0:
            open_orders.append((invoice.invoice_no, invoice.amount))
            continue
        left = _refund(-invoice.amount, open_orders, matched.refunds)
        if left:
            matched.unmatched_returns += 1
            matched.unmatched_amount += left
    return matched


def _refund(
    amount: Decimal, open_orders: list[tuple[str, Decimal]], refunds: dict[str, Decimal]
) -> Decimal:
    while amount and open_orders:
        order, remaining = open_orders.pop()
        part = min(amount, remaining)
        if part:
            refunds[order] = refunds.get(order, Decimal(0)) + part
        amount -= part
        if remaining > part:
            open_orders.append((order, remaining - part))
    return amount
