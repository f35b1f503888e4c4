"""The cells of our CSV files: a spreadsheet shows what strangers wrote, and never runs it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Final

# What a spreadsheet takes for a formula (OWASP, CSV injection), whatever blanks it skips before.
_ACTS: Final = re.compile(
    r"['\s\0\u200b\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20\t\n\v\f\r\x85\u2028\u2029]"
)
_PHONE: Final = re.compile(r"'*\+[0-9]+")


def as_text(cell: str) -> str:
    """The cell with an apostrophe before it where it would act; `plain` takes it away again."""
    return f"'{cell}" if _acts(cell) else cell


def plain(cell: str) -> str:
    """What was meant by a cell that `as_text` wrote."""
    return cell[1:] if cell[:1] == "'" and _acts(cell[1:]) else cell


def _acts(cell: str) -> bool:
    return bool(_ACTS.match(cell)) and not _PHONE.fullmatch(cell)


class CellWriter:
    """A CSV file for people and other tools, all of whose cells are text."""

    def __init__(self, stream: IO[str]) -> None:
        self._writer = csv.writer(stream, lineterminator="\n")
        # Python leaves a lone \r unquoted, and readers begin a new row there.
        self._quoting = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)

    def writerow(self, row: Iterable[object]) -> None:
        """Write one row; None is an empty cell."""
        cells = ["" if cell is None else as_text(str(cell)) for cell in row]
        is_broken = any("\r" in cell for cell in cells)
        (self._quoting if is_broken else self._writer).writerow(cells)

    def writerows(self, rows: Iterable[Iterable[object]]) -> None:
        """Write several rows."""
        for row in rows:
            self.writerow(row)


def read_cells(path: Path) -> list[list[str]]:
    """The rows of a file that CellWriter wrote, the head among them, as they were meant."""
    with path.open(newline="", encoding="utf-8") as file:
        return [[plain(cell) for cell in row] for row in csv.reader(file)]
