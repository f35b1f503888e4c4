"""The export: changed rows only, no contact data, safe to kill half way."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from winback.ledger import _export, export_ledger, transition
from winback.warehouse._dbt import DBT_DIR

pytestmark = pytest.mark.both_databases

NOW = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)
SOURCES = DBT_DIR / "models" / "staging" / "ledger" / "_ledger__sources.yml"


def rows(settings, table="messages"):
    files = sorted((settings.ledger_landing_dir / table).glob("*.parquet"))
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def test_an_empty_ledger_exports_an_empty_part_of_each_table(ledger, settings):
    exported = export_ledger(ledger, settings.ledger_landing_dir)
    assert {name for name, rows in exported.items() if rows} == {"address_keys"}, "made with it"
    for table in _export.EXPORTED:
        file = settings.ledger_landing_dir / table / "00000000.parquet"
        assert pq.read_schema(file).equals(_export.arrow_schema(table))


def test_only_changed_rows_are_exported_again_with_a_higher_version(ledger, settings, add_message):
    add_message(1, cost_cents=Decimal("0.79"))
    add_message(2)
    assert export_ledger(ledger, settings.ledger_landing_dir)["messages"] == 2
    assert export_ledger(ledger, settings.ledger_landing_dir)["messages"] == 0
    with ledger.write() as connection:
        transition(
            connection, [{"message_id": "m1"}], "cancelled", from_states=("planned",), at=NOW
        )
    assert export_ledger(ledger, settings.ledger_landing_dir)["messages"] == 1
    seen = [(row["message_id"], row["state"], row["version"]) for row in rows(settings)]
    assert seen == [("m1", "planned", 1), ("m2", "planned", 1), ("m1", "cancelled", 2)]
    assert rows(settings)[0]["cost_cents"] == Decimal("0.7900")
    assert rows(settings)[0]["planned_at"] == NOW


def test_a_copy_of_the_changes_leaves_the_ledger_as_it_is(
    ledger, settings, add_message, tmp_path, monkeypatch
):
    monkeypatch.setattr(_export, "PART_ROWS", 2)
    for number in range(5):
        add_message(number)
    _export.copy_changes(ledger, tmp_path)
    copied = [row for path in sorted((tmp_path / "messages").glob("*.parquet"))
              for row in pq.read_table(path).to_pylist()]  # fmt: skip
    assert export_ledger(ledger, settings.ledger_landing_dir)["messages"] == 5
    assert copied == rows(settings)
    _export.copy_changes(ledger, tmp_path / "later", "suppressions")
    assert [path.name for path in (tmp_path / "later").iterdir()] == ["suppressions"]


def test_addresses_and_bodies_stay_in_the_ledger(ledger, settings, add_message):
    add_message(1)
    export_ledger(ledger, settings.ledger_landing_dir)
    assert not {"address", "payload_json", "sender"} & set(rows(settings)[0])


def test_what_holds_addresses_or_their_key_is_for_the_owners_eyes(ledger, settings):
    export_ledger(ledger, settings.ledger_landing_dir)
    for table in ("suppressions", "address_keys"):
        files = list((settings.ledger_landing_dir / table).glob("*.parquet"))
        assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_an_export_killed_before_its_mark_writes_the_rows_again(
    ledger, settings, add_message, monkeypatch
):
    add_message(1)
    with monkeypatch.context() as patch:
        patch.setattr(_export, "_mark_exported", lambda *_: pytest.fail("killed here"))
        with pytest.raises(pytest.fail.Exception):
            export_ledger(ledger, settings.ledger_landing_dir)
    assert export_ledger(ledger, settings.ledger_landing_dir)["messages"] == 1
    assert [row["version"] for row in rows(settings)] == [1, 1]


def test_large_exports_are_split_into_parts(ledger, settings, add_message, monkeypatch):
    monkeypatch.setattr(_export, "PART_ROWS", 2)
    for number in range(5):
        add_message(number)
    assert export_ledger(ledger, settings.ledger_landing_dir)["messages"] == 5
    assert len(list((settings.ledger_landing_dir / "messages").glob("*.parquet"))) == 4
    assert len({row["message_id"] for row in rows(settings)}) == 5


def test_parts_of_an_earlier_version_are_read_with_the_columns_that_came_later(ledger, settings):
    folder = settings.ledger_landing_dir / "provider_events"
    folder.mkdir(parents=True)
    newer = _export.arrow_schema("provider_events")
    older = newer.remove(newer.get_field_index("lapse_reason"))
    old_event = {"dedupe_key": "e1", "kind": "replied", "version": 1}
    pq.write_table(older.empty_table(), folder / "00000000.parquet")
    pq.write_table(pa.Table.from_pylist([old_event], older), folder / "00000001-x.parquet")
    export_ledger(ledger, settings.ledger_landing_dir)
    sources = yaml.safe_load(SOURCES.read_text())["sources"][0]
    location = sources["config"]["meta"]["external_location"]
    table = location.format(landing=settings.landing_dir, name="provider_events")
    with duckdb.connect() as connection:
        read = connection.execute(f"select dedupe_key, lapse_reason from {table}").fetchall()
    assert read == [("e1", None)]
