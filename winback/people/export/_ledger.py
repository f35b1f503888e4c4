"""A person's rows in the ledger, table by table, as the list of places says they are found."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, false, func, or_, select

from winback.ledger import among, tables
from winback.people.erasure._ledger import reply_ids_of
from winback.people.export._section import Found, Section
from winback.people.export._who import Subject
from winback.people.places import LEDGER, LedgerPlace

# Neither says anything of a person: how often a row was changed, and who sends now.
_OWN: Final = frozenset({"version", "exported_version", "claim_token", "lease_until"})
_Condition = ColumnElement[bool]


class _Keys:
    """What each column of `found_by` is compared with."""

    def __init__(self, connection: Connection, subject: Subject) -> None:
        self._connection, self._subject = connection, subject
        person, names = subject.person, subject.names
        enrolled = tables.enrollments.c
        tried = tables.attempt_messages.c
        self._values: dict[str, set[str]] = {
            "customer_id": set(names),
            "message_id": set(person.message_ids),
            "enrollment_id": self._of(enrolled.enrollment_id, enrolled.customer_id, set(names)),
            "attempt_id": self._of(tried.attempt_id, tried.message_id, set(person.message_ids)),
            "reply_id": set(reply_ids_of(connection, person, names)),
        }
        self._values["dedupe_key"] = self._values["reply_id"]

    def _of(self, wanted: Any, by: Any, values: set[str]) -> set[str]:
        return set(self._connection.scalars(select(wanted).where(among(by, values))))

    def where(self, place: LedgerPlace) -> _Condition:
        """Which rows of a table are theirs."""
        columns = tables.metadata.tables[place.table].c
        nobody_named = columns.customer_id.is_(None) if "customer_id" in columns else None
        found: list[_Condition] = []
        for name in place.found_by:
            column = columns[name]
            if name in self._values:
                found.append(among(column, self._values[name]))
            elif name == "hidden_address":
                theirs = among(column, self._subject.person.hidden)
                found.append(theirs if nobody_named is None else and_(nobody_named, theirs))
            elif name == "address":
                theirs = among(column, self._own(column))
                found.append(theirs if nobody_named is None else and_(nobody_named, theirs))
        # Never null, so that its opposite is every other row.
        return func.coalesce(or_(false(), *found), false())

    def _own(self, column: Any) -> set[str]:
        """The spellings of their addresses in a column, hidden and hashed ones too."""
        person = self._subject.person
        spelled = self._connection.scalars(select(column).distinct())
        return {
            address
            for address in spelled
            if person.key.hide(address) in person.hidden | person.listed
        }


def ledger_sections(connection: Connection, subject: Subject) -> Iterator[Section]:
    """The rows of every table that has some of persons."""
    keys = _Keys(connection, subject)
    for place in LEDGER:
        table = tables.metadata.tables[place.table]
        section = Section(f"ledger {place.table}", place.holds)
        theirs = keys.where(place)
        kept = [column for column in table.c if column.name not in _OWN | place.of_many]
        query = select(*kept).where(theirs).order_by(*table.primary_key.columns)
        section.found = [Found(_read(dict(row))) for row in connection.execute(query).mappings()]
        if extra := _NAMED.get(place.table):
            extra(connection, subject, theirs, section)
        yield section


def _events_that_name(
    connection: Connection, subject: Subject, theirs: _Condition, section: Section
) -> None:
    """Of a callback that belongs to no message of ours, the address says whose it is."""
    table = tables.provider_events
    e = table.c
    kept = [column for column in e if column.name not in _OWN]
    foreign = or_(e.message_id.is_(None), e.kind == "replied") & ~theirs
    for row in connection.execute(select(*kept).where(foreign)).mappings():
        if not subject.person.is_in(row["detail_json"]):
            continue
        if row["kind"] == "replied":
            section.withheld += 1
        else:
            section.found.append(Found(_read(dict(row))))


def _replies_that_name(
    connection: Connection, subject: Subject, theirs: _Condition, section: Section
) -> None:
    texts = connection.scalars(select(tables.replies.c.text).where(~theirs))
    section.withheld += sum(subject.person.is_in(text) for text in texts)


_NAMED: Final[dict[str, Callable[[Connection, Subject, _Condition, Section], None]]] = {
    "provider_events": _events_that_name,
    "replies": _replies_that_name,
}


def _read(row: dict[str, Any]) -> dict[str, Any]:
    """A row whose JSON is told as such."""
    for name, value in row.items():
        if name.endswith("_json") and isinstance(value, str):
            try:
                row[name] = json.loads(value)
            except ValueError:
                continue
    return row
