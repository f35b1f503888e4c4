"""An erased address is known again and told to nobody."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow.parquet as pq
import pytest

from winback.ledger import (
    export_ledger,
    hide_address,
    is_suppressed,
    lift,
    open_ledger,
    rewrite_table,
    suppress,
    suppressed_among,
    tables,
)
from winback.ledger._address_keys import AddressKey

pytestmark = pytest.mark.both_databases

NOW = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)
PHONE, EMAIL = "+15550000001", "ann@example.com"


def stop(connection, address, *, group="phone", at=NOW):
    suppress(
        connection, group=group, address=address, reason="stop", source="test",
        occurred_at=at, recorded_at=at,
    )  # fmt: skip


@pytest.fixture
def erased(ledger):
    with ledger.write() as connection:
        stop(connection, PHONE)
        stop(connection, "+15550000002")
        assert (
            hide_address(connection, group="phone", address="+1 555 000 0001", erased_at=NOW) == 2
        )
        assert (
            hide_address(connection, group="email", address="Ann@Example.com", erased_at=NOW) == 1
        )
    return ledger


def test_an_erased_address_is_suppressed_however_it_comes_back(erased, add_message):
    add_message(1, state="planned")
    with erased.write() as connection:
        assert is_suppressed(connection, group="email", address="ANN@example.com")
        assert not is_suppressed(connection, group="phone", address=EMAIL)
        given = [PHONE, "+1 (555) 000-0001", "+15550000003"]
        assert suppressed_among(connection, group="phone", addresses=given) == set(given[:2])
        later = NOW + timedelta(days=1)
        assert lift(connection, group="phone", address=PHONE, occurred_at=later) == 1
        assert is_suppressed(connection, group="phone", address=PHONE), "erased, whatever they say"


def test_erasing_again_or_hearing_the_same_stop_again_adds_no_row(erased):
    with erased.write() as connection:
        stop(connection, PHONE)
        hide_address(connection, group="phone", address=PHONE, erased_at=NOW)
        found = connection.execute(tables.suppressions.select()).all()
    assert len(found) == 4
    assert {row.address for row in found if "hmac:" not in row.address} == {"+15550000002"}


def test_neither_the_list_nor_its_ids_nor_landing_tell_the_address(erased, settings):
    with erased.write() as connection:
        stop(connection, "bob@example.com", group="email")
    export_ledger(erased, settings.ledger_landing_dir)
    with erased.write() as connection:
        hide_address(connection, group="email", address="bob@example.com", erased_at=NOW)
    folder = settings.ledger_landing_dir / "suppressions"
    assert b"bob@example.com" in b"".join(path.read_bytes() for path in folder.iterdir())
    assert rewrite_table(erased, "suppressions", settings.ledger_landing_dir) == 6
    assert rewrite_table(erased, "suppressions", settings.ledger_landing_dir) == 6
    rows = [row for path in sorted(folder.iterdir()) for row in pq.read_table(path).to_pylist()]
    assert len(rows) == 6
    assert not {PHONE, EMAIL, "bob@example.com"} & {row["address"] for row in rows}
    unkeyed = hashlib.sha256(f"phone|{PHONE}|stop|test|{NOW.isoformat()}".encode()).hexdigest()
    assert not any(row["suppression_id"] == unkeyed[:32] for row in rows)


def test_pythons_hash_is_that_of_the_standard_and_of_the_query(erased, settings):
    with erased.read() as connection:
        key = AddressKey.of(connection)
    secret = bytes(byte ^ 0x36 for byte in key.inner_pad)[:32]
    assert key.hmac(EMAIL) == hmac.new(secret, EMAIL.encode(), hashlib.sha256).hexdigest()
    assert key.hide(key.hide(EMAIL)) == key.hide(EMAIL)
    query = "select 'hmac:' || sha256(unhex($o) || unhex(sha256(unhex($i) || encode($a))))"
    pads = {"o": key.outer_pad.hex(), "i": key.inner_pad.hex(), "a": EMAIL}
    with duckdb.connect() as connection:
        assert connection.execute(query, pads).fetchone() == (key.hide(EMAIL),)


@pytest.mark.only_sqlite
def test_a_ledger_has_one_key_and_another_has_another(ledger, settings, tmp_path):

    def pads(opened):
        with opened.read() as connection:
            return AddressKey.of(connection)

    with (
        open_ledger(settings) as again,
        open_ledger(settings.model_copy(update={"home": tmp_path / "other"})) as other,
    ):
        assert pads(again) == pads(ledger)
        assert pads(other) != pads(ledger)
