"""Read the one sheet of an Excel workbook; `line` is the sheet's row, the header being 1."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final

import pyarrow as pa

from winback.base.errors import UsageError, WinbackError
from winback.landing._batch import LINE, ROW, Batch
from winback.landing._limits import Limits

BATCH_ROWS = 50_000
BATCH_CHARACTERS = 64 << 20
# Every sheet is held whole, empty cells too, and a few KB may say of a cell that it is the last
# of a million rows, or the same long text in each: whoever runs out of memory at that is not us.
_PROBE: Final = """
import resource, sys
most = int(sys.argv[2]) << 20
resource.setrlimit(resource.RLIMIT_AS, (most, most))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
from python_calamine import CalamineError, CalamineWorkbook
try:
    book = CalamineWorkbook.from_path(sys.argv[1])
    for name in book.sheet_names:
        book.get_sheet_by_name(name)
except CalamineError:
    pass
"""

Cell = int | float | str | bool | time | date | datetime | timedelta


class XlsxReader:
    """A workbook with lines on one sheet; cells become the text a CSV would hold."""

    def __init__(self, path: Path, *, limits: Limits | None = None) -> None:
        from python_calamine import CalamineError, CalamineWorkbook

        self._path = path
        limits = limits or Limits()
        probe = [sys.executable, "-c", _PROBE, str(path), str(limits.memory_megabytes)]
        if subprocess.run(probe, check=False, capture_output=True).returncode:
            raise limits.no_memory(path.name)
        try:
            book = CalamineWorkbook.from_path(path)
            sheets = [book.get_sheet_by_name(name) for name in book.sheet_names]
        except CalamineError as error:
            raise WinbackError(f"{path.name} is not a readable workbook: {error}") from None
        for sheet in sheets:
            limits.check_columns(path.name, sheet.width)
        filled = [sheet for sheet in sheets if sheet.total_height > 0]
        if len(filled) > 1:
            raise UsageError(
                f"{path.name} has {len(filled)} sheets with rows; sheets may repeat each other's "
                "lines: save the one to load as CSV."
            )
        self._rows = filled[0].iter_rows() if filled else iter(())
        # Sheets may begin with empty rows, and iter_rows() leaves those out.
        start = filled[0].start if filled else None
        self.first_line = (start[0] if start else 0) + 1
        self.columns = [_text(cell).lower() for cell in next(self._rows, ())]

    def batches(self) -> Iterator[Batch]:
        size = self._path.stat().st_size
        yield self._batch([], 0)
        chunk: list[tuple[int, list[str]]] = []
        characters = 0
        for line, row in enumerate(self._rows, start=self.first_line + 1):
            cells = [_text(cell) for cell in row]
            if any(cells):
                chunk.append((line, cells))
                characters += sum(map(len, cells)) + len(cells)
            if len(chunk) == BATCH_ROWS or characters > BATCH_CHARACTERS:
                yield self._batch(chunk, 0)
                chunk, characters = [], 0
        yield self._batch(chunk, size)

    def _batch(self, chunk: Sequence[tuple[int, list[str]]], read_bytes: int) -> Batch:
        columns = {
            name: pa.array([cells[index] for _, cells in chunk], pa.string())
            for index, name in enumerate(self.columns)
            if name
        }
        columns[LINE] = pa.array([line for line, _ in chunk], pa.int64())
        columns[ROW] = pa.array(
            [json.dumps(cells, ensure_ascii=False) for _, cells in chunk], pa.string()
        )
        return Batch(pa.table(columns), read_bytes)


def _text(cell: Cell) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    return str(cell).strip()
