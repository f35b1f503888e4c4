"""Twenty rows that a loader must set aside, so that a demo shows it doing so."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BadRow:
    """A raw line of one file and what is wrong with it."""

    table: str
    line: str
    reason: str


def bad_rows(*, known_customer: str, known_order: str) -> tuple[BadRow, ...]:
    """The rows; two of them repeat an id that the shop has already used."""
    who, day = known_customer, "2025-06-01T12:00:00Z"
    return (
        BadRow("orders", f",{who},{day},10.00,0.00,0.00,USD,completed,", "no order_id"),
        BadRow("orders", f"OBAD02,,{day},10.00,0.00,0.00,USD,completed,", "no customer_id"),
        BadRow("orders", f"OBAD03,{who},,10.00,0.00,0.00,USD,completed,", "no ordered_at"),
        BadRow("orders", f"OBAD04,{who},2025-13-41,10.00,0.00,0.00,USD,completed,", "no such day"),
        BadRow("orders", f"OBAD05,{who},yesterday,10.00,0.00,0.00,USD,completed,", "not a date"),
        BadRow("orders", f"OBAD06,{who},{day},,0.00,0.00,USD,completed,", "no total_amount"),
        BadRow("orders", f"OBAD07,{who},{day},ten,0.00,0.00,USD,completed,", "not a number"),
        BadRow("orders", f"OBAD08,{who},{day},-12.50,0.00,0.00,USD,completed,", "negative total"),
        BadRow("orders", f"OBAD09,{who},{day},NaN,0.00,0.00,USD,completed,", "total is NaN"),
        BadRow("orders", f"OBAD10,{who},{day},inf,0.00,0.00,USD,completed,", "infinite total"),
        BadRow("orders", f"{known_order},{who},{day},1.00,0.00,0.00,USD,completed,", "id twice"),
        BadRow("orders", f"OBAD12,{who}", "short row"),
        BadRow("customers", ",nobody@example.com,,,,US,CA,,,,", "no customer_id"),
        BadRow("customers", f"{who},twin@example.com,,,,US,CA,,,,", "id twice"),
        BadRow("order_items", f"{known_order},,1,5.00", "no product_id"),
        BadRow("order_items", ",P001,2,5.00", "no order_id"),
        BadRow("consents", f",email,granted,express,checkout_box,,{day}", "no customer_id"),
        BadRow("consents", f"{who},email", "short row"),
        BadRow("web_events", f"{who},view,P001,,25:00", "not a date"),
        BadRow("price_changes", f"P001,,{day}", "no price"),
    )
