"""Who a person is for an export: all ids that the shop has merged, and all their addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from winback.base.duck import connect
from winback.base.errors import UsageError
from winback.base.settings import Settings
from winback.ledger import Ledger
from winback.people.erasure._find import find_person
from winback.people.erasure._person import Person

# The shop says by `merged_into` that two ids are one person; a chain of merges has no direction.
_MERGED: Final = """
    with recursive pairs as (
        select customer_id as one, merged_into as other
        from read_parquet($customers) where merged_into is not null
    ),
    ids(id) as (
        select $customer_id
        union
        select if(pairs.one = ids.id, pairs.other, pairs.one)
        from ids inner join pairs on ids.id in (pairs.one, pairs.other)
    )
    select id from ids order by id
"""


@dataclass(frozen=True)
class Subject:
    """One person under all their ids. `person` has the addresses and messages of all of them."""

    customer_id: str
    # Each of their ids at the shop, followed by the pseudonym that stands for it once it is erased.
    ids: tuple[str, ...]
    person: Person

    @property
    def names(self) -> frozenset[str]:
        """Whatever stands for them in a column `customer_id`."""
        return frozenset(self.ids)


def find_subject(ledger: Ledger, settings: Settings, customer_id: str) -> Subject:
    """Raises UsageError where nothing here is known of the customer."""
    found = {customer_id: find_person(ledger, settings, customer_id)}
    for other in _merged(settings, customer_id):
        if other not in found:
            try:
                found[other] = find_person(ledger, settings, other)
            except UsageError:  # an id that the shop merged and has no row of
                continue
    persons = list(found.values())
    message_ids = frozenset[str]().union(*(it.message_ids for it in persons))
    person = Person(
        customer_id=customer_id,
        pseudonym=persons[0].pseudonym,
        key=persons[0].key,
        hidden=frozenset[str]().union(*(it.hidden for it in persons)),
        listed=frozenset[str]().union(*(it.listed for it in persons)),
        message_ids=message_ids,
        others_ids=frozenset[str]().union(*(it.others_ids for it in persons)) - message_ids,
        spelled=frozenset().union(*(it.spelled for it in persons)),
    )
    names = (name for it in persons for name in (it.customer_id, it.pseudonym))
    return Subject(customer_id, tuple(names), person)


def _merged(settings: Settings, customer_id: str) -> list[str]:
    path = settings.shop_dir / "customers.parquet"
    if not path.exists():
        return []
    with connect() as connection:
        values = {"customers": str(path), "customer_id": customer_id}
        return [name for (name,) in connection.execute(_MERGED, values).fetchall()]
