"""Which column a shop may have meant by a name that is not ours."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final

from winback.landing.schema import Table

_CLOSE: Final = 0.75
# Usual names, written without spaces and `_`, that are not close to ours.
_USUAL: Final = {
    "id": ("customer_id", "order_id", "product_id", "message_id"),
    "customer": ("customer_id",),
    "userid": ("customer_id",),
    "contactid": ("customer_id",),
    "profileid": ("customer_id",),
    "clientid": ("customer_id",),
    "mail": ("email",),
    "emailaddress": ("email",),
    "mobile": ("phone",),
    "mobilephone": ("phone",),
    "cell": ("phone",),
    "telephone": ("phone",),
    "tel": ("phone",),
    "phonenumber": ("phone",),
    "firstname": ("first_name",),
    "givenname": ("first_name",),
    "lastname": ("last_name",),
    "surname": ("last_name",),
    "familyname": ("last_name",),
    "address1": ("address_line1",),
    "street": ("address_line1",),
    "streetaddress": ("address_line1",),
    "address2": ("address_line2",),
    "town": ("city",),
    "zip": ("postal_code",),
    "zipcode": ("postal_code",),
    "postcode": ("postal_code",),
    "state": ("region", "status"),
    "province": ("region",),
    "countrycode": ("country",),
    "tz": ("timezone",),
    "lang": ("language",),
    "locale": ("language",),
    "preferredlanguage": ("language",),
    "created": ("created_at", "ordered_at", "occurred_at"),
    "createdat": ("created_at", "ordered_at", "occurred_at"),
    "signupdate": ("created_at",),
    "ordernumber": ("order_id",),
    "orderno": ("order_id",),
    "number": ("order_id",),
    "name": ("order_id", "first_name"),
    "date": ("ordered_at", "occurred_at", "sent_at", "changed_at", "entered_at"),
    "orderdate": ("ordered_at",),
    "paidat": ("ordered_at",),
    "processedat": ("ordered_at",),
    "timestamp": ("ordered_at", "occurred_at", "sent_at", "changed_at", "entered_at"),
    "total": ("total_amount",),
    "amount": ("total_amount",),
    "ordertotal": ("total_amount",),
    "totalprice": ("total_amount",),
    "grandtotal": ("total_amount",),
    "discount": ("discount_amount",),
    "refunded": ("refunded_amount",),
    "refund": ("refunded_amount",),
    "orderstatus": ("status",),
    "financialstatus": ("status",),
    "consent": ("status",),
    "consentstatus": ("status",),
    "subscribed": ("status",),
    "optin": ("status",),
    "coupon": ("coupon_code",),
    "discountcode": ("coupon_code",),
    "sku": ("product_id",),
    "variantid": ("product_id",),
    "qty": ("quantity",),
    "title": ("name",),
    "medium": ("channel",),
    "consentedat": ("occurred_at",),
    "updatedat": ("occurred_at", "changed_at"),
    "optintime": ("occurred_at",),
    "eventtype": ("event",),
    "action": ("event",),
    "sentat": ("sent_at",),
    "senddate": ("sent_at",),
}


def likely_column(name: str, wanted: Sequence[str]) -> str | None:
    """The one of the wanted columns that a name most likely means."""
    plain = name.lower().replace(" ", "").replace("_", "").replace("-", "")
    for usual in _USUAL.get(plain, ()):
        if usual in wanted:
            return usual
    spelled = name.lower().replace(" ", "_").replace("-", "_")
    return next(iter(get_close_matches(spelled, wanted, n=1, cutoff=_CLOSE)), None)


def column_notes(file: str, table: Table, present: Sequence[str]) -> list[str]:
    """The columns of a file that nothing reads, and those that it may lack but should not."""
    missing = [name for name in table.input_names if name not in present]
    told = []
    for name in present:
        if name not in table.input_names:
            meant = likely_column(name, missing)
            told.append(f"{name} (did you mean {meant}?)" if meant else name)
    notes = [f"{file}: ignored columns: {', '.join(told)}"] if told else []
    lacks = [c.name for c in table.columns if c.may_lack and c.name not in present]
    if lacks:
        notes.append(
            f"{file} has no {' and no '.join(lacks)}: no row of it is a clean grant, and each "
            "counts as a refusal"
        )
    return notes
