"""Customers of the same shop in New York, each a case of which orders count, and from which day.

It is noon of 31 March 2026 there; the clocks went forward on 8 March.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

Order = Mapping[str, str]


def order(ordered_at: str, **more: str) -> Order:
    """A completed order of ten dollars, unless told otherwise."""
    return {"ordered_at": ordered_at, "total_amount": "10.00", **more}


@dataclass(frozen=True)
class OrderCase:
    """One customer: their orders, how many of them count, and what follows."""

    name: str
    orders: tuple[Order, ...]
    order_count: int = 1
    days_inactive: int | None = 40
    stage: str | None = "lapsed"
    is_in_entry_window: bool = True


DAY_40: Final = order("2026-02-19T17:00:00Z")
YESTERDAY: Final = "2026-03-30T16:00:00Z"
AT_AS_OF: Final = "2026-03-31T16:00:00Z"


def _again(name: str, *, at: str = YESTERDAY, counts: bool, **more: str) -> OrderCase:
    """Ordered forty days ago, and something again."""
    orders = (DAY_40, order(at, **more))
    if not counts:
        return OrderCase(name, orders)
    return OrderCase(name, orders, 2, 0 if at == AT_AS_OF else 1, "active", False)


def _once(name: str, at: str, days: int) -> OrderCase:
    stage = "active" if days < 30 else "lapsed"
    return OrderCase(name, (order(at),), 1, days, stage, 30 <= days <= 45)


CASES: Final = (
    OrderCase("ordered once", (DAY_40,)),
    _again("cancelled since", counts=False, status="cancelled"),
    _again("did not pay since", counts=False, status="pending"),
    _again("refunded since", counts=False, refunded_amount="10.00"),
    _again("refunded since by status", counts=False, status="refunded"),
    _again("partly refunded since", counts=True, refunded_amount="9.99"),
    _again("ordered for nothing since", counts=True, total_amount="0"),
    _again("ordered at as-of", at=AT_AS_OF, counts=True),
    _again("ordered a second after as-of", at="2026-03-31T16:00:01Z", counts=False),
    OrderCase("nothing that counts", (order(YESTERDAY, status="cancelled"),), 0, None, None, False),
    # Midnight is at 04:00 UTC after the change of clocks, at 05:00 before it.
    _once("ordered yesterday, a second to midnight", "2026-03-31T03:59:59Z", 1),
    _once("ordered today at midnight", "2026-03-31T04:00:00Z", 0),
    _once("day 29 at midnight", "2026-03-02T05:00:00Z", 29),
    _once("day 30, a second to midnight", "2026-03-02T04:59:59Z", 30),
    _once("day 30 at midnight", "2026-03-01T05:00:00Z", 30),
    _once("day 45 at midnight", "2026-02-14T05:00:00Z", 45),
    _once("day 46, a second to midnight", "2026-02-14T04:59:59Z", 46),
)


def orders() -> list[dict[str, object]]:
    """The cases' rows of the table of orders."""
    return [
        {"order_id": f"{case.name} {number}", "customer_id": case.name, **row}
        for case in CASES
        for number, row in enumerate(case.orders)
    ]
