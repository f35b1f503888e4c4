"""A shop's orders in the generic form, from what was worked out by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

_HEADER: Final = (
    "order_id,customer_id,ordered_at,total_amount,discount_amount,refunded_amount,status,"
    "coupon_code,currency\n"
)


def orders_by_hand(
    order_id: Callable[[int], str],
    orders: Mapping[int, Sequence[str]],
    lines: Mapping[int, Sequence[Sequence[str]]],
    line: Sequence[Sequence[str]],
) -> dict[str, str]:
    """Orders in dollars and their lines; `line` is that of an order which has none of its own."""
    return {
        "orders.csv": _HEADER
        + "".join(f"{order_id(n)},{','.join(facts)},USD\n" for n, facts in orders.items()),
        "order_items.csv": "order_id,product_id,quantity,unit_price\n"
        + "".join(f"{order_id(n)},{','.join(it)}\n" for n in orders for it in lines.get(n, line)),
    }
