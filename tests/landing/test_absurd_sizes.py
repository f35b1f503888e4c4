"""Files that no shop has: each is refused in one line that says which limit a setting raises."""

from __future__ import annotations

import gzip
import io
import os
import re
import resource
import subprocess
import sys
import time
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from landing_shop import CUSTOMERS, ORDERS, winback_load

from winback.base.errors import WinbackError
from winback.landing._amounts import decimal_mark, read_amount
from winback.landing._parquet import ParquetReader

pytestmark = pytest.mark.long

COLUMNS, LINE = "WINBACK_INPUT_COLUMNS", "WINBACK_INPUT_LINE_MEGABYTES"
UNPACKED, MEMORY = "WINBACK_INPUT_UNPACKED_MEGABYTES", "WINBACK_INPUT_MEMORY_MEGABYTES"
MB = 1 << 20
GIGABYTES = 1536 * MB
NAMES = "order_id,customer_id,ordered_at,total_amount"


def sparse(path, start=b""):
    """A gigabyte and a half of zeros, which take no room on a disk."""
    path.write_bytes(start)
    os.truncate(path, GIGABYTES)


def packed_zeros(path, start=b"", megabytes=1024):
    """A gigabyte in a megabyte; as streams behind each other, which are one file."""
    zeros = gzip.compress(bytes(64 * MB))
    path.write_bytes(gzip.compress(start) + zeros * (megabytes // 64))


def rows_of(path, columns, **options):
    pq.write_table(pa.table(columns), path, **options)


def same_text(rows, size):
    """A column that says one long text in each row, and has it once."""
    texts = pa.array([f"{'x' * size}"])
    return pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), texts)


ORDER = {
    "order_id": ["o1"], "customer_id": ["c1"], "ordered_at": ["2025-03-01T10:00:00Z"],
    "total_amount": ["12.50"],
}  # fmt: skip


def repeated(rows):
    return {name: values * rows for name, values in ORDER.items()}


def lines(count):
    return "".join(f"o{n},c1,2025-03-01T10:00:00Z,12.50\n" for n in range(count))


def many(count):
    return ",".join([NAMES, *(f"extra_{n}" for n in range(count))])


