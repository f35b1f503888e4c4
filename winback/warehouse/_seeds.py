"""Seeds are edited by hand: what is wrong with a row is told by file and line."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import duckdb

from winback.base.duck import rows_of
from winback.base.errors import BuildFailure
from winback.base.overlay import own_place
from winback.warehouse._places import seed_rows

_SHOWN_ROWS: Final = 3


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
    place = own_place(path.parents[2], f"dbt_project/seeds/{path.name}", str(line))
    return BuildFailure(
        f"{place}: {what}. Next: mend the line (a value with a comma "
        "stands in double quotes), then run it again"
    )


def broken_rows(
    connection: duckdb.DuckDBPyConnection, query: str, stands_on: Sequence[str], folder: Path
) -> str:
    """Some of the rows that a failed test found, by file and line, if it stands on seeds alone.

    A seed is written by the shop's staff and holds nobody's data; rows of any other
    table are never shown. Empty where there is nothing to show.
    """
    seeds = [name.rpartition(".")[2] for name in stands_on if name.startswith("seed.")]
    if not query or not seeds or len(seeds) < len(stands_on):
        return ""
    try:
        found = rows_of(connection.execute(f"from ({query}) limit {_SHOWN_ROWS}"))
    except duckdb.Error:
        return ""  # The rule's name is told in any case.
    return seed_rows(folder, seeds, found)
