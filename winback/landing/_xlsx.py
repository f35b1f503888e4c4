"""Read the one sheet of an Excel workbook; `line` is the sheet's row, the header being 1."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pyarrow as pa

from winback.errors import UsageError, WinbackError
from winback.landing._batch import LINE, ROW, Batch

BATCH_ROWS = 50_000

Cell = int | float | str | bool | time | date | datetime | timedelta


class XlsxReader:
    """A workbook with lines on one sheet; cells become the text a CSV would hold."""

    def __init__(self, path: Path) -> None:
        from python_calamine import CalamineError, CalamineWorkbook

        self._path = path
        try:
            book = CalamineWorkbook.from_path(path)
            sheets = [book.get_sheet_by_name(name) for name in book.sheet_names]
        except CalamineError as error:
            raise WinbackError(f"{path.name} is not a readable workbook: {error}") from None
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
        for line, row in enumerate(self._rows, start=self.first_line + 1):
            cells = [_text(cell) for cell in row]
            if any(cells):
                chunk.append((line, cells))
            if len(chunk) == BATCH_ROWS:
                yield self._batch(chunk, 0)
                chunk = []
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