# File, what it holds, the settings if they are lower than the defaults, and which limit it meets.
TABLES = {
    "20,000 columns": (
        "orders.csv", lambda p: p.write_text(f"{many(20_000)}\n"), {}, COLUMNS,
    ),
    "2,001 columns without a name": (
        "orders.csv", lambda p: p.write_text(NAMES + "," * 1997 + "\n"), {}, COLUMNS,
    ),
    "20,000 columns, packed": (
        "orders.csv.gz", lambda p: p.write_bytes(gzip.compress(many(20_000).encode())), {}, COLUMNS,
    ),
    "a limit of three columns": (
        "orders.csv", lambda p: p.write_text(ORDERS), {COLUMNS: "3"}, COLUMNS,
    ),
    "a header of 1.5 GB": ("orders.csv", sparse, {}, LINE),
    "a line of 1.5 GB": (
        "orders.csv", lambda p: sparse(p, f"{ORDERS}o2,c1,".encode()), {}, LINE,
    ),
    "a quoted line of 1.5 GB": (
        "orders.csv", lambda p: sparse(p, f'{ORDERS}"o2'.encode()), {}, LINE,
    ),
    "a line of 1.5 GB in an optional file": (
        "consents.csv", lambda p: sparse(p, b"customer_id,channel,status,occurred_at\nc1,"), {},
        LINE,
    ),
    "a line over a lower limit": (
        "orders.csv", lambda p: p.write_text(f"{ORDERS}{'x' * 3 * MB}\n{ORDERS}"), {LINE: "1"},
        LINE,
    ),
    "a gigabyte in a megabyte": (
        "orders.csv.gz", lambda p: packed_zeros(p, ORDERS.encode()), {}, LINE,
    ),
    "good lines that unpack to 30 MB": (
        "orders.csv.gz",
        lambda p: p.write_bytes(gzip.compress(f"{NAMES}\n{lines(900_000)}".encode())),
        {UNPACKED: "8"}, UNPACKED,
    ),
    "20,000 columns of Parquet": (
        "orders.parquet",
        lambda p: rows_of(p, ORDER | {f"extra_{n}": ["x"] for n in range(20_000)}), {}, COLUMNS,
    ),
    "a text of 1 MB in each of 50,000 rows": (
        "orders.parquet",
        lambda p: rows_of(p, repeated(50_000) | {"note": same_text(50_000, 10**6)}), {}, UNPACKED,
    ),
    "a text of 1 MB in each of 50 rows, over a lower limit": (
        "orders.parquet",
        lambda p: rows_of(p, repeated(50) | {"note": same_text(50, 10**6)}), {UNPACKED: "40"},
        UNPACKED,
    ),
    "a row of 64 MB": (
        "orders.parquet", lambda p: rows_of(p, ORDER | {"note": ["x" * 64 * MB]}), {}, LINE,
    ),
    "bytes of 64 MB": (
        "orders.parquet", lambda p: rows_of(p, ORDER | {"note": [bytes(64 * MB)]}), {}, LINE,
    ),
    "more cells than bytes may be": (
        "orders.parquet", lambda p: rows_of(p, {"order_id": pa.nulls(3 * MB, pa.string())} | {
            name: pa.nulls(3 * MB, pa.string()) for name in NAMES.split(",")[1:]
        }), {UNPACKED: "8"}, UNPACKED,
    ),
    "a list of forty million": (
        "orders.parquet",
        lambda p: rows_of(p, ORDER | {"list": pa.ListArray.from_arrays(
            [0, 40_000_000], pa.repeat(pa.scalar(0, pa.int8()), 40_000_000)
        )}),
        {MEMORY: "256"}, MEMORY,
    ),
}  # fmt: skip


# What takes a second or two to make or to unpack; each limit has another one in `make test`.
LARGE = {
    "20,000 columns", "20,000 columns of Parquet", "20,000 columns, packed",
    "a gigabyte in a megabyte",
    "a row of 64 MB", "a text of 1 MB in each of 50,000 rows", "bytes of 64 MB",
    "good lines that unpack to 30 MB", "a line of 1.5 GB in an optional file",
    "a text of 1 MB in each of 20,000 cells", "a text of 500 MB",
}  # fmt: skip


def cases(found):
    return [pytest.param(it, marks=pytest.mark.slow) if it in LARGE else it for it in found]


@pytest.mark.parametrize("what", cases(TABLES))
def test_a_file_of_absurd_size_is_refused_with_its_limit_and_setting(shop, home, capsys, what):
    name, write, settings, limit = TABLES[what]
    shop.load({})
    landed = sorted(shop.settings.shop_dir.iterdir())
    for path in shop.source.iterdir():
        if path.name.partition(".")[0] == name.partition(".")[0]:
            path.unlink()
    write(shop.source / name)
    for setting, value in settings.items():
        home.setenv(setting, value)
    refused(home, capsys, shop.source, name=name, limit=limit)
    assert sorted(shop.settings.shop_dir.iterdir()) == landed
    assert shop.landed("orders", "order_id") == [("o1",)]
    assert not list(shop.settings.landing_dir.glob(".loading-*"))


def refused(home, capsys, source, *arguments, name, limit):
    """The command ends with one line that names the file and the setting, in time and memory."""
    before, began = peak(), time.monotonic()
    assert winback_load(home, str(source), *arguments) == 1
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert name in line
    assert f"raise {limit} if it is right" in line
    assert "nothing of it was loaded" in line
    assert time.monotonic() - began < 60
    assert peak() - before < 400 * MB


