"""How plugins that export a WooCommerce shop spell the columns that are read.

`docs/sources.md` has the same in a table, and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_PERSON: Final[Mapping[str, tuple[str, ...]]] = {
    "email": ("billing_email", "email_billing", "customer_email", "user_email", "email"),
    "phone": ("billing_phone", "phone_billing", "customer_phone", "phone"),
    "first_name": ("billing_first_name", "first_name_billing", "customer_first_name", "first_name"),
    "last_name": ("billing_last_name", "last_name_billing", "customer_last_name", "last_name"),
    "country": ("billing_country", "country_code_billing", "country_billing", "country"),
    "region": ("billing_state", "state_code_billing", "state_billing", "state"),
    "postal_code": ("billing_postcode", "postcode_billing", "postcode", "zip"),
    "language": (
        "wpml_language",
        "meta_wpml_language",
        "trp_language",
        "meta_trp_language",
        "weglot_language",
        "meta_weglot_language",
        "order_language",
        "language",
        "locale",
    ),
    "modified_at": ("date_modified", "modified_date", "order_modified_date", "last_update"),
}
# By our names, the usual spellings: the first that a header has is read. A header is compared in
# lower case, with `_` for what is no letter or digit.
SPELLINGS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "orders": {
        "order_id": ("order_id", "order_number", "id"),
        "customer_id": ("customer_id", "customer_user", "user_id", "customer_user_id"),
        "ordered_at": ("order_date", "date_created", "created_date", "date", "created_at"),
        "status": ("order_status", "status"),
        "total_amount": ("order_total", "order_total_amount", "total_amount", "total"),
        "discount_amount": (
            "discount_total", "cart_discount_amount", "cart_discount", "order_discount",
        ),
        "refunded_amount": (
            "refunded_total", "order_refund_amount", "total_refunded", "refunded_amount",
        ),
        "currency": ("order_currency", "currency"),
        "coupon_code": ("coupon_code", "coupon_codes", "coupons"),
        **_PERSON,
        "product_id": ("product_id", "item_product_id"),
        "sku": ("sku", "item_sku", "product_sku"),
        "name": ("item_name", "product_name", "line_item_name"),
        "quantity": ("quantity", "item_quantity", "qty"),
        "unit_price": ("item_cost", "item_price", "unit_price"),
        "line_total": ("item_subtotal", "line_subtotal", "order_line_subtotal", "item_total",
                       "line_total"),
    },
    "customers": {
        "customer_id": ("customer_id", "user_id", "id"),
        **_PERSON,
        "created_at": ("date_registered", "user_registered", "registered", "date_created"),
    },
}  # fmt: skip
