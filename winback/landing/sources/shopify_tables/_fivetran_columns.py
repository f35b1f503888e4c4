"""What is read of Fivetran's tables, under their names, and what each is called here.

`docs/sources.md` has the same in tables, and a test holds the two together.
"""

from __future__ import annotations

from typing import Final

from winback.landing.sources._tables import Table


def _money(*names: str) -> tuple[str, ...]:
    """A REST name, and the same of GraphQL in the shop's currency."""
    return tuple(it for name in names for it in (name, f"{name}_set_shop_amount"))


TABLES: Final = (
    Table(
        "customers",
        ("customer",),
        {
            "id": ("id",),
            "email": ("email",),
            "phone": ("phone",),
            "first_name": ("first_name",),
            "last_name": ("last_name",),
            "state": ("state",),
            "created_at": ("created_at",),
            "updated_at": ("updated_at", "_fivetran_synced"),
            "default_address_id": ("default_address_id",),
            "deleted": ("_fivetran_deleted",),
            "email_state": ("email_marketing_consent_state",),
            "email_level": ("email_marketing_consent_opt_in_level",),
            "email_at": (
                "email_marketing_consent_consent_updated_at",
                "email_marketing_consent_updated_at",
            ),
            "sms_state": ("sms_marketing_consent_state",),
            "sms_level": ("sms_marketing_consent_opt_in_level",),
            "sms_at": (
                "sms_marketing_consent_consent_updated_at",
                "sms_marketing_consent_updated_at",
            ),
            "sms_from": (
                "sms_marketing_consent_collected_from",
                "sms_marketing_consent_consent_collected_from",
            ),
            "accepts": ("accepts_marketing",),
            "accepts_at": ("accepts_marketing_updated_at",),
            "accepts_level": ("marketing_opt_in_level",),
        },
        needs=("id", "email"),
        required=True,
    ),
    Table(
        "addresses",
        ("customer_address",),
        {
            "id": ("id",),
            "customer_id": ("customer_id",),
            "is_default": ("is_default", "default"),
            "country": ("country_code",),
            "region": ("province_code",),
            "postal_code": ("zip",),
            "phone": ("phone",),
        },
        needs=("customer_id", "country"),
    ),
    Table(
        "orders",
        ("order",),
        {
            "id": ("id",),
            "account": ("customer_id",),
            "email": ("email",),
            "phone": ("phone",),
            "billing_phone": ("billing_address_phone",),
            "billing_country": ("billing_address_country_code",),
            "billing_region": ("billing_address_province_code",),
            "billing_postal_code": ("billing_address_zip",),
            "shipping_country": ("shipping_address_country_code",),
            "shipping_region": ("shipping_address_province_code",),
            "shipping_postal_code": ("shipping_address_zip",),
            "language": ("customer_locale",),
            "created_at": ("created_at", "processed_at"),
            "updated_at": ("updated_at", "_fivetran_synced"),
            "cancelled_at": ("cancelled_at",),
            "word": ("financial_status", "display_financial_status"),
            "total": _money("total_price"),
            "discount": _money("total_discounts"),
            "currency": ("currency", "currency_code"),
            "test": ("test",),
            "source_name": ("source_name",),
            "deleted": ("_fivetran_deleted",),
        },
        needs=("id", "account", "email", "created_at", "cancelled_at", "word", "total"),
        required=True,
    ),
    Table(
        "lines",
        ("order_line",),
        {
            "id": ("id",),
            "order_id": ("order_id",),
            "product_id": ("product_id",),
            "sku": ("sku",),
            "item": ("name", "title"),
            "quantity": ("quantity",),
            "price": ("price", "original_unit_price_set_shop_amount"),
        },
        needs=("order_id", "quantity", "price"),
    ),
    Table(
        "refunds",
        ("refund",),
        {
            "id": ("id",),
            "order_id": ("order_id",),
            "total": ("total_refunded_set_shop_amount",),
        },
        needs=("id", "order_id"),
    ),
    Table(
        "line_refunds",
        ("order_line_refund",),
        {
            "refund_id": ("refund_id",),
            "line_id": ("order_line_id",),
            "amount": _money("subtotal"),
            "tax": _money("total_tax"),
        },
        needs=("refund_id", "amount"),
    ),
    Table(
        "adjustments",
        ("order_adjustment",),
        {
            "refund_id": ("refund_id",),
            "amount": _money("amount"),
            "tax": _money("tax_amount"),
        },
        needs=("refund_id", "amount"),
    ),
    Table(
        "codes",
        ("order_discount_code",),
        {"order_id": ("order_id",), "place": ("index",), "code": ("code",)},
        needs=("order_id", "code"),
    ),
    Table(
        "tags",
        ("order_tag",),
        {"order_id": ("order_id",), "tag": ("value",)},
        needs=("order_id", "tag"),
    ),
    Table(
        "products",
        ("product",),
        {
            "id": ("id",),
            "name": ("title",),
            "category": ("product_type",),
            "created_at": ("published_at", "created_at"),
            "updated_at": ("updated_at", "_fivetran_synced"),
            "url": ("online_store_url",),
        },
        needs=("id", "name"),
    ),
    Table(
        "variants",
        ("product_variant",),
        {
            "product_id": ("product_id",),
            "place": ("position",),
            "price": ("price",),
            "compare_at_price": ("compare_at_price",),
        },
        needs=("product_id", "price"),
    ),
    Table(
        "images",
        ("product_image",),
        {"product_id": ("product_id",), "place": ("position",), "image_url": ("src",)},
        needs=("product_id", "image_url"),
    ),
)