def peak():
    """The most that this process ever had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


# Workbooks.

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def workbook(path, sheet, strings=""):
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
        "</Relationships>",
        "xl/sharedStrings.xml": f'<sst xmlns="{_MAIN}"><si><t>{strings}</t></si></sst>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_MAIN}"><sheetData>{sheet}</sheetData>'
        "</worksheet>",
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in parts.items():
            packed.writestr(name, text)
    path.write_bytes(stream.getvalue())


WORKBOOKS = {
    "a cell in the last corner": (
        lambda p: workbook(p, '<row r="1"><c r="A1"><v>1</v></c></row>'
                           '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'), {}, MEMORY,
    ),
    "a text of 1 MB in each of 20,000 cells": (
        lambda p: workbook(p, '<row><c t="s"><v>0</v></c></row>' * 20_000, "x" * MB), {}, MEMORY,
    ),
    "a text of 500 MB": (lambda p: workbook(p, "<row/>", "x" * 500 * MB), {MEMORY: "400"}, MEMORY),
    "2,001 columns": (
        lambda p: workbook(p, f"<row>{'<c><v>1</v></c>' * 2001}</row>"), {}, COLUMNS,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", cases(WORKBOOKS))
def test_a_workbook_that_takes_more_memory_than_there_is_is_refused(shop, home, capsys, what):
    write, settings, limit = WORKBOOKS[what]
    shop.source.mkdir()
    write(shop.source / "log.xlsx")
    for setting, value in settings.items():
        home.setenv(setting, value)
    # Making one of them takes more than reading it may.
    refused(home, capsys, shop.source, "--format", "online-retail", name="log.xlsx", limit=limit)


OTHERS = {
    "cdnow": ("log.txt", b"00001 19970101 1 11.77\n"),
    "online-retail": (
        "log.csv",
        b"InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n",
    ),
}


@pytest.mark.parametrize("format_", OTHERS)
def test_the_other_formats_have_the_limit_of_a_line_too(shop, home, capsys, format_):
    name, start = OTHERS[format_]
    shop.source.mkdir()
    sparse(shop.source / name, start)
    refused(home, capsys, shop.source, "--format", format_, name=name, limit=LINE)


# What is large and no more than that.


def test_a_wide_file_with_long_lines_loads_as_before(shop):
    wide = f"{many(1996)}\n" + f"o1,c1,2025-03-01T10:00:00Z,12.50{',x' * 1996}\n"
    long = f"customer_id,note\nc1,{'x' * 10 * MB}\nc2,\n"
    report = shop.load({"orders.csv": wide, "customers.csv": long})
    assert [table.name for table in report.tables][:2] == ["customers", "orders"]
    assert shop.landed("orders", "order_id, extra_1995") == [("o1", "x")]
    assert shop.landed("customers", "customer_id, length(note)")[0] == ("c1", 10 * MB)


def test_a_limit_that_is_raised_lets_a_file_in(shop, home):
    shop.write({"customers.csv": CUSTOMERS, "orders.csv": f"{many(3000)}\n"})
    assert winback_load(home, str(shop.source)) == 1
    home.setenv(COLUMNS, "3004")
    assert winback_load(home, str(shop.source)) == 0


def test_parquet_rows_with_long_texts_come_in_smaller_batches(shop, monkeypatch):
    monkeypatch.setattr("winback.landing._parquet_size.BATCH_BYTES", 5 * MB)
    shop.write({"customers.csv": CUSTOMERS})
    ids = {"order_id": [f"o{n}" for n in range(20)]}
    columns = repeated(20) | ids | {"note": same_text(20, 10**6), "tags": [["a", "b"]] * 20}
    rows_of(shop.source / "orders.parquet", columns)
    sizes = [
        len(batch.rows)
        for batch in ParquetReader(shop.source / "orders.parquet", as_text={}).batches()
    ]
    assert sizes == [0, 5, 5, 5, 5]
    shop.load()
    assert len(shop.landed("orders", "order_id")) == 20


@pytest.mark.parametrize("piece", ["1", "1,", ".", " ", "-", "1e"])
def test_an_amount_of_absurd_length_is_none_at_once(piece):
    text = piece * (1_000_000 // len(piece)) + "+"
    began = time.process_time()
    assert read_amount(text) is None
    assert decimal_mark(text) is None
    assert time.process_time() - began < 1


def test_quotes_in_wrong_places_all_over_a_file_cost_no_more_than_its_length(shop):
    began = time.monotonic()
    report = shop.load({"orders.csv": ORDERS + '"\n",' * 5_000 + '"\n'})
    assert time.monotonic() - began < 60
    assert shop.landed("orders", "order_id") == [("o1",)]
    assert report.sources[1].rejected > 0


@pytest.mark.parametrize("lines", [2, 900])
def test_a_cell_of_many_lines_is_one_row(shop, lines):
    note = "\n".join(["x"] * lines)
    shop.load({"customers.csv": f'customer_id,note\nc1,"{note}"\nc2,\n'})
    assert shop.landed("customers", "customer_id, note")[0] == ("c1", note)


def test_a_packed_file_that_is_damaged_is_told_in_a_line(shop, home, capsys):
    packed = bytearray(gzip.compress(ORDERS.encode() * 500))
    packed[40:60] = bytes(20)
    shop.write({"customers.csv": CUSTOMERS, "orders.csv.gz": bytes(packed)})
    assert winback_load(home, str(shop.source)) == 1
    assert "orders.csv.gz can't be read to its end" in capsys.readouterr().err


@pytest.mark.parametrize("name", [b"\0hone", b"\x80hone"])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_column_that_nothing_can_name_is_told_in_a_line(shop, kind, name):
    if kind == "csv":
        content = b"customer_id,phone\nc1,\n"
    else:
        stream = io.BytesIO()
        pq.write_table(pa.table({"customer_id": ["c1"], "phone": [""]}), stream)
        content = stream.getvalue()
    with pytest.raises(WinbackError, match=rf"customers\.{kind}") as refused:
        shop.load({f"customers.{kind}": content.replace(b"phone", name)})
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("which", [0, 1], ids=["schema", "chunk"])
def test_a_parquet_file_whose_names_are_no_utf8_is_refused_in_one_line(tmp_path, which):
    path = tmp_path / "orders.parquet"
    rows_of(path, ORDER | {"zzname": ["x"]})
    whole = path.read_bytes()
    places = [found.start() for found in re.finditer(b"zzname", whole)]
    path.write_bytes(whole[: places[which]] + b"\x80" + whole[places[which] + 1 :])
    with pytest.raises(WinbackError, match=r"orders\.parquet is not a readable Parquet file"):
        list(ParquetReader(path, as_text={}).batches())


# Reads a Parquet file once for every byte of its end, with that byte changed.
CHANGED_ENDS = """
import sys
from pathlib import Path
from winback.base.errors import WinbackError
from winback.landing._limits import Limits
from winback.landing._parquet_size import rows_at_once

path = Path(sys.argv[1])
whole = path.read_bytes()
end = len(whole) - 8
refused = 0
for place in range(end - int.from_bytes(whole[end:-4], "little"), end):
    path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    try:
        rows_at_once(path, Limits())
    except WinbackError:
        refused += 1
print(refused)
"""


@pytest.mark.slow
def test_no_broken_end_of_a_parquet_file_ends_the_process(tmp_path):
    path = tmp_path / "orders.parquet"
    rows_of(path, {"order_id": ["o1", "o2"], "customer_id": ["c1", None]})
    command = [sys.executable, "-c", CHANGED_ENDS, str(path)]
    read = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (read.returncode, read.stderr) == (0, "")
    assert int(read.stdout) > 100


def test_a_parquet_file_is_read_where_its_path_looks_like_a_pattern(tmp_path):
    folder = tmp_path / "a[b]*?"
    folder.mkdir()
    rows_of(folder / "orders.parquet", ORDER)
    read = ParquetReader(folder / "orders.parquet", as_text={}).batches()
    assert sum(len(batch.rows) for batch in read) == 1
