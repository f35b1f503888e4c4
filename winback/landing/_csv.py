"""Read CSV so that every record keeps its physical line and a bad one costs only itself.

Blocks of whole lines go one of three ways. Arrow splits a block whose quotes all stand in the
right place, without a blank line or a wrong number of fields. Any other is cut into pieces: those
where each line is a whole record are read at once by the csv module; the rest go record by record,
which is slowest but can say which line is wrong and why.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from winback.base.errors import WinbackError
from winback.landing._batch import LINE, RESERVED, ROW, Batch, Rejected, check_names, printable
from winback.landing._limits import Limits
from winback.landing._records import Records, find_records

BLOCK_BYTES = 8 << 20  # 200-300 thousand order lines: bounds memory, amortizes a query a block
PIECE_BYTES = 64 << 10
# A record of more lines began with a stray quote: reading on to the end of the file for each
# such line would take its length squared.
RECORD_LINES = 1000


class CsvReader:
    """One CSV file (or `.csv.gz`), comma-separated, with a header line.

    `rename` gives the header's columns the names that are wanted; one without a name is skipped.
    """

    def __init__(
        self,
        path: Path,
        *,
        encoding: str = "utf-8",
        limits: Limits | None = None,
        rename: Callable[[list[str]], list[str]] | None = None,
    ) -> None:
        """Read the header. Raises WinbackError where it is absent, unreadable or ambiguous."""
        self._path = path
        self._encoding = encoding
        self._limits = limits or Limits()
        self._rename = rename
        self._header: list[str] = []
        with self._open():
            self._header = self._read_header()
        self.columns = [name for name in self._header if name]

    def batches(self) -> Iterator[Batch]:
        with self._open():
            self._read_header()
            after_header = "".join(self._pending).encode("utf-8", "surrogateescape")
            after_header += b"".join(self._pieces)
            self._pending.clear()
            self._pieces.clear()
            self._rest = b""
            # Of a file without a row, an empty one tells the columns.
            yield self._read(after_header) if after_header else self._batch([], [], [])
            for block in self._blocks:
                yield self._read(self._rest + block)
            if self._rest:
                yield self._read_slowly(self._rest)

    @contextmanager
    def _open(self) -> Iterator[None]:
        with self._path.open("rb") as self._file:
            self._blocks = self._read_blocks()
            self._pieces: deque[bytes] = deque()
            self._pending: deque[str] = deque()
            self._line = 0
            yield

    def _read_blocks(self) -> Iterator[bytes]:
        """Blocks that end with a line end, in UTF-8 but for bytes that the encoding lacks."""
        is_packed = self._path.suffix == ".gz"
        opened = gzip.GzipFile(fileobj=self._file) if is_packed else self._file
        rest = b""
        unpacked = ended = 0
        try:
            # No line within one chunk can be over the limit.
            while chunk := opened.read(min(BLOCK_BYTES, self._limits.line_bytes)):
                unpacked += len(chunk)
                if is_packed:
                    self._limits.check_unpacked(self._path.name, unpacked)
                if rest:
                    size = len(rest) + _first_line(chunk)
                    self._limits.check_line(self._path.name, size, ended + 1)
                rest += chunk
                # A \r at the very end may be half of a \r\n: leave it for the next chunk.
                end = max(rest.rfind(b"\n"), rest.rfind(b"\r", 0, len(rest) - 1)) + 1
                if end:
                    block = rest[:end]
                    ended += block.count(b"\n") or block.count(b"\r")
                    yield self._utf8(block)
                    rest = rest[end:]
        except (OSError, EOFError, zlib.error) as error:
            raise WinbackError(f"{self._path.name} can't be read to its end: {error}") from None
        if rest:
            yield self._utf8(rest)

    def _utf8(self, block: bytes) -> bytes:
        if self._encoding == "utf-8":
            return block
        text = block.decode(self._encoding, "surrogateescape")
        return text.encode("utf-8", "surrogateescape")

    def _read_header(self) -> list[str]:
        block = next(self._blocks, b"").removeprefix(codecs.BOM_UTF8)
        self._pending.extend(_lines(block))
        records = self._records()
        for _, _, names, _ in records:
            if names is None or any(not _is_utf8(name) for name in names):
                raise WinbackError(
                    f"{self._path.name}: the header can't be read as UTF-8 CSV. Next: save the "
                    "file as UTF-8 (in Excel: CSV UTF-8) and load it again"
                )
            self._limits.check_columns(self._path.name, len(names))
            header = [name.strip().lower() for name in names]
            header = self._rename(header) if self._rename else header
            _check_header(self._path.name, header)
            return header
        raise WinbackError(f"{self._path.name} is empty: its first line must name the columns.")

    def _read(self, block: bytes) -> Batch:
        self._rest = b""
        records = find_records(block)
        if records is None or self._is_stray(block[records.size :]):
            return self._read_slowly(block)
        whole, self._rest = block[: records.size], block[records.size :]
        if not whole:
            return self._batch([], [], [])
        with suppress(pa.ArrowInvalid):
            return self._read_clean(whole, records)
        return self._read_slowly(block)

    def _is_stray(self, rest: bytes) -> bool:
        """Whether a record that is still open has become too long to be one."""
        return len(rest) > self._limits.line_bytes or rest.count(b"\n") >= RECORD_LINES

    def _read_slowly(self, block: bytes) -> Batch:
        self._rest = b""
        self._pieces.extend(_split(block))
        batches = []
        while self._pieces:
            piece = self._pieces.popleft()
            batches.append(self._read_tidy(piece) or self._read_record_by_record(piece))
        return Batch(
            pa.concat_tables([batch.rows for batch in batches]),
            self._file.tell(),
            [row for batch in batches for row in batch.rejected],
        )

    def _read_clean(self, block: bytes, records: Records) -> Batch:
        names = [name or f"__unnamed_{i}" for i, name in enumerate(self._header)]
        if len(names) == 1 and not all(line.strip() for line in block.splitlines()):
            raise pa.ArrowInvalid("a blank line, which Arrow takes for a field")
        if b'"' in block and np.diff(records.ends, prepend=0).max() > csv.field_size_limit():
            raise pa.ArrowInvalid("a field may be too long")
        rows = arrow_csv.read_csv(
            pa.py_buffer(block),
            read_options=arrow_csv.ReadOptions(column_names=names, block_size=len(block) + 1),
            parse_options=arrow_csv.ParseOptions(
                quote_char='"', newlines_in_values=True, ignore_empty_lines=False
            ),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=self.columns,
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
            ),
        )
        if len(rows) != len(records.ends):
            raise pa.ArrowInvalid("a record that Arrow splits elsewhere")
        lines = pa.array(records.lines_before + (self._line + 1), pa.int64())
        rows = rows.append_column(LINE, lines).append_column(ROW, _raw(block, records))
        self._line += records.lines
        return Batch(rows, self._file.tell())

    def _read_tidy(self, piece: bytes) -> Batch | None:
        """The piece, if each of its lines is one whole record; it may be quoted."""
        try:
            lines = list(io.StringIO(piece.decode(), newline=""))
            records = list(csv.reader(lines, strict=True))
        except (UnicodeDecodeError, csv.Error):
            return None
        if len(records) != len(lines) or any(len(r) != len(self._header) for r in records):
            return None
        if not all(line.strip() for line in lines):
            return None
        first = self._line + 1
        self._line += len(lines)
        return self._batch(records, list(enumerate(lines, start=first)), [])

    def _read_record_by_record(self, piece: bytes) -> Batch:
        self._pending.extend(_lines(piece))
        good: list[list[str]] = []
        lines: list[tuple[int, str]] = []
        rejected: list[Rejected] = []
        width = len(self._header)
        for line, row, fields, reason in self._records():
            if fields is None:
                rejected.append(Rejected(line, reason, printable(row)))
            elif not _is_utf8(row):
                rejected.append(Rejected(line, "not UTF-8", printable(row)))
            elif len(fields) != width:
                rejected.append(Rejected(line, _width_reason(fields, width), printable(row)))
            else:
                good.append(fields)
                lines.append((line, row))
        return self._batch(good, lines, rejected)

    def _records(self) -> Iterator[tuple[int, str, list[str] | None, str]]:
        """Records until no line is pending: first line, text, fields or None, why not.

        A record that spans lines and turns out wrong began with a stray quote: its
        first line alone is given back as wrong and the others are read again.
        """
        taken: list[str] = []
        reader = csv.reader(self._feed(taken), strict=True)
        while self._pending:
            taken.clear()
            fields: list[str] | None = None
            reason = ""
            try:
                fields = next(reader)
            except csv.Error as error:
                reason = _csv_reason(error)
            except StopIteration:
                return
            if len(taken) > 1 and (fields is None or len(fields) != len(self._header)):
                self._pending.extendleft(reversed(taken[1:]))
                del taken[1:]
                fields, reason = None, "a quote is not closed"
            if fields is None:
                reader = csv.reader(self._feed(taken), strict=True)
            first, row = self._line + 1, "".join(taken)
            self._line += len(taken)
            if row.strip():
                yield first, row, fields, reason

    def _feed(self, taken: list[str]) -> Iterator[str]:
        """Pending lines, and those of the next blocks while a record is still open."""
        size = 0
        while len(taken) < RECORD_LINES and size <= self._limits.line_bytes:
            size = size if taken else 0
            if not self._pending:
                if not self._pieces:
                    self._pieces.extend(_split(next(self._blocks, b"")))
                if not self._pieces:
                    return
                self._pending.extend(_lines(self._pieces.popleft()))
            line = self._pending.popleft()
            taken.append(line)
            size += len(line)
            yield line

    def _batch(
        self, good: list[list[str]], lines: list[tuple[int, str]], rejected: list[Rejected]
    ) -> Batch:
        columns = list(zip(*good, strict=True)) or [()] * len(self._header)
        arrays: dict[str, Any] = {
            name: pa.array(values, pa.string())
            for name, values in zip(self._header, columns, strict=True)
            if name
        }
        arrays[LINE] = pa.array([line for line, _ in lines], pa.int64())
        arrays[ROW] = pa.array([row.rstrip("\r\n") for _, row in lines], pa.string())
        return Batch(pa.table(arrays), self._file.tell(), rejected)


def _raw(block: bytes, records: Records) -> Any:
    """Each record as it was sent, without its line end."""
    offsets = np.concatenate(([0], records.ends)).astype(np.int32)
    raw = pa.StringArray.from_buffers(len(records.ends), pa.py_buffer(offsets), pa.py_buffer(block))
    return pc.ascii_rtrim(raw, characters="\r\n")


def is_utf8(path: Path) -> bool:
    """Whether the whole file decodes; needed where a file says nothing about its encoding."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while chunk := file.read(BLOCK_BYTES):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _first_line(block: bytes) -> int:
    """The bytes up to the first line end, or all of them."""
    ends = [place for end in (b"\n", b"\r") if (place := block.find(end)) >= 0]
    return min(ends, default=len(block))


def _split(block: bytes) -> Iterator[bytes]:
    """Pieces of whole lines: what is wrong with one slows only that piece down."""
    start = 0
    while start < len(block):
        end = block.find(b"\n", start + PIECE_BYTES) + 1 or len(block)
        yield block[start:end]
        start = end


def _lines(block: bytes) -> Iterator[str]:
    return io.StringIO(block.decode("utf-8", "surrogateescape"), newline="")


def _is_utf8(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_header(file: str, header: list[str]) -> None:
    """A column without a name is skipped; one name twice has no meaning."""
    check_names(file, header)
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise WinbackError(f"{file}: the header names {', '.join(twice)} twice.")
    reserved = sorted(RESERVED.intersection(header))
    if reserved:
        raise WinbackError(f"{file}: {', '.join(reserved)} can't be a column's name; rename it.")


def _width_reason(fields: list[str], width: int) -> str:
    kind = "short" if len(fields) < width else "long"
    return f"{kind} row: {len(fields)} fields where the header has {width}"


def _csv_reason(error: csv.Error) -> str:
    if "field larger" in str(error):
        return f"a field is over {csv.field_size_limit()} characters"
    return "a quote is not closed" if "end of data" in str(error) else "a quote in a wrong place"
