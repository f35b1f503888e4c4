"""The second look at rows that have a fault: other ways of writing, and the column's help.

Only rows that the first look could not take come here, so files that are written as ours
cost nothing. A value that two ways of reading fit waits until the whole column has been
seen: then the file is read again for what its other values prove.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from winback.landing._amounts import decimal_mark, read_amount
from winback.landing._batch import LINE, Reader
from winback.landing._casts import SPACES, Spec, is_year_first
from winback.landing._dates import Order, day_or_month_first, read_date
from winback.landing._doubt import Doubt
from winback.landing._words import read_words

_Read = Callable[..., str | Doubt | None]
_CHUNK_ROWS = 100_000
_WAYS: Final = {
    "timestamp": "may begin with the day or with the month",
    "decimal": "may be thousands or have three decimals",
}


class SecondLook:
    """Rewrites the texts of a file's faulty rows as ours; rows in doubt wait in `path`."""

    def __init__(self, spec: Spec, reader: Reader, path: Path) -> None:
        self._spec = spec
        self._reader = reader
        self._path = path
        self._waiting: Any = None
        self._in_doubt: dict[str, int] = {}
        self._readers = {
            column.name: found
            for column in spec.table.columns
            if column.name in reader.columns and (found := _reader_of(spec, column.name))
        }

    def look(self, rows: Any) -> Any:
        """The rows rewritten, without those that must wait."""
        rewritten, is_open = self._rewritten(rows, {})
        if pc.any(is_open).as_py():
            waiting = rows.filter(is_open)
            self._waiting = self._waiting or pq.ParquetWriter(self._path, waiting.schema)
            self._waiting.write_table(waiting.cast(self._waiting.schema))
        return rewritten.filter(pc.invert(is_open))

    def decided(self) -> Iterator[Any]:
        """The rows that waited, rewritten by what their columns prove."""
        if self._waiting is None:
            return
        self._waiting.close()
        proofs = self._proofs()
        self._in_doubt.clear()
        with pq.ParquetFile(self._path) as file:
            for rows in file.iter_batches(_CHUNK_ROWS):
                yield self._rewritten(pa.Table.from_batches([rows]), proofs)[0]

    def notes(self, file: str) -> list[str]:
        """The values that their column did not tell how to read, and what to do."""
        return [
            f"{file}: {count:,} values of {name} {_WAYS[self._kind(name)]}, and no other value of "
            f"the column tells. {self._next(name)}"
            for name, count in self._in_doubt.items()
        ]

    def advice(self) -> str:
        """What to do about the first such column, where there is one."""
        return next((self._next(name) for name in self._in_doubt), "")

    def _next(self, name: str) -> str:
        if self._kind(name) == "decimal":
            return f"Next: write {name} with two decimals and load again"
        table = self._spec.table.name
        return f"Next: winback load DIR --date-format {table}=%d/%m/%Y (or {table}=%m/%d/%Y)"

    def _kind(self, name: str) -> str:
        return _type_of(self._spec, name)

    def _rewritten(self, rows: Any, proofs: dict[str, Any]) -> tuple[Any, Any]:
        """The rows, and which of them hold a text that is still open."""
        is_open = pa.array([False] * len(rows), pa.bool_())
        for name, read in self._readers.items():
            texts = pa.chunked_array(rows[name].cast(pa.string())).combine_chunks()
            coded = texts.dictionary_encode()
            known = coded.dictionary.to_pylist()
            found = [self._read(name, read, text, proofs) for text in known]
            opened = pa.array([item is Doubt.OPEN for item in found], pa.bool_())
            if pc.any(opened).as_py():
                here = pc.fill_null(opened.take(coded.indices), False)
                self._in_doubt[name] = self._in_doubt.get(name, 0) + pc.sum(here).as_py()
                is_open = pc.or_(is_open, here)
            # An open text must not pass for what it seems to be.
            written = [
                f"{t} ?" if f is Doubt.OPEN else f for t, f in zip(known, found, strict=True)
            ]
            new = pa.array(written, pa.string()).take(coded.indices)
            rows = rows.set_column(rows.column_names.index(name), name, new)
        return rows, is_open

    def _read(self, name: str, read: _Read, text: str, proofs: dict[str, Any]) -> str | Doubt:
        stripped = text.strip(SPACES)
        found = read(stripped, proofs[name]) if proofs.get(name) else read(stripped)
        return text if found is None else found

    def _proofs(self) -> dict[str, Any]:
        """The decimal mark, or the order of day and month, of each column in doubt."""
        proofs: dict[str, set[Any]] = {name: set() for name in self._in_doubt}
        for batch in self._reader.batches():
            for name, found in proofs.items():
                is_date = self._kind(name) == "timestamp"
                prove = day_or_month_first if is_date else decimal_mark
                for text in pc.unique(batch.rows[name].cast(pa.string())).to_pylist():
                    found.add(prove(text.strip(SPACES)) if text else None)
        return {
            name: next(iter(told))
            for name, found in proofs.items()
            if len(told := found - {None}) == 1
        }


def faulty(rows: Any, lines: Any) -> Any:
    """The rows of a batch that stand on these lines."""
    return rows.filter(pc.is_in(rows[LINE], lines.combine_chunks()))


def _type_of(spec: Spec, name: str) -> str:
    return next(column.type for column in spec.table.columns if column.name == name)


def _reader_of(spec: Spec, name: str) -> _Read | None:
    if name in spec.words:
        return read_words(spec.words[name])
    kind = _type_of(spec, name)
    if kind == "timestamp":
        return partial(_read_stated, spec.date_format) if spec.date_format else read_date
    if kind == "decimal":
        return read_amount
    return _read_whole if kind == "integer" else None


def _read_stated(format_: str, text: str, order: Order | None = None) -> str | Doubt | None:
    """What fits the stated format, else what is without doubt and can't be one that misses it."""
    with suppress(ValueError):
        return datetime.strptime(text, format_).isoformat()  # noqa: DTZ007  # the shop's zone
    return f"{text} ?" if is_year_first(format_) else read_date(text, order, stated=True)


def _read_whole(text: str) -> str | None:
    found = read_amount(text)
    return None if isinstance(found, Doubt) else found
