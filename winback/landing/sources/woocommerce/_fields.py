"""The fields of WooCommerce's REST API (wc/v3) that are read, and what each is called here.

Everything else is ignored, and never leaves the file: streets, notes, payments, devices.
`docs/sources.md` has the same in tables, and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


def key_of(path: str) -> str:
    """The field of the record itself in which a path begins."""
    return path.partition(".")[0].partition("[")[0]


@dataclass(frozen=True)
class Kind:
    """One resource: the fields that are read, by the API's paths, with ours.

    Each record of the API has the fields that a page `needs`. Those among `lists` stay JSON.
    """

    name: str
    fields: Mapping[str, str]
    needs: tuple[str, ...]
    lists: tuple[str, ...] = ("meta_data",)

    @property
    def keys(self) -> list[str]:
        """The fields of a record in which those that are read lie."""
        return list(dict.fromkeys(map(key_of, self.fields)))


_BILLING: Final = {
    "billing.email": "billing_email",
    "billing.phone": "phone",
    "billing.first_name": "billing_first_name",
    "billing.last_name": "billing_last_name",
    "billing.country": "country",
    "billing.state": "region",
    "billing.postcode": "postal_code",
}
ORDERS: Final = Kind(
    "orders",
    {
        "id": "id",
        "status": "status",
        "currency": "currency",
        "date_created_gmt": "created_at",
        "date_modified_gmt": "modified_at",
        "customer_id": "account",
        **_BILLING,
        "total": "total",
        "discount_total": "discount",
        "discount_tax": "discount_tax",
        "prices_include_tax": "with_tax",
        "coupon_lines[0].code": "coupon_code",
        "refunds": "refunds",
        "line_items": "line_items",
        "meta_data": "meta_data",
    },
    needs=(
        "id", "status", "currency", "date_created_gmt", "customer_id", "billing", "total",
        "refunds", "line_items",
    ),
    lists=("refunds", "line_items", "meta_data"),
)  # fmt: skip
CUSTOMERS: Final = Kind(
    "customers",
    {
        "id": "id",
        "email": "email",
        "first_name": "first_name",
        "last_name": "last_name",
        "date_created_gmt": "created_at",
        "date_modified_gmt": "modified_at",
        **_BILLING,
        "meta_data": "meta_data",
    },
    needs=("id", "email", "billing"),
)
PRODUCTS: Final = Kind(
    "products",
    {
        "id": "id",
        "name": "name",
        "price": "price",
        "regular_price": "regular_price",
        "permalink": "url",
        "images[0].src": "image_url",
        "categories[0].name": "category",
        "tags[*].name": "tags",
        "date_created_gmt": "created_at",
        "date_modified_gmt": "modified_at",
    },
    needs=("id", "name", "price"),
    lists=(),
)
KINDS: Final = (CUSTOMERS, ORDERS, PRODUCTS)
# Of an order's line.
LINE_FIELDS: Final = (
    "product_id", "sku", "name", "quantity", "subtotal", "subtotal_tax",
)  # fmt: skip
