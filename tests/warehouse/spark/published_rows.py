"""Published tables of two homes, compared row by row and type by type."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from winback.base.duck import literal


@dataclass(frozen=True)
class Compared:
    """How many rows there are, and how many of one side alone: to the bit, and with every double
    at twelve digits."""

    rows: int
    differing: int
    differing_at_12_digits: int


def compare(one: Path, other: Path) -> dict[str, Compared]:
    """The tables of two sets by name. A table of one alone differs in all its rows."""
    names = {path.stem for folder in (one, other) for path in folder.glob("*.parquet")}
    return {
        name: _compared(one / f"{name}.parquet", other / f"{name}.parquet")
        for name in sorted(names)
    }


def _compared(one: Path, other: Path) -> Compared:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        if not (one.exists() and other.exists()):
            only = one if one.exists() else other
            rows = connection.execute(f"select count(*) from {literal(only)}").fetchall()[0][0]
            return Compared(rows, rows, rows)
        columns = connection.execute(f"describe select * from {literal(one)}").fetchall()
        theirs = connection.execute(f"describe select * from {literal(other)}").fetchall()
        assert [it[:2] for it in columns] == [it[:2] for it in theirs], one.stem
        exact = ", ".join(f'"{it[0]}"' for it in columns)
        shown = ", ".join(
            f"printf('%.11e', \"{it[0]}\")" if it[1] == "DOUBLE" else f'"{it[0]}"' for it in columns
        )
        counts = [
            connection.execute(
                f"select count(*) from (select {selected} from {literal(left)} "
                f"except all select {selected} from {literal(right)})"
            ).fetchall()[0][0]
            for selected in (exact, shown)
            for left, right in ((one, other), (other, one))
        ]
        rows = connection.execute(f"select count(*) from {literal(one)}").fetchall()[0][0]
        return Compared(rows, max(counts[:2]), max(counts[2:]))
