"""What is read of Airbyte's tables, under their names, and what each is called here.

`docs/sources.md` has the same in tables, and a test holds the two together.
"""

from __future__ import annotations

from typing import Final

from winback.landing.sources._tables import Table

_UPDATED: Final = ("updated_at", "_airbyte_extracted_at", "_airbyte_emitted_at")
_DELETED: Final = ("_ab_cdc_deleted_at", "deleted_at")
TABLES: Final = (
    Table(
        "customers",
        ("customers",),
        {
            "id": ("id",),
            "email": ("email",),
            "own_phone": ("phone",),
            "first_name": ("first_name",),
            "last_name": ("last_name",),
            "state": ("state",),
            "created_at": ("created_at",),
            "updated_at": _UPDATED,
            "deleted": _DELETED,
            "address": ("default_address",),
            "email_consent": ("email_marketing_consent",),
            "sms_consent": ("sms_marketing_consent",),
            "accepts": ("accepts_marketing",),
            "accepts_at": ("accepts_marketing_updated_at",),
            "accepts_level": ("marketing_opt_in_level",),
        },
        needs=("id", "email"),
        required=True,
    ),
    Table(
        "orders",
        ("orders",),
        {
            "id": ("id",),
            "customer": ("customer",),
            "email": ("email",),
            "phone": ("phone",),
            "billing": ("billing_address",),
            "shipping": ("shipping_address",),
            "language": ("customer_locale",),
            "created_at": ("created_at", "processed_at"),
            "updated_at": _UPDATED,
            "cancelled_at": ("cancelled_at",),
            "word": ("financial_status",),
            "total": ("total_price",),
            "discount": ("total_discounts",),
            "currency": ("currency",),
            "test": ("test",),
            "source_name": ("source_name",),
            "tags": ("tags",),
            "deleted": _DELETED,
            "codes": ("discount_codes",),
            "items": ("line_items",),
            "refunds": ("refunds",),
        },
        needs=("id", "customer", "email", "created_at", "cancelled_at", "word", "total", "items"),
        required=True,
    ),
    Table(
        "refunds",
        ("order_refunds",),
        {
            "id": ("id",),
            "order_id": ("order_id",),
            "updated_at": ("processed_at", "created_at"),
            "items": ("refund_line_items",),
            "adjustments": ("order_adjustments",),
        },
        needs=("id", "order_id", "items"),
    ),
    Table(
        "products",
        ("products",),
        {
            "id": ("id",),
            "name": ("title",),
            "category": ("product_type",),
            "created_at": ("published_at", "created_at"),
            "updated_at": _UPDATED,
            "url": ("online_store_url",),
            "tags": ("tags",),
            "variants": ("variants",),
            "images": ("images",),
            "image": ("image", "featured_image"),
        },
        needs=("id", "name"),
    ),
)
