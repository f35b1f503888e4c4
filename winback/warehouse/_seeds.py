"""Seeds are edited by hand: what is wrong with a row is told by file and line."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, Final

import duckdb

from winback.base.duck import connect, rows_of
from winback.base.errors import BuildFailure

_SHOWN_ROWS: Final = 3
_SHOWN_TEXT: Final = 60


def check_seeds(folder: Path) -> None:
    """Raise BuildFailure for the first line that has more or fewer columns than its head, and
    for a word of a content series that means something else too."""
    for path in sorted(folder.glob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            _check(path, csv.reader(file, strict=True))
    from winback.replies import check_series_words  # here: a receiver builds nothing

    check_series_words(folder)


def _check(path: Path, rows: Any) -> None:
    begins = 1
    width = 0
    try:
        for row in rows:
            width = width or len(row)
            # An empty line is skipped by who loads it.
            if row and len(row) != width:
                raise _bad_line(path, begins, f"{len(row)} columns instead of {width}")
            begins = rows.line_num + 1
    except (csv.Error, UnicodeDecodeError) as error:
        raise _bad_line(path, begins, str(error)) from error


def _bad_line(path: Path, line: int, what: str) -> BuildFailure:
    return BuildFailure(
        f"seed {path.name}, line {line}: {what}. Next: mend the line (a value with a comma "
        "stands in double quotes), then run it again"
    )


def failing_rows(warehouse: Path, result: Any) -> str:
    """Some of the rows that a failed test found, where it stands on seeds alone.

    A seed is written by the shop's staff and holds nobody's data; rows of any other
    table are never shown. Empty where there is nothing to show.
    """
    node = result.node
    query = getattr(node, "compiled_code", None)
    stands_on = node.depends_on.nodes
    if str(result.status) != "fail" or not query or not stands_on:
        return ""
    if not all(name.startswith("seed.") for name in stands_on):
        return ""
    try:
        with connect(warehouse) as connection:
            found = rows_of(connection.execute(f"from ({query}) limit {_SHOWN_ROWS}"))
    except duckdb.Error:
        return ""  # The rule's name is told in any case.
    return f": {'; '.join(map(_words, found))}" if found else ""


def _words(row: dict[str, Any]) -> str:
    return " ".join(f"{name}={str(value)[:_SHOWN_TEXT]}" for name, value in row.items())
