"""Writing pages of WooCommerce's REST API from its documented fields, for the tests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

Record = Mapping[str, Any]


def page(records: Sequence[Record]) -> str:
    """A page as a shop saves it."""
    return json.dumps(records, ensure_ascii=False)


def line(product_id: int, name: str, quantity: int, price: str, **own: Any) -> dict[str, Any]:
    """A line item: `price` is that of one, before discounts."""
    subtotal = f"{quantity * float(price):.2f}"
    return {
        "id": 90,
        "name": name,
        "product_id": product_id,
        "variation_id": 0,
        "quantity": quantity,
        "tax_class": "",
        "subtotal": subtotal,
        "subtotal_tax": "0.00",
        "total": subtotal,
        "total_tax": "0.00",
        "taxes": [],
        "meta_data": [],
        "sku": "",
        "price": float(price),
    } | own


TEA = line(11, "Tea", 1, "10.00")


def order(number: int, email: str, *lines: dict[str, Any], **own: Any) -> dict[str, Any]:
    """An order of a guest; `billing` is added to what it has, and `refunds` are amounts."""
    billing = {
        "first_name": "",
        "last_name": "",
        "company": "",
        "address_1": "12 Long Street",
        "city": "Leeds",
        "state": "",
        "postcode": "",
        "country": "US",
        "email": email,
        "phone": "",
    } | own.pop("billing", {})
    refunds = [
        {"id": 700 + n, "reason": "", "total": f"-{it}"}
        for n, it in enumerate(own.pop("refunds", ()))
    ]
    return {
        "id": 5000 + number,
        "parent_id": 0,
        "number": str(5000 + number),
        "status": "completed",
        "currency": "USD",
        "date_created": "2025-03-01T10:00:00",
        "date_created_gmt": "2025-03-01T15:00:00",
        "date_modified_gmt": "2025-03-02T15:00:00",
        "discount_total": "0.00",
        "discount_tax": "0.00",
        "total": "10.00",
        "total_tax": "0.00",
        "prices_include_tax": False,
        "customer_id": 0,
        "customer_note": "leave it at the back door",
        "billing": billing,
        "shipping": {},
        "payment_method": "stripe",
        "meta_data": [],
        "line_items": list(lines or (TEA,)),
        "shipping_lines": [],
        "fee_lines": [],
        "coupon_lines": [],
        "refunds": refunds,
    } | own


def account(number: int, email: str, **own: Any) -> dict[str, Any]:
    """A customer; `billing` is added to what it has."""
    billing = {
        "first_name": "",
        "last_name": "",
        "state": "",
        "postcode": "",
        "country": "US",
        "email": email,
        "phone": "",
    } | own.pop("billing", {})
    return {
        "id": 70 + number,
        "date_created_gmt": "2024-05-01T08:00:00",
        "date_modified_gmt": "2024-05-02T08:00:00",
        "email": email,
        "first_name": "",
        "last_name": "",
        "role": "customer",
        "username": "u",
        "billing": billing,
        "shipping": {},
        "is_paying_customer": True,
        "avatar_url": "https://secure.gravatar.com/avatar/1",
        "meta_data": [],
    } | own


def product(number: int, name: str, price: str, **own: Any) -> dict[str, Any]:
    """A product of the catalog."""
    return {
        "id": number,
        "name": name,
        "permalink": f"https://shop.example.com/p/{number}",
        "date_created_gmt": "2023-01-02T03:04:05",
        "date_modified_gmt": "2024-01-02T03:04:05",
        "status": "publish",
        "sku": "",
        "price": price,
        "regular_price": price,
        "stock_status": "instock",
        "categories": [],
        "tags": [],
        "images": [],
    } | own


def meta(**values: Any) -> list[dict[str, Any]]:
    """What plugins keep of a record."""
    return [{"id": n, "key": key, "value": value} for n, (key, value) in enumerate(values.items())]


def order_id(number: int) -> str:
    return str(5000 + number)


def account_id(number: int) -> str:
    return str(70 + number)
