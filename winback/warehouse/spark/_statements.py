"""What a statement of dbt's is: rows for Spark to make, or DuckDB's catalog to read and keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from winback.warehouse.spark._dialect import Read


@dataclass(frozen=True)
class MakeTable:
    """A table of a query's rows; with a contract, its columns as they are declared."""

    table: exp.Table
    query: exp.Expr
    declared: tuple[exp.ColumnDef, ...] = ()


@dataclass(frozen=True)
class MakeView:
    """A view of a query's rows."""

    table: exp.Table
    query: exp.Expr


@dataclass(frozen=True)
class Drop:
    """A table or view that goes."""

    table: exp.Table


@dataclass(frozen=True)
class Rows:
    """Rows that are wanted."""

    query: exp.Expr


@dataclass(frozen=True)
class OfDuckDB:
    """Anything else: DuckDB does it, and may change any table of its own by it."""

    changes: bool


Statement = MakeTable | MakeView | Drop | Rows | OfDuckDB

_CATALOG: Final = ("information_schema", "pg_catalog", "duckdb_", "pragma_")
_CALM: Final = (exp.Command, exp.Transaction, exp.Commit, exp.Rollback, exp.Set, exp.Pragma)


def read_statement(sql: str) -> Statement:
    """What dbt asks for. What sqlglot can't read is DuckDB's, whose error tells why."""
    try:
        trees = [it for it in sqlglot.parse(sql, read=Read) if it is not None]
    except SqlglotError:
        return OfDuckDB(changes=True)
    if len(trees) == 2 and isinstance(trees[0], exp.Create) and isinstance(trees[1], exp.Insert):
        return _declared(trees[0], trees[1])
    if len(trees) != 1:
        return OfDuckDB(changes=True)
    (tree,) = trees
    if isinstance(tree, exp.Query):
        return OfDuckDB(changes=False) if _is_catalog(tree) or _is_empty(tree) else Rows(tree)
    return _made(tree) or OfDuckDB(changes=not isinstance(tree, _CALM))


def _made(tree: exp.Expr) -> Statement | None:
    """A table or view that comes or goes."""
    if isinstance(tree, exp.Drop):
        tables = tree.args.get("tables") or [tree.this]
        return Drop(tables[0]) if len(tables) == 1 and isinstance(tables[0], exp.Table) else None
    if not isinstance(tree, exp.Create) or not isinstance(tree.this, exp.Table):
        return None
    query = tree.expression
    if isinstance(query, exp.Query) and tree.kind == "VIEW":
        return MakeView(tree.this, query.unnest())
    if isinstance(query, exp.Query) and tree.kind == "TABLE" and not _is_empty(query):
        return MakeTable(tree.this, query.unnest())
    return None


def _declared(create: exp.Create, insert: exp.Insert) -> Statement:
    """A contract's two statements: the table with its columns, then its rows."""
    schema = create.this
    if not isinstance(schema, exp.Schema) or not isinstance(insert.expression, exp.Query):
        return OfDuckDB(changes=True)
    columns = tuple(it for it in schema.expressions if isinstance(it, exp.ColumnDef))
    if len(columns) != len(schema.expressions):
        return OfDuckDB(changes=True)
    return MakeTable(schema.this, insert.expression.unnest(), columns)


def _is_empty(query: exp.Expr) -> bool:
    """dbt asks so for the columns of a query: no engine makes a row."""
    query = query.unnest() if isinstance(query, exp.Subquery) else query
    where, limit = query.args.get("where"), query.args.get("limit")
    if where is None or limit is None:
        return isinstance(query, exp.Select) and _is_wrapped_empty(query)
    never = where.this
    return isinstance(never, exp.Boolean) and not never.this and limit.expression.name == "0"


def _is_wrapped_empty(query: exp.Select) -> bool:
    source = query.args.get("from_")
    return (
        source is not None
        and isinstance(source.this, exp.Subquery)
        and not query.args.get("joins")
        and query.args.get("with_") is None
        and _is_empty(source.this)
    )


def _is_catalog(query: exp.Expr) -> bool:
    tables = list(query.find_all(exp.Table))
    if not tables or query.find(exp.Describe) is not None:
        return True
    return any(
        name.lower().startswith(_CATALOG)
        for table in tables
        for name in (table.name, table.db, getattr(table.this, "name", ""))
    )
