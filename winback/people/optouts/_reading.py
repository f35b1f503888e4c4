"""The lines of a list, whatever separates its cells and however it is encoded or packed."""

from __future__ import annotations

import codecs
import csv
import gzip
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from winback.base.errors import UsageError, WinbackError
from winback.landing import Limits, XlsxReader
from winback.people.optouts._json import is_json, read_records
from winback.people.optouts._line import Line
from winback.people.optouts._words import NAMING, kind_of, may_be_header

SEPARATORS: Final = ",;\t|"
# A quoted cell of more lines than these began with a stray quote.
_LONGEST_CELL: Final = 50
_LINE: Final = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$")
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_GZIP, _ZIP, _OLE = b"\x1f\x8b", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


def read_lines(path: Path, limits: Limits) -> Iterator[Line]:
    """All rows that aren't blank, a header among them. Raises WinbackError for no such file.

    A list of opt-outs is small: it is read whole.
    """
    try:
        content = _content(path, limits)
    except (OSError, EOFError, zlib.error) as error:
        raise WinbackError(f"{path.name} can't be read to its end: {error}") from None
    if content.startswith((_ZIP, _OLE)):
        return _workbook(path, limits)
    if is_json(content):
        return read_records(content, path.name)
    lines = _lines(content)
    for number, line in enumerate(lines, start=1):
        limits.check_line(path.name, len(line), number)
    return _text_file(lines, path.name, limits)


def _content(path: Path, limits: Limits) -> bytes:
    """The whole file, unpacked; refused before it is read further than a list may be long."""
    most = (limits.list_megabytes << 20) + 1
    with path.open("rb") as file:
        content = file.read(most)
        if content.startswith(_GZIP):
            file.seek(0)
            content = gzip.GzipFile(fileobj=file).read(most)
    limits.check_list(path.name, len(content))
    return content


def _workbook(path: Path, limits: Limits) -> Iterator[Line]:
    if path.suffix.lower() not in {".xlsx", ".xlsm", ".xls", ".ods"}:
        raise UsageError(f"{path.name} is an archive: unpack it, and import the files in it.")
    reader = XlsxReader(path, limits=limits)
    yield Line(reader.first_line, json.dumps(reader.columns, ensure_ascii=False), reader.columns)
    for batch in reader.batches():
        for row in batch.rows.select(["__line", "__row"]).to_pylist():
            yield Line(row["__line"], row["__row"], json.loads(row["__row"]))


def _lines(content: bytes) -> list[str]:
    """Physical lines with their ends; those that are no UTF-8 as Windows writes them."""
    encoding = "utf-8"
    for mark, named in _MARKS:
        if content.startswith(mark):
            content, encoding = content.removeprefix(mark), named
            break
    else:
        if b"\0" in content[:200]:
            encoding = "utf-16-le" if content[1:2] == b"\0" else "utf-16-be"
    if encoding != "utf-8":
        content = content.decode(encoding, "replace").encode()
    return [_decoded(line) for line in _LINE.findall(content)]


def _decoded(line: bytes) -> str:
    for encoding in ("utf-8", "cp1252"):
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            continue
    return line.decode("latin-1")


def _text_file(lines: Sequence[str], file: str, limits: Limits) -> Iterator[Line]:
    place = 0
    separator = ""
    header: list[str] = []
    is_named = False
    while place < len(lines):
        if not lines[place].strip(" \t\r\n\0"):
            place += 1
            continue
        if not is_named:
            if told := re.fullmatch(r"\"?sep=(.)\"?\s*", lines[place], re.IGNORECASE):
                separator, is_named = told[1], True
                place += 1
                continue
            cells_at_most = max(map(lines[place].count, SEPARATORS)) + 1
            limits.check_columns(file, cells_at_most)
            found = _separator(lines[place])
            # A line above the header has none of its columns.
            is_named = _named(lines[place], found) > 0
            is_guess = not separator and may_be_header(_cells(lines[place], found))
            separator = found if is_named or is_guess else separator
        cells, used = _record(lines, place, separator or SEPARATORS[0])
        header = header or (cells or [] if is_named else [])
        if used > 1 and (
            len(cells or ()) != len(header)
            or any(_is_row(line, separator, header) for line in lines[place + 1 : place + used])
        ):
            cells, used = None, 1
        yield Line(place + 1, "".join(lines[place : place + used]).rstrip("\r\n"), cells)
        place += used


def _separator(header: str) -> str:
    """What separates the columns: with it the most of them have a name that we know."""

    def known(sign: str) -> tuple[int, int, int]:
        kinds = [kind_of(cell) for cell in _cells(header, sign)]
        return sum(kind in NAMING for kind in kinds), sum(map(bool, kinds)), header.count(sign)

    return max(SEPARATORS, key=known)


def _cells(line: str, separator: str) -> list[str]:
    return _record([line], 0, separator)[0] or []


def _named(header: str, separator: str) -> int:
    return sum(kind_of(cell) in NAMING for cell in _cells(header, separator))


def _is_row(line: str, separator: str, header: Sequence[str]) -> bool:
    """Whether a line inside a quoted cell is a row of its own: the quote before it was a slip."""
    cells = _cells(line, separator)
    if len(header) == 1 or line.count('"') % 2 or len(cells) != len(header):
        return False
    return any(
        kind_of(name) in NAMING and cell.strip() for name, cell in zip(header, cells, strict=True)
    )


def _record(lines: Sequence[str], place: int, separator: str) -> tuple[list[str] | None, int]:
    """The cells of the record that begins there, None where a quote breaks it, and its lines."""
    if '"' not in lines[place]:
        return lines[place].rstrip("\r\n").split(separator), 1
    reader = csv.reader(lines[place : place + _LONGEST_CELL], delimiter=separator, strict=True)
    try:
        return next(reader), reader.line_num
    except csv.Error:
        return None, 1
