"""Whether the ledger knows anything that speaks against writing to some people: one look.

The last look before a call asks five tables about people of whom most have no row in any. So it
first asks once which of the tables have one, and then those alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, literal_column, select

from winback.ledger._address_keys import AddressKey
from winback.ledger._conversations import TALKING
from winback.ledger._messages import RECENT
from winback.ledger._preferences import STANDING
from winback.ledger._revocations import ANY_REVOCATION
from winback.ledger._suppressions import IN_FORCE, channel_group, forms, normalize

# Built once. Each part is what the look at its table asks, or asks for more than that.
_KNOWN = select(
    exists(IN_FORCE).label("suppressions"),
    exists(select(literal_column("1")).select_from(TALKING.subquery())).label("conversations"),
    exists(ANY_REVOCATION).label("revocations"),
    exists(STANDING).label("preferences"),
    exists(RECENT).label("sends"),
)


def known_of(
    connection: Connection, messages: Iterable[Row[Any]], *, since: datetime, now: datetime
) -> Row[Any]:
    """Which tables may hold something about the recipients: a row of five yes or no, by name.

    A no is sure: under every spelling and key of an address there is nothing there. What was sent
    or said before `since` does not count.
    """
    key = AddressKey.of(connection)
    customers, addresses = set(), set()
    for message in messages:
        customers.add(message.customer_id)
        spelled = normalize(channel_group(message.channel), message.address)
        addresses.update(forms(key, spelled))
        addresses.update((message.address, message.address.strip().lower()))
    values = {
        "customers": list(customers), "addresses": list(addresses),
        "since": since, "until": now, "now": now,
    }  # fmt: skip
    return connection.execute(_KNOWN, values).one()
