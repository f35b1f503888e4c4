"""Lists of opt-outs that no tool exports: refused in a line, and nobody on them is overlooked."""

from __future__ import annotations

import gzip
import os
import resource
import time

import pytest
from typer.testing import CliRunner

from winback.cli._app import app
from winback.people.optouts._addresses import read_cell, read_whole

MB = 1 << 20
LINE, LIST = "WINBACK_INPUT_LINE_MEGABYTES", "WINBACK_LIST_MEGABYTES"
COLUMNS = "WINBACK_INPUT_COLUMNS"


def sparse(path, start=b"email\nann@example.com\n"):
    path.write_bytes(start)
    os.truncate(path, 1536 * MB)


def packed(path, content):
    path.write_bytes(gzip.compress(content))


LISTS = {
    "20,000 columns": (
        "list.csv", lambda p: p.write_text("email," + "x," * 20_000 + "\nann@example.com\n"), {},
        COLUMNS,
    ),
    "20,000 columns by semicolons": (
        "list.txt", lambda p: p.write_text("email;" + "x;" * 20_000), {}, COLUMNS,
    ),
    "20,000 addresses in a line": (
        "list.txt", lambda p: p.write_text(", ".join(f"a{n}@example.com" for n in range(20_000))),
        {}, COLUMNS,
    ),
    "a file of 1.5 GB": ("list.csv", sparse, {}, LIST),
    "a gigabyte in a megabyte": (
        "list.csv.gz", lambda p: p.write_bytes(gzip.compress(bytes(64 * MB)) * 16), {}, LIST,
    ),
    "a list that unpacks to more than a lower limit": (
        "list.csv.gz", lambda p: packed(p, b"email\n" + b"ann@example.com\n" * 99_999),
        {LIST: "1"}, LIST,
    ),
    "a list over a lower limit": (
        "list.txt", lambda p: p.write_bytes(b"ann@example.com\n" * 99_999), {LIST: "1"}, LIST,
    ),
    "a line of 20 MB": (
        "list.csv", lambda p: p.write_text(f"email\nann@example.com\n{'x' * 20 * MB}\n"), {}, LINE,
    ),
    "a first line of 20 MB": ("list.txt", lambda p: p.write_text("x" * 20 * MB), {}, LINE),
    "a quoted line of 20 MB": (
        "list.csv", lambda p: p.write_text(f'email\n"{"x" * 20 * MB}'), {}, LINE,
    ),
    "a line of UTF-16 over a lower limit": (
        "list.csv", lambda p: p.write_text(f"email\n{'x' * 2 * MB}\n", encoding="utf-16"),
        {LINE: "1"}, LINE,
    ),
    "a line of 20 MB, packed": (
        "list.txt.gz", lambda p: packed(p, b"ann@example.com\n" + b"x" * 20 * MB), {}, LINE,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", LISTS)
def test_a_list_of_absurd_size_is_refused_with_its_limit_and_setting(tmp_path, monkeypatch, what):
    name, write, settings, limit = LISTS[what]
    monkeypatch.setenv("WINBACK_HOME", str(tmp_path / "home"))
    for setting, value in settings.items():
        monkeypatch.setenv(setting, value)
    write(tmp_path / name)
    before, began = peak(), time.monotonic()
    result = CliRunner().invoke(app, ["suppressions", "import", str(tmp_path / name)])
    assert result.exit_code == 1
    message = str(result.exception)
    assert message.startswith(name)
    assert f"raise {limit} if it is right" in message
    assert "nothing of it was loaded" in message
    assert time.monotonic() - began < 30
    assert peak() - before < 600 * MB


def peak():
    """The most that this process ever had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def test_a_damaged_packed_list_is_told_in_a_line(tmp_path, monkeypatch):
    monkeypatch.setenv("WINBACK_HOME", str(tmp_path / "home"))
    content = bytearray(gzip.compress(b"email\nann@example.com\n" * 500))
    content[20:40] = bytes(20)
    (tmp_path / "list.csv.gz").write_bytes(content)
    result = CliRunner().invoke(app, ["suppressions", "import", str(tmp_path / "list.csv.gz")])
    assert result.exit_code == 1
    assert "list.csv.gz can't be read to its end" in str(result.exception)


def test_a_long_list_is_imported(tmp_path, monkeypatch):
    monkeypatch.setenv("WINBACK_HOME", str(tmp_path / "home"))
    (tmp_path / "list.csv").write_text(
        "email" + "".join(f",c{n}" for n in range(1_999)) + "\n" + "a@example.com" + "," * 1_999
    )
    result = CliRunner().invoke(app, ["suppressions", "import", str(tmp_path / "list.csv")])
    assert result.exit_code == 0, result.output
    assert "1 opt-outs new" in result.output


@pytest.mark.parametrize("piece", ["a", ",", " ", "\t", "<", ",<", ',"', "@", "mailto:", "1"])
@pytest.mark.parametrize("begin", ["", "@", "x@a"])
def test_a_cell_is_read_in_proportion_to_its_length(begin, piece):
    text = begin + piece * (30_000 // len(piece)) + "b"
    began = time.process_time()
    read_cell(text, "any", ["US"])
    read_whole(text, hashes=True)
    assert time.process_time() - began < 1


def test_a_cell_of_many_addresses_names_each_once():
    every = [f"a{n}@example.com" for n in range(4_000)]
    began = time.process_time()
    found = read_cell(";".join(every * 2), "any", ["US"]).addresses
    assert [address.text for address in found] == every
    assert time.process_time() - began < 2
