"""The columns of Shopify's exports that are read, and what each is called here.

Everything else is ignored, and never leaves the file: notes, addresses of streets, devices.
`docs/sources.md` has the same in tables, and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from winback.base.errors import WinbackError
from winback.landing._csv import CsvReader
from winback.landing._limits import Limits


@dataclass(frozen=True)
class Export:
    """One kind of file: its columns' names and ours, by which it is known, and what it needs."""

    name: str
    columns: Mapping[str, str]
    known_by: frozenset[str]
    needs: frozenset[str]
    # A file must have one of each of these.
    either: Sequence[frozenset[str]] = ()
    # Ours whose values may begin with a quote, by which Shopify keeps a spreadsheet from counting.
    quoted: frozenset[str] = frozenset()


ORDERS: Final = Export(
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
)
_EXPORTS: Final = (ORDERS, CUSTOMERS)


def open_export(path: Path, limits: Limits) -> tuple[Export, CsvReader]:
    """The kind of a file, and its reader with our names.

    Raises WinbackError for a file that is neither export, and for one that lacks a column.
    """
    seen: list[str] = []
    kinds: list[Export] = []

    def rename(header: list[str]) -> list[str]:
        seen[:] = header
        kinds[:] = [kind for kind in _EXPORTS if kind.known_by & set(header)]
        if not kinds:
            raise WinbackError(
                f"{path.name} is neither Shopify's customers export nor its orders export: "
                "nothing was loaded. Next: take it out of the folder, or export it again"
            )
        return _ours(kinds[0], header)

    reader = CsvReader(path, limits=limits, rename=rename)
    kind = kinds[0]
    missing = sorted(name.title() for name in kind.needs - set(seen))
    missing += [
        " or ".join(sorted(name.title() for name in names))
        for names in kind.either
        if not names & set(seen)
    ]
    if missing:
        raise WinbackError(
            f"{path.name} has no column {', '.join(missing)}, which "
            f"Shopify's {kind.name} export has: nothing was loaded. Next: export it again and "
            "leave its columns as they are"
        )
    return kind, reader


def _ours(kind: Export, header: Sequence[str]) -> list[str]:
    """Our name of each column; none of one that is not read.

    Of two phones in a row the first is the address's, and the second the customer's own.
    """
    names = [kind.columns.get(name, "") for name in header]
    if kind is CUSTOMERS and names.count("phone") == 2:
        names[names.index("phone")] = "address_phone"
    # A file with both columns of consent: the newer one counts, and it comes first above.
    if names.count("accepts_email") == 2:
        names[header.index("accepts marketing")] = ""
    return names
