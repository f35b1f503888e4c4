"""Pools of codes: in from a file, out as a list of who has which, made anew for the shop."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from typer.testing import CliRunner

import winback.cli  # noqa: F401 - registers the commands
from winback.base.errors import UsageError
from winback.base.settings import Settings
from winback.cli._app import app
from winback.codes import (
    ImportReport,
    PoolLine,
    export_codes,
    leaked_codes,
    make_codes,
    pool_lines,
    stopped_offers,
)
from winback.codes._make import ALPHABET
from winback.ledger import (
    Ledger,
    NewCode,
    code_key,
    find_code,
    give_code,
    insert_new,
    keep_codes,
    tables,
)

NOW = datetime(2026, 3, 10, 20, tzinfo=UTC)
# The last moment of that day in New York.
END_OF_MARCH = datetime(2026, 4, 1, 3, 59, 59, 999_999, tzinfo=UTC)
pytestmark = pytest.mark.both_databases
BringIn = Callable[..., ImportReport]


def kept(ledger: Ledger) -> list[tuple[Any, ...]]:
    table = tables.offer_codes
    with ledger.read() as connection:
        rows = connection.execute(select(table.c.code, table.c.offer_id, table.c.ends_at))
        return sorted(tuple(row) for row in rows)


def aside(report: ImportReport) -> list[list[str]]:
    assert report.rejected_file is not None
    with report.rejected_file.open(newline="") as stream:
        return list(csv.reader(stream))[1:]


def give(ledger: Ledger, number: int, offer_id: str = "twenty", **options: Any) -> str | None:
    with ledger.write() as connection:
        found = find_code(
            connection,
            enrollment_id=f"e{number}",
            offer_id=offer_id,
            until=options.get("until", NOW),
        )
        if found is None:
            return None
        give_code(
            connection, found.code, enrollment_id=f"e{number}", customer_id=f"c{number}", at=NOW
        )
        return found.code


def test_a_list_is_read_with_its_offers_and_ends_and_again_changes_nothing(
    ledger: Ledger, bring_in: BringIn
) -> None:
    text = (
        "Code,offer_id,ends_at\n"
        "come-1,twenty,2026-03-31\n"
        "come-2,,\n"
        "'=SUM,ten,2026-03-31T12:00:00+01:00\n"
    )
    first = bring_in(text, offer="twenty", until="2026-03-31")
    assert (first.read, first.new, first.known, first.rejected_file) == (3, 3, 0, None)
    before = kept(ledger)
    assert before == [
        ("=SUM", "ten", datetime(2026, 3, 31, 11, tzinfo=UTC)),
        ("come-1", "twenty", END_OF_MARCH),
        ("come-2", "twenty", END_OF_MARCH),
    ]
    again = bring_in(text, offer="twenty", until="2026-03-31")
    assert (again.new, again.known, again.rejected_file) == (0, 3, None)
    # And what was given stays given.
    given = give(ledger, 1)
    assert bring_in(text, offer="twenty").known == 3
    assert give(ledger, 1) == given


@pytest.mark.parametrize("content", ["a1\nb2\n\nc3", b"\xef\xbb\xbfcode\r\na1\r\nb2\r\nc3\r\n"])
def test_a_bare_list_has_one_code_a_line(
    ledger: Ledger, bring_in: BringIn, content: str | bytes
) -> None:
    assert bring_in(content, offer="ten").new == 3
    assert kept(ledger) == [(code, "ten", None) for code in ("a1", "b2", "c3")]


def test_a_row_that_cant_be_used_is_set_aside_with_its_line(
    ledger: Ledger, bring_in: BringIn
) -> None:
    bring_in("known\n", offer="ten")
    bring_in("code,ends_at\nending,2026-03-31\n", offer="twenty")
    report = bring_in(
        "code;offer_id;ends_at\n"
        "good;twenty;\n"
        " ;twenty;\n"
        "\n"
        "GO OD;twenty;\n"
        "later;twenty;soon\n"
        "whose;;\n"
        "what;car;\n"
        "come5;twenty;\n"
        "grün;twenty;\n"
        f"{'x' * 65};twenty;\n"
        "Known;twenty;\n"
        "ending;twenty;2026-04-30\n"
    )
    assert (report.new, report.known, report.read) == (1, 0, 11)
    assert [(row[1], row[2]) for row in aside(report)] == [
        ("3", "there is no code"),
        ("5", "the code stands in this file twice"),
        ("6", "the end is not an ISO 8601 date or time"),
        ("7", "the row names no offer"),
        ("8", "the offer is not in offers.csv"),
        ("9", "everybody has this code, of all"),
        ("10", "the code has a character that not every keyboard has"),
        ("11", "the code is longer than 64 characters"),
        ("12", "the code is of ten already"),
        ("13", "the code is known with another end"),
    ]
    assert report.rejected_file is not None
    assert report.rejected_file.stat().st_mode & 0o077 == 0


def test_a_stray_quote_swallows_no_other_line(ledger: Ledger, bring_in: BringIn) -> None:
    report = bring_in('code,ends_at\na1,\n"b2,\nc3,\n' + '"' + "x" * 200_000 + "\n", offer="ten")
    assert [code for code, *_ in kept(ledger)] == ["a1", "b2,", "c3"]
    assert [row[1:3] for row in aside(report)] == [["5", "the code is longer than 64 characters"]]


@pytest.mark.parametrize(
    ("content", "options", "says"),
    [
        ("a1\n", {}, "name the offer by --offer"),
        ("a1\n", {"offer": "car"}, "no offer of offers.csv"),
        ("a1\n", {"offer": "ten", "until": "soon"}, "ISO 8601"),
        ("name,email\nx,y\n", {"offer": "ten"}, "no column code"),
        (" \n", {"offer": "ten"}, "is empty"),
    ],
)
def test_a_file_that_is_no_list_of_codes_is_one_line(
    bring_in: BringIn, content: str, options: dict[str, str], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        bring_in(content, **options)


def test_codes_that_end_first_go_first_and_none_that_ends_too_soon(
    ledger: Ledger, bring_in: BringIn
) -> None:
    bring_in("code,ends_at\nnever,\nlate,2026-05-31\nearly,2026-03-31\n", offer="twenty")
    until = datetime(2026, 4, 15, tzinfo=UTC)
    assert give(ledger, 1, until=until) == "late"
    assert give(ledger, 2) == "early"
    assert give(ledger, 3, until=until) == "never"
    assert give(ledger, 4) is None
    # Theirs stays theirs, whenever it is asked for.
    assert give(ledger, 2, until=until) == "early"
    assert give(ledger, 2, "ten") is None


def test_the_list_of_codes_given_has_the_end_that_was_told(
    ledger: Ledger, settings: Settings, bring_in: BringIn, tmp_path: Path
) -> None:
    bring_in("code,ends_at\na1,2026-03-31\nb2,\nc3,\n", offer="twenty")
    enrolled = {
        "enrollment_id": "e2", "playbook_id": "p", "customer_id": "c2", "episode_order_id": "o",
        "segment": "s", "arm": "treatment", "variant": "v", "offer_id": "twenty",
        "offer_expires_at": NOW + timedelta(days=30), "entered_at": NOW,
    }  # fmt: skip
    with ledger.write() as connection:
        insert_new(connection, tables.enrollments, [enrolled])
    give(ledger, 1)
    give(ledger, 2)
    file = tmp_path / "given.csv"
    assert export_codes(ledger, file) == 2
    assert file.stat().st_mode & 0o077 == 0
    with file.open(newline="") as stream:
        assert list(csv.reader(stream)) == [
            ["code", "offer_id", "customer_id", "given_at", "ends_at"],
            ["a1", "twenty", "c1", "2026-03-10T20:00:00+00:00", END_OF_MARCH.isoformat()],
            ["b2", "twenty", "c2", "2026-03-10T20:00:00+00:00", "2026-04-09T20:00:00+00:00"],
        ]
    with pytest.raises(UsageError, match="no folder"):
        export_codes(ledger, tmp_path / "nowhere" / "given.csv")


def test_codes_that_are_made_count_once_they_are_imported(
    ledger: Ledger, settings: Settings, offers_file: Path, bring_in: BringIn, tmp_path: Path
) -> None:
    file = tmp_path / "new.csv"
    wanted = {"count": 500, "prefix": "come", "until": "2026-03-31", "offers_file": offers_file}
    assert make_codes(ledger, settings, "twenty", file, **wanted) == 500
    assert file.stat().st_mode & 0o077 == 0
    assert kept(ledger) == []
    with file.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    codes = {row["code"] for row in rows}
    assert len(codes) == 500
    assert {code[:5] for code in codes} == {"COME-"}
    assert set("".join(code[5:] for code in codes)) <= set(ALPHABET)
    report = bring_in(file.read_text())
    assert (report.new, report.rejected_file) == (500, None)
    assert {row[1:] for row in kept(ledger)} == {("twenty", END_OF_MARCH)}
    for wrong, says in (
        ({}, "is there already"),
        ({"file": tmp_path / "b.csv", "count": 0}, "--count"),
        ({"file": tmp_path / "b.csv", "prefix": "not so"}, "--prefix"),
        ({"file": tmp_path / "no" / "b.csv"}, "no folder"),
        ({"file": tmp_path / "b.csv", "offer": "car"}, "no offer"),
    ):
        options = {"offer": "twenty", "file": file, **wanted, **wrong}
        with pytest.raises(UsageError, match=says):
            make_codes(ledger, settings, options.pop("offer"), options.pop("file"), **options)


def test_no_made_code_is_of_a_pool(
    ledger: Ledger,
    settings: Settings,
    offers_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with ledger.write() as connection:
        keep_codes(connection, [NewCode("CCCCCCCCCC", "ten", None)], at=NOW)
    signs = iter("C" * 10 + "D" * 10)
    monkeypatch.setattr("secrets.choice", lambda _: next(signs))
    file = tmp_path / "new.csv"
    make_codes(ledger, settings, "ten", file, count=1, offers_file=offers_file)
    assert file.read_text() == "code,offer_id,ends_at\nDDDDDDDDDD,ten,\n"


def test_pools_tell_what_is_left_needed_given_and_ended(
    ledger: Ledger, settings: Settings, offers_file: Path, bring_in: BringIn
) -> None:
    bring_in("code,ends_at\na1,\nb2,\nold,2026-03-09\nwaits,2026-03-31\n", offer="twenty")
    give(ledger, 1)
    unwritten = {"message_id": "m7", "enrollment_id": "e7", "step": 1, "found_at": NOW}
    with ledger.write() as connection:
        rows = [{**unwritten, "rule": "no_code:ten"}]
        rows += [{**unwritten, "message_id": f"m{n}", "rule": "no_brand"} for n in (8, 9)]
        insert_new(connection, tables.unwritten, rows)
    lines = pool_lines(ledger, settings, at=NOW, offers_file=offers_file)
    assert lines == [
        PoolLine("ten", True, 0, 1, given=0, redeemed=None, by_strangers=None, ended=0),
        PoolLine("twenty", True, 2, 1, given=1, redeemed=None, by_strangers=None, ended=1),
    ]
    later = pool_lines(ledger, settings, at=NOW + timedelta(days=8), offers_file=offers_file)
    assert [(line.offer_id, line.needed) for line in later] == [("ten", 0), ("twenty", 0)]


@pytest.mark.only_sqlite
def test_codes_that_others_used_are_told_with_their_pool_and_of_a_run(
    ledger: Ledger, settings: Settings, offers_file: Path
) -> None:
    published = settings.published_dir / "current"
    assert leaked_codes(published) == ""
    published.mkdir(parents=True)
    used = [
        {"offer_id": "twenty", "code_kind": "own", "is_by_stranger": False},
        {"offer_id": "twenty", "code_kind": "own", "is_by_stranger": True},
        {"offer_id": "all", "code_kind": "shared", "is_by_stranger": True},
    ]
    path = published / "offer_redemptions.parquet"
    pq.write_table(pa.Table.from_pylist(used), path)
    lines = pool_lines(ledger, settings, at=NOW, offers_file=offers_file)
    told = {line.offer_id: (line.redeemed, line.by_strangers) for line in lines}
    assert told == {"ten": (0, 0), "twenty": (2, 1)}
    assert leaked_codes(published).startswith(
        "Codes used by another person than they were given to: 1 of 2."
    )
    pq.write_table(pa.Table.from_pylist(used[:1]), path)
    assert leaked_codes(published) == ""


@pytest.mark.only_sqlite
def test_an_offer_that_leaked_or_is_used_up_is_named_with_the_next_step(settings: Settings) -> None:
    published = settings.published_dir / "current"
    assert stopped_offers(published) == []
    published.mkdir(parents=True)
    names = ("offer_id", "is_leaked", "room", "stranger_count", "stop_after_strangers")
    rows = [("a", True, 0, 1_200, 1_000), ("b", False, 0, None, None), ("c", False, 4, 1, 9),
            ("d", False, None, 1, 9)]  # fmt: skip
    table = pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows])
    pq.write_table(table, published / "offer_limits.parquet")
    leaked, used_up = stopped_offers(published)
    assert leaked.startswith(
        "a is stopped: 1,200 orders used codes that were another's, and its stop_after_strangers "
        "is 1,000. Next:"
    )
    assert used_up.startswith("b is used up by its limits or its pool: nobody enters a playbook")


@given(st.text(st.sampled_from("aB -1"), min_size=1))
def test_a_code_is_the_same_in_any_case_and_with_blanks(code: str) -> None:
    assert code_key(code) == code_key(f" {code.lower()} ") == code_key(code.upper())
    assert " " not in code_key(code)


@pytest.mark.only_sqlite
def test_the_commands_take_list_and_make_codes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINBACK_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, ["codes", *words], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    assert "There are no pools" in run()
    made = ("make", "welcome_back_20", "--count", "3", "--out", "new.csv")
    assert "3 codes written to new.csv" in run(*made)
    assert "3 codes new, 0 known, 0 rows set aside" in run("import", "new.csv")
    assert json.loads(run("import", "new.csv", "--json"))["known"] == 3
    assert "3 left" in run()
    assert "not in use" in run()
    (pool,) = json.loads(run("--json"))["pools"]
    assert (pool["offer_id"], pool["left"], pool["redeemed"]) == ("welcome_back_20", 3, None)
    assert json.loads(run("export", "given.csv", "--json")) == {"written": 0}
