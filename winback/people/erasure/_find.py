"""Finding a person: every address and message that landing and the ledger know of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from winback.base.duck import connect
from winback.base.errors import UsageError
from winback.base.phones import canonical, country_code, former_spellings
from winback.base.settings import Settings
from winback.ledger import (
    AddressKey,
    ChannelGroup,
    Ledger,
    among,
    channel_group,
    hashes_of,
    is_hidden,
    normalize,
    tables,
)
from winback.people.erasure._letters import landed_address
from winback.people.erasure._person import Person
from winback.people.erasure._records import read_record

Place = tuple[ChannelGroup, str]

_LANDED: Final = """
    select email, phone, country from read_parquet($customers) where customer_id = $customer_id
"""
# Where the ledger keeps an address beside a customer.
_WITH_ADDRESS: Final = (
    tables.conversations, tables.replies, tables.preferences, tables.series_joins,
)  # fmt: skip


def find_person(ledger: Ledger, settings: Settings, customer_id: str) -> Person:
    """Raises UsageError where nothing here is known of the customer."""
    with ledger.read() as connection:
        key = AddressKey.of(connection)
        name = key.pseudonym(customer_id)
        ids = (customer_id, name)
        messages = _messages(connection, ids)
        landed = list(_landed(settings, customer_id))
        record = read_record(settings, name)
        enrolled = select(tables.enrollments.c.enrollment_id).where(
            tables.enrollments.c.customer_id.in_(ids)
        )
        if not (messages or landed or record or connection.execute(enrolled).first()):
            raise UsageError(f"customer {customer_id!r} is known nowhere here")
        spelled = {(channel_group(row.channel), row.address) for row in messages}
        for table in _WITH_ADDRESS:
            spelled |= set(_kept(connection, table.name, ids))
        spelled |= {place for row in landed for place in row}
        plain = {normalize(group, address) for group, address in spelled if address}
        # A number may have been hashed under another spelling.
        formers = {former for address in plain for former in former_spellings(address)}
        hidden = {key.hide(address) for address in plain}
        listed = {key.hide(name) for address in plain | formers for name in hashes_of(address)}
        listed |= {key.hide(former) for former in formers}
        others = _messages_to(connection, [address for _, address in spelled])
        return Person(
            customer_id=customer_id,
            pseudonym=name,
            key=key,
            hidden=frozenset(hidden | set(record.get("addresses", []))),
            listed=frozenset(listed | set(record.get("listed", []))),
            message_ids=frozenset(row.message_id for row in messages),
            others_ids=frozenset(row.message_id for row in others if row.customer_id not in ids),
            spelled=frozenset(place for place in spelled if place[1] and not is_hidden(place[1])),
        )


def _landed(settings: Settings, customer_id: str) -> Iterator[tuple[Place, ...]]:
    """The addresses of their row in the shop's file, if it has them; a phone as it stands there
    and as it is read in their country."""
    path = settings.shop_dir / "customers.parquet"
    if not path.exists():
        return
    with connect() as connection:
        parameters = {"customers": str(path), "customer_id": customer_id}
        for email, phone, country in connection.execute(_LANDED, parameters).fetchall():
            number = canonical(phone or "", country_code(country))
            yield ("email", email or ""), ("phone", phone or ""), ("phone", number or "")
        if letterbox := landed_address(connection, path, customer_id):
            yield (("post", letterbox),)


def _messages(connection: Connection, ids: tuple[str, str]) -> list[Row[Any]]:
    m = tables.messages.c
    query = select(m.message_id, m.channel, m.address).where(m.customer_id.in_(ids))
    return list(connection.execute(query))


def _messages_to(connection: Connection, addresses: list[str]) -> list[Row[Any]]:
    m = tables.messages.c
    query = select(m.message_id, m.customer_id).where(among(m.address, addresses))
    return list(connection.execute(query))


def _kept(connection: Connection, table: str, ids: tuple[str, str]) -> Iterator[Place]:
    c = tables.metadata.tables[table].c
    query = select(c.channel_group, c.address).where(c.customer_id.in_(ids)).distinct()
    for group, address in connection.execute(query):
        # A preference covers one group and may have been said at an address of the other.
        yield ("email" if "@" in address else group), address
