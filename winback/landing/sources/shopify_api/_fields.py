"""The fields that are asked of Shopify's GraphQL Admin API, and what each is called here.

What the exports have too is called as there, so that both forms go one way. Everything else is
never asked: notes, names and streets of addresses, payments, devices. `docs/sources.md` has the
same in tables, and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final


@dataclass(frozen=True)
class Kind:
    """One resource: its fields by the API's paths, with ours, and those of its child records.

    A record without one of `needs` is no record of this kind.
    """

    name: str
    fields: Mapping[str, str]
    needs: tuple[str, ...]
    children: str = ""
    child_fields: Mapping[str, str] = field(default_factory=dict)

    def query(self, since: datetime | None = None) -> str:
        """The bulk operation's query: of all records, or of those that changed since."""
        chosen = f"(query: \"updated_at:>='{since:%Y-%m-%dT%H:%M:%SZ}'\")" if since else ""
        selection = _selection(self.fields)
        if self.children:
            selection += f" {self.children} {{ edges {{ node {_braced(self.child_fields)} }} }}"
        return f"{{ {self.name}{chosen} {{ edges {{ node {{ {selection} }} }} }} }}"

    @property
    def keys(self) -> list[str]:
        """The fields of a line in which those that are read lie."""
        paths = [path.partition("[")[0] for path in (*self.fields, *self.child_fields)]
        return list(dict.fromkeys(path.partition(".")[0] for path in paths))


def _braced(fields: Mapping[str, str]) -> str:
    return f"{{ {_selection(fields)} }}"


def _selection(fields: Mapping[str, str]) -> str:
    """The paths as a GraphQL selection."""
    tree: dict[str, Any] = {}
    for path in fields:
        place = tree
        for part in path.partition("[")[0].split("."):
            place = place.setdefault(part, {})
    return _written(tree)


def _written(tree: Mapping[str, Any]) -> str:
    return " ".join(f"{k} {{ {_written(v)} }}" if v else k for k, v in tree.items())


ORDERS: Final = Kind(
    "orders",
    {
        "id": "id",
        "updatedAt": "updated_at",
        "createdAt": "made_at",
        "processedAt": "created_at",
        "cancelledAt": "cancelled_at",
        "test": "is_test",
        "displayFinancialStatus": "financial_status",
        "currencyCode": "currency",
        "totalPriceSet.shopMoney.amount": "total",
        "totalDiscountsSet.shopMoney.amount": "discount",
        "totalRefundedSet.shopMoney.amount": "refunded",
        "discountCodes[0]": "coupon_code",
        "paymentGatewayNames": "payment_method",
        "sourceName": "source",
        "tags": "tags",
        "customer.id": "account",
        "email": "email",
        "phone": "phone",
        "billingAddress.phone": "billing_phone",
        "billingAddress.countryCodeV2": "billing_country",
        "billingAddress.provinceCode": "billing_province",
        "billingAddress.zip": "billing_zip",
        "shippingAddress.countryCodeV2": "shipping_country",
        "shippingAddress.provinceCode": "shipping_province",
        "shippingAddress.zip": "shipping_zip",
        "customerLocale": "language",
    },
    needs=("id", "createdAt", "currencyCode", "totalPriceSet"),
    children="lineItems",
    child_fields={
        "id": "id",
        "product.id": "product",
        "sku": "sku",
        "name": "item",
        "quantity": "quantity",
        "originalUnitPriceSet.shopMoney.amount": "price",
    },
)
CUSTOMERS: Final = Kind(
    "customers",
    {
        "id": "id",
        "updatedAt": "updated_at",
        "firstName": "first_name",
        "lastName": "last_name",
        "defaultEmailAddress.emailAddress": "email",
        "defaultEmailAddress.marketingState": "address_state",
        "emailMarketingConsent.marketingState": "email_state",
        "emailMarketingConsent.marketingOptInLevel": "email_level",
        "emailMarketingConsent.consentUpdatedAt": "email_at",
        "defaultPhoneNumber.phoneNumber": "phone",
        "smsMarketingConsent.marketingState": "sms_state",
        "smsMarketingConsent.marketingOptInLevel": "sms_level",
        "smsMarketingConsent.consentUpdatedAt": "sms_at",
        "smsMarketingConsent.consentCollectedFrom": "sms_from",
        "defaultAddress.phone": "address_phone",
        "defaultAddress.countryCodeV2": "country",
        "defaultAddress.provinceCode": "region",
        "defaultAddress.zip": "postal_code",
        "locale": "language",
    },
    needs=("id", "updatedAt"),
)
PRODUCTS: Final = Kind(
    "products",
    {
        "id": "id",
        "updatedAt": "updated_at",
        "title": "name",
        "productType": "category",
        "tags": "tags",
        "createdAt": "first_available_at",
        "onlineStoreUrl": "url",
        "featuredMedia.preview.image.url": "image_url",
        "priceRangeV2.minVariantPrice.amount": "price",
        "compareAtPriceRange.minVariantCompareAtPrice.amount": "compare_at_price",
    },
    needs=("id", "title", "createdAt"),
)
# The customers come after the orders, so that nobody who orders meanwhile is missing.
KINDS: Final = (ORDERS, CUSTOMERS, PRODUCTS)
