"""Line numbers and counts hold for any file, in both ways of reading it."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from winback.landing import _csv
from winback.landing._batch import LINE, ROW, Batch, Rejected
from winback.landing._csv import CsvReader

pytestmark = pytest.mark.long

FIELD = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)
# Whatever an exporter gets wrong: stray quotes, bare line ends, wrong counts, broken bytes.
MESS = st.lists(
    st.sampled_from([b"a", b",", b'"', b"\n", b"\r", b"\r\n", b" ", b"\xff", "é".encode()]),
    max_size=60,
).map(b"".join)
# Records as an exporter writes them.
RIGHT = [b"a,b\n", b'"a",b\r\n', b'"a\n,b","c ""d"""\n', b'"",\n', b",\r\n", b'x,"y\r\nz"\n', b"\n"]


def read(content: bytes) -> tuple[list[dict[str, Any]], list[Rejected], CsvReader]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_bytes(content)
        reader = CsvReader(path)
        batches: list[Batch] = list(reader.batches())
    rows = [row for batch in batches for row in batch.rows.to_pylist()]
    return rows, [row for batch in batches for row in batch.rejected], reader


@given(
    st.lists(st.tuples(FIELD, FIELD, FIELD), max_size=20),
    st.sampled_from([("\r\n", csv.QUOTE_MINIMAL), ("\n", csv.QUOTE_ALL)]),
)
@settings(deadline=None)
def test_what_was_written_is_read_again_with_its_first_line(
    records: list[tuple[str, str, str]], dialect: tuple[str, Any]
) -> None:
    end, quoting = dialect
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL).writerow(["a", "b", "c"])
    expected = []
    for record in records:
        line = len(list(io.StringIO(text.getvalue(), newline=""))) + 1
        csv.writer(text, lineterminator=end, quoting=quoting).writerow(record)
        expected.append((line, *record))
    rows, rejected, _ = read(text.getvalue().encode())
    assert [(row[LINE], row["a"], row["b"], row["c"]) for row in rows] == expected
    assert rejected == []


@given(MESS, st.integers(1, 40))
@example(b'"\na,b\n', 1000)
@settings(max_examples=300, deadline=None)
def test_every_line_that_is_not_blank_is_in_exactly_one_record(mess: bytes, block: int) -> None:
    header = b"x,y\n"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_csv, "BLOCK_BYTES", block)
        rows, rejected, _ = read(header + mess)
    lines = list(io.StringIO(mess.decode("utf-8", "surrogateescape"), newline=""))
    told: dict[int, int] = {row[LINE]: len(_lines(row[ROW])) for row in rows}
    told |= {row.line: len(_lines(row.row)) for row in rejected}
    assert len(told) == len(rows) + len(rejected)
    covered = {line + i for line, count in told.items() for i in range(count)}
    blank = {number for number, line in enumerate(lines, start=2) if not line.strip()}
    assert covered | blank == set(range(2, len(lines) + 2))


@given(MESS, st.integers(1, 40))
@settings(max_examples=200, deadline=None)
def test_the_size_of_a_block_changes_nothing(mess: bytes, block: int) -> None:
    whole = read(b"x,y\n" + mess)[:2]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_csv, "BLOCK_BYTES", block)
        assert read(b"x,y\n" + mess)[:2] == whole


@given(st.one_of(MESS, st.lists(st.sampled_from(RIGHT), max_size=20).map(b"".join)))
@example(b'a,b\n"x\n"",y",b\r\nc,\n')
@settings(max_examples=300, deadline=None)
def test_records_that_are_read_at_once_are_what_reading_line_by_line_gives(mess: bytes) -> None:
    at_once = read(b"x,y\n" + mess)[:2]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_csv, "find_records", lambda _block: None)
        assert read(b"x,y\n" + mess)[:2] == at_once


def test_records_with_quotes_and_line_ends_in_them_are_read_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(CsvReader, "_read_slowly")
    rows, rejected, _ = read(b'x,y\n1,"a\nb"\n2,"say ""no"""\r\n')
    assert [(row[LINE], row["y"], row[ROW]) for row in rows] == [
        (2, "a\nb", '1,"a\nb"'),
        (4, 'say "no"', '2,"say ""no"""'),
    ]
    assert rejected == []


def _lines(row: str) -> list[str]:
    return list(io.StringIO(row, newline=""))


def test_a_stray_quote_costs_only_its_own_line() -> None:
    rows, rejected, _ = read(b'x,y\n1,"5 inch\n2,b\n3,"c\nd"\n4,e\n')
    assert [(row[LINE], row["x"]) for row in rows] == [(3, "2"), (4, "3"), (6, "4")]
    assert [(row.line, row.row) for row in rejected] == [(2, '1,"5 inch')]


def test_a_field_beyond_the_limit_is_set_aside() -> None:
    rows, rejected, _ = read(b'x,y\n1,"' + b"z" * 200_000 + b'"\n2,b\n')
    assert [row["x"] for row in rows] == ["2"]
    assert [row.reason for row in rejected] == ["a field is over 131072 characters"]
