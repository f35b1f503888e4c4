"""Customers who were erased and are in the shop's files again."""

from __future__ import annotations

from typing import Final

from winback.base.duck import connect
from winback.base.settings import Settings
from winback.ledger import AddressKey, open_ledger
from winback.people.erasure._records import folder

_RETURNED: Final = """
    select count(*) from read_parquet($customers)
    where list_contains(
        $pseudonyms,
        'erased-' || left(
            sha256(unhex($outer) || unhex(sha256(
                unhex($inner) || encode('customer|' || customer_id)
            ))),
            20
        )
    )
"""


def count_returned(settings: Settings) -> int:
    """How many customers of landing were erased before: nobody writes to their addresses."""
    pseudonyms = sorted(path.stem for path in folder(settings).glob("*.json"))
    customers = settings.shop_dir / "customers.parquet"
    if not pseudonyms or not customers.exists():
        return 0
    with open_ledger(settings) as ledger, ledger.read() as connection:
        key = AddressKey.of(connection)
    values = {
        "customers": str(customers),
        "pseudonyms": pseudonyms,
        "inner": key.inner_pad.hex(),
        "outer": key.outer_pad.hex(),
    }
    with connect() as duck:
        row = duck.execute(_RETURNED, values).fetchone()
    return int(row[0]) if row else 0
