"""One spelling a phone: what is kept under another one is carried over to it.

Ids stay, so that what was exported is replaced and nothing counts twice; two opt-outs of one line
both stay. A hash is carried over where the number it is of stands somewhere in this ledger; the
others are looked up under each spelling that they may be of (_suppressions.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from winback.base.phones import canonical, former_spellings
from winback.ledger._address_keys import AddressKey

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# Tables that hold a phone, whether dbt reads them and whether they hold its hash too.
_HOLDERS = (
    ("messages", True, False),
    ("suppressions", True, False),
    ("preferences", True, False),
    ("conversations", True, True),
    ("series_joins", True, True),
    ("replies", False, False),
)


def upgrade() -> None:
    connection = op.get_bind()
    key = _key(connection)
    carried: dict[str, str] = {}
    for name, is_exported, has_hash in _HOLDERS:
        carried |= _carry_over(connection, key, name, is_exported=is_exported, has_hash=has_hash)
    if key is not None:
        _carry_hashes_over(connection, key, carried)


def _key(connection: sa.Connection) -> AddressKey | None:
    """The ledger's key; None in one that is being made."""
    keys = sa.table("address_keys", sa.column("inner_pad"), sa.column("outer_pad"))
    row = connection.execute(sa.select(keys.c.inner_pad, keys.c.outer_pad)).first()
    if row is None:
        return None
    return AddressKey(bytes.fromhex(row.inner_pad), bytes.fromhex(row.outer_pad))


def _carry_over(
    connection: sa.Connection,
    key: AddressKey | None,
    name: str,
    *,
    is_exported: bool,
    has_hash: bool,
) -> dict[str, str]:
    """Spell the phones of a table anew; every phone in it, with the spelling it has now."""
    columns = ("address", "version", "hidden_address")
    table = sa.table(name, *(sa.column(column) for column in columns))
    address = table.c.address
    values: dict[str, sa.ColumnElement[Any]] = {"address": sa.bindparam("now")}
    if is_exported:
        values["version"] = table.c.version + 1
    if has_hash:
        values["hidden_address"] = sa.bindparam("hashed")
    phones = sa.select(address).where(address.like("+%"), address.not_like("%@%")).distinct()
    found = {then: canonical(then) or then for then in connection.scalars(phones).all()}
    changes = [
        {"then": then, "now": now, "hashed": key.hide(now) if key else ""}
        for then, now in found.items()
        if now != then
    ]
    if changes:
        statement = sa.update(table).where(address == sa.bindparam("then")).values(values)
        connection.execute(statement, changes)
    return found


def _carry_hashes_over(connection: sa.Connection, key: AddressKey, carried: dict[str, str]) -> None:
    """The hashes of erased and revoked numbers, as far as their numbers are known here."""
    holders = (("suppressions", "address", True), ("revocations", "hidden_address", False))
    for name, column, is_exported in holders:
        table = sa.table(name, sa.column(column), sa.column("version"))
        hashed, version = table.c[column], table.c.version
        kept = set(connection.scalars(sa.select(hashed).where(hashed.like("hmac:%"))))
        for then, now in _respelled(carried) if kept else ():
            if (old := key.hide(then)) in kept:
                values: dict[str, Any] = {column: key.hide(now)}
                values |= {"version": version + 1} if is_exported else {}
                connection.execute(sa.update(table).where(hashed == old).values(values))


def _respelled(carried: dict[str, str]) -> Iterator[tuple[str, str]]:
    """What a number of this ledger may have been hashed as, and what it is spelled now."""
    yield from ((then, now) for then, now in carried.items() if then != now)
    yield from ((form, now) for now in set(carried.values()) for form in former_spellings(now))
