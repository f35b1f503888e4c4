"""What data tests ask: many of them in one statement of Spark's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import sqlglot
from sqlglot import exp

from winback.base.errors import WinbackError
from winback.warehouse.spark._dialect import Read
from winback.warehouse.spark._tables import Tables

# The answer of a test is a row of three figures, so Spark takes longer to begin than to count.
_AT_ONCE: Final = 24
# dbt's name of what a data test selects.
_TESTED: Final = "dbt_internal_test"

Answer = tuple[Any, ...] | str


def is_data_test(query: exp.Expr) -> bool:
    """Whether dbt asks by this how many rows break a rule."""
    source = query.args.get("from_")
    return source is not None and source.alias_or_name == _TESTED


def answers(tables: Tables, queries: Sequence[str]) -> Iterator[Answer]:
    """The only row of each query, or what stopped it, in their order.

    What DuckDB holds alone (a seed) is asked of DuckDB.
    """
    for first in range(0, len(queries), _AT_ONCE):
        asked = queries[first : first + _AT_ONCE]
        yield from _answered(tables, [(it, sqlglot.parse_one(it, read=Read)) for it in asked])


def _answered(tables: Tables, asked: Sequence[tuple[str, exp.Expr]]) -> list[Answer]:
    found: dict[int, Answer] = {}
    texts: dict[int, str] = {}
    for n, (text, tree) in enumerate(asked):
        if tables.are_duckdbs(tree):
            found[n] = tables.held(text)
        else:
            texts[n] = text
    try:
        found |= _together(tables, texts)
    except Exception as error:
        if not _is_sparks(error):
            raise
        found |= {n: _alone(tables, text) for n, text in texts.items()}
    return [found[n] for n in range(len(asked))]


def _together(tables: Tables, texts: dict[int, str]) -> dict[int, Answer]:
    if not texts:
        return {}
    query = " union all ".join(
        f"select {n} as n, q{n}.* from (\n{text}\n) as q{n}" for n, text in texts.items()
    )
    _, rows = tables.rows(sqlglot.parse_one(query, read=Read))
    return {n: tuple(row) for n, *row in rows}


def _alone(tables: Tables, text: str) -> Answer:
    try:
        return tables.rows(sqlglot.parse_one(text, read=Read))[1][0]
    except Exception as error:
        if not _is_sparks(error):
            raise
        return told(error)


def _is_sparks(error: Exception) -> bool:
    return isinstance(error, WinbackError) or type(error).__module__.startswith("pyspark")


def told(error: Exception) -> str:
    """What failed. Spark quotes values of rows, and tells the plan behind the first line."""
    if isinstance(error, WinbackError):
        return str(error)
    first = str(error).partition("\n")[0]
    return "Spark: " + re.sub(r"'[^']*'", "'…'", first)
