"""Writing the files of Shopify's bulk operations from the API's documented fields, for tests."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from typing import Any

Record = dict[str, Any]


def gid(kind: str, number: int) -> str:
    return f"gid://shopify/{kind}/{number}"


def money(amount: str | None) -> Any:
    return None if amount is None else {"shopMoney": {"amount": amount}}


def address(
    country: str | None = "US",
    province: str | None = None,
    postal_code: str | None = None,
    phone: str | None = None,
) -> Record:
    return {"countryCodeV2": country, "provinceCode": province, "zip": postal_code, "phone": phone}


def consent(
    state: str, level: str | None = None, at: str | None = None, **own: Any
) -> dict[str, Any]:
    """A consent as the API has it; a text's has `consentCollectedFrom` beside."""
    return {"marketingState": state, "marketingOptInLevel": level, "consentUpdatedAt": at} | own


def account(
    number: int,
    email: str | None,
    *,
    phone: str | None = None,
    says: Record | None = None,
    texts: Record | None = None,
    **own: Any,
) -> Record:
    """A customer; what is not said is NOT_SUBSCRIBED, as Shopify has it."""
    says = says or (consent("NOT_SUBSCRIBED", "SINGLE_OPT_IN") if email else None)
    state = says["marketingState"] if says else None
    return {
        "id": gid("Customer", 70_000 + number),
        "updatedAt": "2025-05-01T00:00:00Z",
        "firstName": None,
        "lastName": None,
        "defaultEmailAddress": {"emailAddress": email, "marketingState": state} if email else None,
        "emailMarketingConsent": says,
        "defaultPhoneNumber": {"phoneNumber": phone} if phone else None,
        "smsMarketingConsent": texts,
        "defaultAddress": address(),
    } | own


def line(product: int | None, name: str, quantity: int = 1, price: str = "10.00",
         **own: Any) -> Record:  # fmt: skip
    return {
        "product": {"id": gid("Product", product)} if product else None,
        "sku": None,
        "name": name,
        "quantity": quantity,
        "originalUnitPriceSet": money(price),
    } | own


TEA = line(11, "Tea")


def order(
    number: int, email: str | None = None, *lines: Record, by: int | None = None, **own: Any
) -> Record:
    """An order with its lines; `by` is the number of its customer."""
    whole = {
        "id": gid("Order", 50_000 + number),
        "updatedAt": "2025-05-01T00:00:00Z",
        "createdAt": "2025-03-01T15:00:00Z",
        "processedAt": "2025-03-01T15:00:00Z",
        "cancelledAt": None,
        "test": False,
        "displayFinancialStatus": "PAID",
        "currencyCode": "USD",
        "totalPriceSet": money("10.00"),
        "totalDiscountsSet": money("0.0"),
        "totalRefundedSet": money("0.0"),
        "discountCodes": [],
        "paymentGatewayNames": ["shopify_payments"],
        "sourceName": "web",
        "tags": [],
        "customer": {"id": gid("Customer", 70_000 + by)} if by else None,
        "email": email,
        "phone": None,
        "billingAddress": address(),
        "shippingAddress": None,
    } | own
    return whole | {"lineItems": list(lines or (TEA,))}


def product(number: int, title: str, price: str = "10.00", **own: Any) -> Record:
    return {
        "id": gid("Product", number),
        "updatedAt": "2025-05-01T00:00:00Z",
        "title": title,
        "productType": "",
        "tags": [],
        "createdAt": "2024-01-01T00:00:00Z",
        "onlineStoreUrl": None,
        "featuredMedia": None,
        "priceRangeV2": {"minVariantPrice": {"amount": price}},
        "compareAtPriceRange": None,
    } | own


def records(roots: Iterable[Record], *, shuffled: int | None = None) -> list[Record]:
    """The lines of a file: each child somewhere after its parent."""
    lines: list[Record] = []
    for number, root in enumerate(roots):
        children = [
            {"id": gid("LineItem", 1000 * number + nth)} | it | {"__parentId": root["id"]}
            for nth, it in enumerate(root.get("lineItems", ()))
        ]
        lines += [{key: it for key, it in root.items() if key != "lineItems"}, *children]
    if shuffled is not None:
        children = [it for it in lines if "__parentId" in it]
        random.Random(shuffled).shuffle(children)  # noqa: S311  # an order
        lines = [it for it in lines if "__parentId" not in it] + children
    return lines


def jsonl(roots: Sequence[Record], **options: Any) -> str:
    return "".join(json.dumps(it, ensure_ascii=False) + "\n" for it in records(roots, **options))
