"""One list says where persons are in the ledger: all tables are on it, an erasure clears every
personal column of it, and an export has every row."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from erasable_home import EMAIL, NOW, Home
from sqlalchemy import Float, Integer, func, select

from winback import providers
from winback.ledger import AddressKey, normalize, tables
from winback.ledger._tables import Cost, UtcDateTime
from winback.people.export import export_person
from winback.people.places import GIVEN, LEDGER, NOBODY, LedgerPlace

pytestmark = pytest.mark.long

WORDS = "zyxwords"
# What a column is checked for, and what ties the tables to one another.
ALLOWED = {
    "arm": "treatment", "dealt_by": "bandit", "state": "rejected", "kind": "stop",
    "channel": "email", "channel_group": "email", "customer_id": "c1", "message_id": "a" * 32,
    "enrollment_id": "e1",
    "conversation_id": "conversation", "reply_id": "reply-1", "dedupe_key": "reply-1",
    "attempt_id": "attempt-1", "address": EMAIL,
}  # fmt: skip


def test_every_table_is_either_with_persons_or_without() -> None:
    listed = [place.table for place in LEDGER]
    assert sorted([*listed, *NOBODY]) == sorted(tables.metadata.tables)
    for place in LEDGER:
        columns = tables.metadata.tables[place.table].c
        assert {*place.personal, *place.found_by, *place.of_many} <= set(columns.keys()), place


def test_every_column_that_names_a_person_is_marked() -> None:
    says = {"customer_id": "id", "address": "address", "payload_json": "words", "url": "words"}
    says |= {"text": "words", "detail_json": "words", "mail_id": "words", "zones": "place"}
    for place in LEDGER:
        columns = tables.metadata.tables[place.table].c
        assert {n: kind for n, kind in says.items() if n in columns} == {
            n: kind for n, kind in place.personal.items() if n in says
        }, place.table


def a_value(column: Any, kind: str | None) -> Any:
    """Something that the column takes: a trace where it is personal."""
    if kind in {"words", "place"}:
        trace = f"{WORDS} {column.name} {EMAIL}"
        return json.dumps({"text": trace}) if column.name.endswith("_json") else trace
    if column.name in ALLOWED:
        return ALLOWED[column.name]
    if isinstance(column.type, UtcDateTime):
        return NOW
    if isinstance(column.type, Cost):
        return Decimal(1)
    return 1 if isinstance(column.type, Integer | Float) else f"some {column.name}"


def a_row(home: Home, place: LedgerPlace) -> dict[str, Any]:
    """A row of the person."""
    columns = tables.metadata.tables[place.table].c
    row = {it.name: a_value(it, place.personal.get(it.name)) for it in columns}
    with home.ledger.read() as connection:
        hidden = AddressKey.of(connection).hide(normalize("email", EMAIL))
    own: dict[str, dict[str, Any]] = {
        # All that writes there spells an address one way.
        "suppressions": {"address": normalize("email", EMAIL)},
        "evidence": {"kind": "settled"},
        "provider_events": {"kind": "delivered"},
        "conversations": {"hidden_address": hidden},
        "series_joins": {"hidden_address": hidden},
        "revocations": {"hidden_address": hidden},
    }
    return row | own.get(place.table, {})


@pytest.fixture
def full(home: Home) -> Home:
    """The person has exactly one row in each table that has rows of persons."""
    with home.ledger.write() as connection:
        for place in LEDGER:
            table = tables.metadata.tables[place.table]
            connection.execute(table.delete())
            connection.execute(table.insert(), a_row(home, place))
    return home


def test_an_export_has_their_row_of_every_table_and_an_erasure_clears_each_column(
    full: Home,
) -> None:
    done = export_person(full.settings, full.clock, "c1")
    data = json.loads(done.data.read_text())
    by_place = {it["place"]: it["rows"] for it in data["places"]}
    for place in LEDGER:
        (found,) = by_place[f"ledger {place.table}"]
        for column in place.personal:
            assert found["row"][column], (place.table, column)
        assert not place.of_many & set(found["row"])
    full.erase()
    with full.ledger.read() as connection:
        for place in LEDGER:
            table = tables.metadata.tables[place.table]
            for row in connection.execute(select(table)).mappings():
                told = json.dumps(dict(row), default=str).casefold()
                for trace in (EMAIL.casefold(), WORDS, '"c1"'):
                    assert trace not in told, (place.table, trace)
            # The erasure's own lines are more; no row is gone but where links lead.
            count = connection.scalar(select(func.count()).select_from(table))
            assert count == 0 if place.table == "links" else count >= 1


def test_the_record_of_processing_names_every_provider() -> None:
    folders = {path.parent.name for path in Path(providers.__file__).parent.glob("*/__init__.py")}
    assert folders - {"own"} <= set(GIVEN)
