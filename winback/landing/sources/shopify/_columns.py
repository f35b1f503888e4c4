"""The columns of Shopify's exports that are read, and what each is called here.

Everything else is ignored, and never leaves the file: notes, addresses of streets, devices.
`docs/sources.md` has the same in tables, and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from winback.landing.sources._exports import Export

_SYSTEM: Final = "Shopify"


def _name_customers(header: Sequence[str]) -> list[str]:
    """Of two phones in a row the first is the address's, and the second the customer's own."""
    names = [CUSTOMERS.columns.get(name, "") for name in header]
    if names.count("phone") == 2:
        names[names.index("phone")] = "address_phone"
    # A file with both columns of consent: the newer one counts.
    if names.count("accepts_email") == 2:
        names[header.index("accepts marketing")] = ""
    return names


ORDERS: Final = Export(
    _SYSTEM,
    "orders",
    {
        "name": "name",
        "id": "id",
        "email": "email",
        "phone": "phone",
        "billing phone": "billing_phone",
        "financial status": "financial_status",
        "cancelled at": "cancelled_at",
        "created at": "created_at",
        "currency": "currency",
        "total": "total",
        "discount amount": "discount",
        "discount code": "coupon_code",
        "refunded amount": "refunded",
        "payment method": "payment_method",
        "source": "source",
        "tags": "tags",
        "lineitem sku": "sku",
        "lineitem name": "item",
        "lineitem quantity": "quantity",
        "lineitem price": "price",
        "lineitem compare at price": "compare_at_price",
        "billing country": "billing_country",
        "billing province": "billing_province",
        "billing zip": "billing_zip",
        "shipping country": "shipping_country",
        "shipping province": "shipping_province",
        "shipping zip": "shipping_zip",
    },
    known_by=frozenset({"financial status", "lineitem name", "lineitem quantity"}),
    needs=frozenset(
        {
            "name",
            "email",
            "financial status",
            "cancelled at",
            "created at",
            "currency",
            "total",
            "refunded amount",
            "lineitem name",
            "lineitem quantity",
            "lineitem price",
            "lineitem sku",
        }
    ),
    quoted=frozenset(
        {"id", "name", "email", "phone", "billing_phone", "sku", "billing_zip", "shipping_zip"}
    ),
)
CUSTOMERS: Final = Export(
    _SYSTEM,
    "customers",
    {
        "customer id": "id",
        "email": "email",
        "phone": "phone",
        "default address phone": "address_phone",
        "first name": "first_name",
        "last name": "last_name",
        "accepts email marketing": "accepts_email",
        "accepts marketing": "accepts_email",
        "accepts sms marketing": "accepts_sms",
        "default address country code": "country",
        "country code": "country",
        "default address province code": "region",
        "province code": "region",
        "default address zip": "postal_code",
        "zip": "postal_code",
        "total spent": "total_spent",
        "total orders": "total_orders",
    },
    known_by=frozenset({"accepts email marketing", "accepts marketing", "total spent"}),
    needs=frozenset({"email"}),
    either=(frozenset({"accepts email marketing", "accepts marketing"}),),
    quoted=frozenset({"id", "email", "phone", "address_phone", "postal_code"}),
    name_all=_name_customers,
)
EXPORTS: Final = (ORDERS, CUSTOMERS)
