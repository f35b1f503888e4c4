"""Writing Shopify's tables as Fivetran and Airbyte land them, from their documented columns."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

Row = Mapping[str, Any]
# What every table of Fivetran has.
_SYNCED: Final = {"_fivetran_synced": "2025-06-01 06:00:00"}


def table(rows: Sequence[Row], columns: Sequence[str] = ()) -> str:
    """A table as a CSV; nested values are JSON. `columns` are those of one without a row."""
    names = list(dict.fromkeys([*columns, *(name for row in rows for name in row)]))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else value


def customer(number: int, email: str, **own: Any) -> dict[str, Any]:
    """A row of Fivetran's `customer`, from its REST connector."""
    return {
        "id": 7_000 + number,
        "email": email,
        "phone": None,
        "first_name": None,
        "last_name": None,
        "state": "disabled",
        "verified_email": True,
        "created_at": "2024-01-01 10:00:00",
        "updated_at": "2025-01-01 10:00:00",
        "note": "rings twice",
        "default_address_id": None,
        "email_marketing_consent_state": "not_subscribed",
        "email_marketing_consent_opt_in_level": None,
        "email_marketing_consent_consent_updated_at": None,
        "sms_marketing_consent_state": None,
        "sms_marketing_consent_opt_in_level": None,
        "sms_marketing_consent_consent_updated_at": None,
        "sms_marketing_consent_consent_collected_from": None,
        "_fivetran_deleted": False,
        **_SYNCED,
    } | own


def said(channel: str, state: str, level: str = "", at: str = "", place: str = "") -> Row:
    """The columns of a consent in Fivetran's `customer`."""
    told = {
        f"{channel}_marketing_consent_state": state,
        f"{channel}_marketing_consent_opt_in_level": level,
        f"{channel}_marketing_consent_consent_updated_at": at,
    }
    return told | ({f"{channel}_marketing_consent_consent_collected_from": place} if place else {})


def order(number: int, account: int | None, email: str, **own: Any) -> dict[str, Any]:
    """A row of Fivetran's `order`, from its REST connector."""
    return {
        "id": 5_000 + number,
        "name": f"#{number}",
        "customer_id": 7_000 + account if account else None,
        "email": email,
        "created_at": "2025-03-01 15:00:00",
        "processed_at": "2025-03-01 15:00:00",
        "updated_at": "2025-03-02 15:00:00",
        "cancelled_at": None,
        "financial_status": "paid",
        "fulfillment_status": "fulfilled",
        "total_price": "10.00",
        "subtotal_price": "10.00",
        "total_discounts": "0.00",
        "total_tax": "0.00",
        "currency": "USD",
        "test": False,
        "source_name": "web",
        "note": "leave it at the back door",
        "billing_address_country_code": "US",
        "billing_address_province_code": None,
        "billing_address_zip": None,
        "billing_address_phone": None,
        "shipping_address_country_code": None,
        "shipping_address_province_code": None,
        "shipping_address_zip": None,
        "_fivetran_deleted": False,
        **_SYNCED,
    } | own


def line(
    number: int, of_order: int, product: tuple[int | None, str], pieces: Any, price: Any, **own: Any
) -> dict[str, Any]:
    """A row of Fivetran's `order_line`; a product is its id and its name."""
    return {
        "id": 9_000 + number,
        "order_id": of_order,
        "product_id": product[0],
        "sku": None,
        "name": product[1],
        "title": product[1],
        "quantity": pieces,
        "price": price,
        **_SYNCED,
    } | own


def as_graphql(name: str, row: Row) -> dict[str, Any]:
    """The same row as the GraphQL connector lands it."""
    longer = [f"_marketing_consent_consent_{it}" for it in ("updated_at", "collected_from")]
    renamed = {
        "customer": {
            f"{it}{long}": f"{it}{long.replace('consent_consent', 'consent')}"
            for it in ("email", "sms")
            for long in longer
        },
        "order": {
            "financial_status": "display_financial_status",
            "currency": "currency_code",
            "total_price": "total_price_set_shop_amount",
            "total_discounts": "total_discounts_set_shop_amount",
        },
        "order_line": {"price": "original_unit_price_set_shop_amount"},
        "order_line_refund": {
            "subtotal": "subtotal_set_shop_amount", "total_tax": "total_tax_set_shop_amount",
        },
        "order_adjustment": {
            "amount": "amount_set_shop_amount", "tax_amount": "tax_amount_set_shop_amount",
        },
    }.get(name, {})  # fmt: skip
    upper = {"financial_status", "email_marketing_consent_state", "sms_marketing_consent_state"}
    return {
        renamed.get(key, key): value.upper() if key in upper and value else value
        for key, value in row.items()
    }


