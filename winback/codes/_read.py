"""A file of codes: a CSV whose header names a column `code`, or one code a line."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from winback.base.cells import plain
from winback.base.errors import UsageError

if TYPE_CHECKING:
    from winback.landing import Limits

_SEPARATORS: Final = ",;\t"
_ENDS: Final = re.compile(r"\r\n|\r|\n")
_NAMES: Final = {
    "code": "code", "discount code": "code", "coupon code": "code", "coupon": "code",
    "offer_id": "offer_id", "offer": "offer_id",
    "ends_at": "ends_at", "ends at": "ends_at", "expires_at": "ends_at", "end date": "ends_at",
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A row as it stands in the file; `number` is that of its physical line, from 1."""

    number: int
    code: str
    offer_id: str
    ends_at: str
    text: str


def read_file(file: Path, limits: Limits) -> tuple[Iterator[Line], bool]:
    """The rows of a file, and whether it has a column of offers. Blank lines are left out.

    Raises UsageError for what is no list of codes, WinbackError for one that is too large.
    """
    if not file.is_file():
        raise UsageError(f"{file} is not a file.")
    limits.check_list(file.name, file.stat().st_size)
    content = file.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    if not text.strip():
        raise UsageError(f"{file.name} is empty.")
    first = next(line for line in _ENDS.split(text) if line.strip())
    separator = max(_SEPARATORS, key=first.count)
    header = [_NAMES.get(cell.strip(' "').lower(), "") for cell in first.split(separator)]
    if "code" not in header and separator in first:
        raise UsageError(
            f"{file.name} has no column code: its first line must name one, or the file must have "
            "one code a line."
        )
    return _lines(text, separator, header), "offer_id" in header


def _lines(text: str, separator: str, header: list[str]) -> Iterator[Line]:
    has_header = "code" in header
    for number, line in enumerate(_ENDS.split(text), start=1):
        if not line.strip():
            continue
        if has_header:
            has_header = False
            continue
        # Line by line, since no code has two: a stray quote swallows no other.
        named = header if "code" in header else ["code"]
        cells = zip(named, _cells(line, separator), strict=False)
        row = {name: plain(cell).strip() for name, cell in cells}
        yield Line(
            number, row.get("code", ""), row.get("offer_id", ""), row.get("ends_at", ""), line
        )


def _cells(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator))
    except csv.Error:
        return [line]
