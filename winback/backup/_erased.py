"""Whom an erasure forgot after a backup was made is forgotten in its copy as well."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from winback.base.clock import Clock
from winback.base.duck import connect, literal
from winback.base.settings import Settings
from winback.ledger import AddressKey, Ledger, open_ledger, tables
from winback.people.erasure import erase
from winback.sending import sweep


def erase_again(settings: Settings, clock: Clock) -> int:
    """Erase everybody of whom a record of an erasure speaks and whom the copy still knows.

    Safe to repeat: whoever is erased bears their pseudonym. The number of customers.
    """
    names = {path.stem for path in (settings.landing_dir / "erased").glob("*.json")}
    if not names:
        return 0
    with open_ledger(settings) as ledger:
        with ledger.read() as connection:
            key = AddressKey.of(connection)
        known = set(_customers(ledger, settings))
        sweep(ledger, clock)
    found = sorted(who for who in known if key.pseudonym(who) in names)
    for customer_id in found:
        erase(settings, clock, customer_id)
    return len(found)


def _customers(ledger: Ledger, settings: Settings) -> Iterator[str]:
    with ledger.read() as connection:
        for table in tables.metadata.sorted_tables:
            if "customer_id" in table.c:
                ids = select(table.c.customer_id).where(table.c.customer_id.is_not(None)).distinct()
                yield from connection.scalars(ids)
    landed = settings.shop_dir / "customers.parquet"
    if landed.exists():
        with connect() as duck:
            query = f"select customer_id from read_parquet({literal(landed)})"
            yield from (row[0] for row in duck.execute(query).fetchall())