def as_airbyte(tables: Mapping[str, Sequence[Row]]) -> dict[str, list[dict[str, Any]]]:
    """Fivetran's rows as Airbyte's streams have the same objects: nested, with its own marks."""
    found = {name: [dict(row) for row in rows] for name, rows in tables.items()}
    homes = {it["customer_id"]: it for it in found.get("customer_address", []) if it["is_default"]}
    customers = []
    for row in found.get("customer", []):
        consents = {
            f"{it}_marketing_consent": _airbyte_consent(row, f"{it}_marketing_consent")
            for it in ("email", "sms")
        }
        customers.append(
            {k: v for k, v in row.items() if "_consent_" not in k and "_fivetran" not in k}
            | consents
            | {
                "default_address": homes.get(row["id"]),
                "_ab_cdc_deleted_at": "2025-05-01T00:00:00Z" if row["_fivetran_deleted"] else None,
                "_airbyte_extracted_at": "2025-06-01 06:00:00+00",
            }
        )
    refunds = [_airbyte_refund(row, found) for row in found.get("refund", [])]
    return {
        "customers": customers,
        "orders": [_airbyte_order(row, found) for row in found.get("order", [])],
        **({"order_refunds": refunds} if refunds else {}),
        **({"products": _airbyte_products(found)} if "product" in found else {}),
    }


def _airbyte_consent(row: Row, name: str) -> dict[str, Any] | None:
    fields = ("state", "opt_in_level", "consent_updated_at", "consent_collected_from")
    told = {field: row.get(f"{name}_{field}") or None for field in fields}
    return told if told["state"] else None


def _airbyte_order(row: Row, found: Mapping[str, Sequence[Row]]) -> dict[str, Any]:
    own = {k: v for k, v in row.items() if "_address_" not in k and "_fivetran" not in k}
    places = {
        f"{place}_address": {
            "country_code": row[f"{place}_address_country_code"],
            "province_code": row[f"{place}_address_province_code"],
            "zip": row[f"{place}_address_zip"],
            "phone": row.get(f"{place}_address_phone"),
        }
        for place in ("billing", "shipping")
    }
    mine = [it for it in found.get("order_line", []) if it["order_id"] == row["id"]]
    coupons = sorted(found.get("order_discount_code", []), key=lambda it: it["index"])
    codes = [it for it in coupons if it["order_id"] == row["id"]]
    tags = [it["value"] for it in found.get("order_tag", []) if it["order_id"] == row["id"]]
    account = own.pop("customer_id")
    return (
        own
        | places
        | {
            "customer": {"id": account, "email": "not@read.example"} if account else None,
            "line_items": mine,
            "discount_codes": [{"code": it["code"], "amount": "1.00"} for it in codes],
            "tags": ", ".join(tags),
            "deleted_at": "2025-05-01T00:00:00Z" if row["_fivetran_deleted"] else None,
            "_airbyte_extracted_at": "2025-06-01 06:00:00+00",
        }
    )


def _airbyte_refund(row: Row, found: Mapping[str, Sequence[Row]]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "order_id": row["order_id"],
        "created_at": "2025-04-01T00:00:00Z",
        "refund_line_items": [
            it for it in found.get("order_line_refund", []) if it["refund_id"] == row["id"]
        ],
        "order_adjustments": [
            it for it in found.get("order_adjustment", []) if it["refund_id"] == row["id"]
        ],
    }


def _airbyte_products(found: Mapping[str, Sequence[Row]]) -> list[dict[str, Any]]:
    return [
        {k: v for k, v in row.items() if "_fivetran" not in k}
        | {
            "variants": sorted(
                (it for it in found["product_variant"] if it["product_id"] == row["id"]),
                key=lambda it: it["position"],
            ),
            "images": [
                {"src": it["src"]}
                for it in found.get("product_image", [])
                if it["product_id"] == row["id"]
            ],
        }
        for row in found["product"]
    ]
