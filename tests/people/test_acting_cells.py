"""No cell of a file of ours is run by a spreadsheet, and each comes back as it was."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import winback
from winback.base.cells import CellWriter, as_text, plain
from winback.base.clock import FixedClock
from winback.landing import load
from winback.ledger import AddressKey, suppress, suppressions_in_force, tables
from winback.people.erasure._others import erase_in_rejected
from winback.people.erasure._person import Person
from winback.people.optouts import export_list

NOW = datetime(2026, 3, 10, 20, tzinfo=UTC)
# What Excel, LibreOffice or Google Sheets run: the first sign that they don't skip.
ACTS = re.compile(r"[ \0\u00a0\ufeff]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
PROPERTY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+1+1@example.com", "'+1+1@example.com"),
        ("+ann@example.com", "'+ann@example.com"),
        ("-2+3@example.com", "'-2+3@example.com"),
        ("@sum(1)", "'@sum(1)"),
        ("\t=1+1", "'\t=1+1"),
        ("\ttab first", "'\ttab first"),
        ("\r=1+1", "'\r=1+1"),
        ("\nline break first", "'\nline break first"),
        ("\u2028=1+1", "'\u2028=1+1"),
        ("  =1+1", "'  =1+1"),
        ("\u00a0=1+1", "'\u00a0=1+1"),
        ("\ufeff=1+1", "'\ufeff=1+1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("'=1+1", "''=1+1"),
        ("+1415555010x", "'+1415555010x"),
        ("+\u0661\u0662", "'+\u0661\u0662"),
        ("+", "'+"),
        ("+14155550100", "+14155550100"),
        ("'+14155550100", "'+14155550100"),
        ("ann@example.com", "ann@example.com"),
        ("'ann@example.com", "'ann@example.com"),
        ("o'hara@example.com", "o'hara@example.com"),
        ("a=1", "a=1"),
        ("", ""),
    ],
)
def test_a_cell_that_would_act_is_text(cell: str, written: str) -> None:
    assert as_text(cell) == written
    assert plain(written) == cell


@PROPERTY
@given(
    st.lists(st.lists(st.text(alphabet="'=+-@\t\r\n\0\ufeff\u00a0 1a,\";", max_size=8), min_size=2))
)
@example([["\u3000=1", "\x85=1"]])
def test_every_cell_comes_back_and_none_acts(rows: list[list[str]]) -> None:
    stream = io.StringIO(newline="")
    CellWriter(stream).writerows(rows)
    written = list(csv.reader(io.StringIO(stream.getvalue(), newline="")))
    assert [[plain(cell) for cell in row] for row in written] == rows
    for cell in (cell for row in written for cell in row):
        assert not ACTS.match(cell) or re.fullmatch(r"\+[0-9]+", cell)


local = st.text(alphabet="'=+-a1!#$%&*/?^_`{}~", min_size=1, max_size=6)
addresses = st.lists(local.map("{}@example.com".format), min_size=1, max_size=4, unique=True)


def forget(ledger):
    """What is suppressed, and none of it any more."""
    with ledger.write() as connection:
        known = {(row.address, row.source) for row in suppressions_in_force(connection)}
        connection.execute(tables.suppressions.delete())
    return known


@PROPERTY
@given(addresses, st.text("=+-@'a", max_size=4).map("{}tool".format))
def test_who_is_on_an_exported_list_is_on_it_when_it_comes_back(
    ledger, bring_in, tmp_path, addresses, source
):
    forget(ledger)
    for address in addresses:
        with ledger.write() as connection:
            suppress(
                connection, group="email", address=address, reason="stop", source=source,
                occurred_at=NOW, recorded_at=NOW,
            )  # fmt: skip
    file = tmp_path / "out.csv"
    export_list(ledger, file)
    with file.open(newline="", encoding="utf-8") as stream:
        assert not [cell for row in csv.reader(stream) for cell in row if ACTS.match(cell)]
    went_out = forget(ledger)
    report = bring_in(file.read_bytes())
    assert not report.rejected
    assert went_out == {(address, source) for address in addresses}
    # A mark before an address may be somebody's: who is without it is meant too.
    assert went_out <= forget(ledger)


def test_rows_that_a_load_and_an_import_set_aside_do_not_act(bring_in, settings, tmp_path):
    report = bring_in("email\n=1+1\n@sum(1)\n")
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "customers.csv").write_text("customer_id,created_at\n=cmd(),2025-01-01\n-1,soon\n")
    orders = "order_id,customer_id,ordered_at,total_amount\n"
    (shop / "orders.csv").write_text(f"{orders}=1+1,=cmd(),today,1\n+2,=cmd(),2025-01-01,1\n")
    load(shop, settings, FixedClock(NOW))
    files = [path.read_text() for path in settings.rejected_dir.iterdir()]
    assert report.rejected_file.read_text() in files
    rows = [row for text in files for row in csv.reader(io.StringIO(text, newline=""))]
    assert {row[3] for row in rows} - {"row"} == {
        "'=1+1", "'@sum(1)", "'-1,soon", "'=1+1,=cmd(),today,1",
    }  # fmt: skip
    person = Person("-1", "", AddressKey(b"", b""), *map(frozenset, [()] * 5))
    assert erase_in_rejected(settings, person, write=True) == {"landing rejected": 1}
    assert "-1,soon" not in "".join(p.read_text() for p in settings.rejected_dir.iterdir())


def test_every_csv_that_others_open_is_written_by_the_one_helper() -> None:
    folder = Path(winback.__file__).parent
    own = [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*.py"))
        if re.search(r"csv\.(Dict)?[wW]riter\(|to_csv\(|format csv", path.read_text())
    ]
    # The demo's shop is what load reads, invented by us; seeds are the shop's own rows.
    assert own == [
        "base/_seed_rows.py",
        "base/cells.py",
        "readiness/first_holdout.py",
        "rehearsal/demo/_files.py",
    ]
