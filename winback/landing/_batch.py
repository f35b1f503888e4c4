"""What every reader hands on: some rows of a file as columns, and the rows it could not read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from winback.base.errors import WinbackError

LINE = "__line"  # where a row stands in its file, the header being line 1
ROW = "__row"  # the row as it was sent: goes to landing/rejected, never to landing/shop
RESERVED = frozenset({LINE, ROW, "__reason"})


class Rejected(NamedTuple):
    """A row that landing will not hold."""

    line: int
    reason: str
    row: str


@dataclass(frozen=True)
class Batch:
    """Rows of one file.

    `rows` is an Arrow table with the file's columns, `LINE` (bigint) and `ROW` (text).
    `read_bytes` says how much of the file has been read so far.
    """

    rows: Any
    read_bytes: int
    rejected: list[Rejected] = field(default_factory=list)


class Reader(Protocol):
    """A file as batches, at least one, so that its columns are known even where it has no row."""

    columns: list[str]

    def batches(self) -> Iterator[Batch]: ...


def check_names(file: str, names: Iterable[str]) -> None:
    """Raise WinbackError for a column that no SQL can name."""
    if any("\0" in name for name in names):
        raise WinbackError(
            f"{file}: a column's name holds a NUL, as of a damaged file. Next: write it anew and "
            "load it again"
        )


def printable(row: str) -> str:
    """The row without its line end; bytes that are no UTF-8 become `\\xff` escapes."""
    row = row.rstrip("\r\n")
    return row.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
