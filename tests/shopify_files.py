"""Writing Shopify's exports from their documented columns, for the tests of this folder."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Final

_ADDRESS: Final = [
    "Name", "Street", "Address1", "Address2", "Company", "City", "Zip", "Province", "Country",
    "Phone",
]  # fmt: skip
_TAXES: Final = [f"Tax {number} {part}" for number in range(1, 6) for part in ("Name", "Value")]
# The columns of both generations of the orders export; the old one ends with Source.
OLD_ORDERS: Final = [
    "Name", "Email", "Financial Status", "Paid at", "Fulfillment Status", "Fulfilled at",
    "Accepts Marketing", "Currency", "Subtotal", "Shipping", "Taxes", "Total", "Discount Code",
    "Discount Amount", "Shipping Method", "Created at", "Lineitem quantity", "Lineitem name",
    "Lineitem price", "Lineitem compare at price", "Lineitem sku", "Lineitem requires shipping",
    "Lineitem taxable", "Lineitem fulfillment status",
    *(f"Billing {part}" for part in _ADDRESS), *(f"Shipping {part}" for part in _ADDRESS),
    "Notes", "Note Attributes", "Cancelled at", "Payment Method", "Payment Reference",
    "Refunded Amount", "Vendor", "Outstanding Balance", "Employee", "Location", "Device ID", "Id",
    "Tags", "Risk Level", "Source",
]  # fmt: skip
ORDERS: Final = [
    *OLD_ORDERS, "Lineitem discount", *_TAXES, "Phone", "Receipt Number", "Duties",
    "Billing Province Name", "Shipping Province Name", "Payment ID", "Payment Terms Name",
    "Next Payment Due At", "Payment References",
]  # fmt: skip
CUSTOMERS: Final = [
    "Customer ID", "First Name", "Last Name", "Email", "Accepts Email Marketing",
    "Default Address Company", "Default Address Address1", "Default Address Address2",
    "Default Address City", "Default Address Province Code", "Default Address Country Code",
    "Default Address Zip", "Default Address Phone", "Phone", "Accepts SMS Marketing",
    "Total Spent", "Total Orders", "Note", "Tax Exempt", "Tags",
]  # fmt: skip
OLD_CUSTOMERS: Final = [
    "First Name", "Last Name", "Email", "Accepts Marketing", "Company", "Address1", "Address2",
    "City", "Province", "Province Code", "Country", "Country Code", "Zip", "Phone",
    "Accepts SMS Marketing", "Total Spent", "Total Orders", "Tags", "Note", "Tax Exempt",
]  # fmt: skip
# What the further rows of an order repeat.
REPEATED: Final = ("Name", "Email", "Vendor", "Created at")

Row = Mapping[str, str]


def written(header: Sequence[str], rows: Sequence[Row]) -> str:
    """A file as Shopify writes it; what a row doesn't say is empty."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, header, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def order(number: int, email: str, *lines: tuple[str, str, int, str], **own: str) -> list[Row]:
    """An order's rows, a row a line item (sku, name, quantity, price).

    A keyword is a column, with `_` for its blanks.
    """
    named = {name.lower().replace(" ", "_"): name for name in ORDERS}
    head = {
        "Name": f"#{number}",
        "Id": str(5_000_000_000_000 + number),
        "Email": email,
        "Financial Status": "paid",
        "Currency": "USD",
        "Total": "10.00",
        "Refunded Amount": "0.00",
        "Created at": "2025-03-01 10:00:00 -0500",
        "Billing Country": "US",
        "Notes": 'leave it at the "back"\ndoor, please',
    } | {named[name]: value for name, value in own.items()}
    told = [
        {
            "Lineitem sku": sku,
            "Lineitem name": name,
            "Lineitem quantity": str(quantity),
            "Lineitem price": price,
        }
        for sku, name, quantity, price in lines or (("tea", "Tea", 1, "10.00"),)
    ]
    further = {name: head[name] for name in REPEATED if name in head}
    return [head | told[0], *(further | line for line in told[1:])]


def account(number: int, email: str, **own: str) -> Row:
    """A row of the current customers export; a keyword is a column, with `_` for its blanks."""
    named = {name.lower().replace(" ", "_"): name for name in CUSTOMERS}
    return {
        "Customer ID": f"'{7_000_000_000_000 + number}",
        "Email": email,
        "Accepts Email Marketing": "no",
        "Accepts SMS Marketing": "no",
        "Default Address Country Code": "US",
        "Total Spent": "",
        "Total Orders": "",
    } | {named[name]: value for name, value in own.items()}


def account_id(number: int) -> str:
    return str(7_000_000_000_000 + number)


def order_id(number: int) -> str:
    return str(5_000_000_000_000 + number)
