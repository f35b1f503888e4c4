"""One statement of DuckDB's as Spark runs it: the same rows, or a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from winback.warehouse.spark._dialect import Read
from winback.warehouse.spark._regexes import Untranslatable
from winback.warehouse.spark._rewrites import LIST, PARTS, REWRITES, SAME
from winback.warehouse.spark._values import refuse


@dataclass(frozen=True)
class Relation:
    """What Spark calls a table, and DuckDB's types of its columns, in their order."""

    name: str
    columns: Mapping[str, str]


class Catalog(Protocol):
    """Finds what a statement reads."""

    def table(self, schema: str, name: str) -> Relation: ...

    def files(self, pattern: str) -> Relation: ...


def translate(query: str | exp.Expr, catalog: Catalog) -> str:
    """The statement for Spark. Raises Untranslatable."""
    try:
        tree = sqlglot.parse_one(query, read=Read) if isinstance(query, str) else query
        schema = MappingSchema(_named(tree, catalog), dialect=Read)
        tree = qualify(tree, schema=schema, dialect=Read)
        tree = annotate_types(tree, schema=schema, dialect=Read)
    except SqlglotError as error:
        raise Untranslatable(f"what Spark is to run can't be read: {error}") from error
    return _with_numbers(_rewritten(tree)).sql("spark", comments=False, copy=False)


def _named(tree: exp.Expr, catalog: Catalog) -> dict[str, Any]:
    """Tables and files by the names that Spark has for them; their columns."""
    found: dict[str, Any] = {}
    for table in list(tree.find_all(exp.Table)):
        relation = _relation(table, catalog)
        if relation is None:
            continue
        alias = table.alias_or_name or relation.name
        if _is_files(table) and not table.alias:
            alias = relation.name
        renamed = exp.Table(this=exp.to_identifier(relation.name, quoted=True))
        for key in ("joins", "laterals"):
            if table.args.get(key):
                renamed.set(key, table.args[key])
        renamed.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
        table.replace(renamed)
        found[relation.name] = dict(relation.columns)
    return found


def _is_files(table: exp.Table) -> bool:
    return isinstance(table.this, exp.ReadParquet) or "/" in table.name


def _relation(table: exp.Table, catalog: Catalog) -> Relation | None:
    if isinstance(table.this, exp.ReadParquet):
        pattern, *options = table.this.expressions
        if any(it.sql("duckdb").replace(" ", "") != "union_by_name=TRUE" for it in options):
            raise refuse(table, "an option of read_parquet")
        return catalog.files(pattern.name)
    if isinstance(table.this, exp.GenerateSeries):
        first, last = table.this.args["start"], table.this.args["end"]
        if not (isinstance(first, exp.Literal) and isinstance(last, exp.Literal)):
            raise refuse(table, "numbers up to one that is not written out")
        return Relation(f"{_NUMBERS}{first.name}_{last.name}", {"generate_series": "BIGINT"})
    if not isinstance(table.this, exp.Identifier):
        raise refuse(table, "a table function")
    if table.db:
        return catalog.table(table.db, table.name)
    return catalog.files(table.name) if "/" in table.name else None


_NUMBERS: Final = "wb_numbers_"


def _with_numbers(tree: exp.Expr) -> exp.Expr:
    """Rows of numbers, which Spark has a function for."""
    for table in list(tree.find_all(exp.Table)):
        if table.name.startswith(_NUMBERS):
            first, last = table.name.removeprefix(_NUMBERS).split("_")
            numbers = sqlglot.parse_one(
                f"select id as generate_series from range({first}, {int(last) + 1})", read="spark"
            )
            table.replace(exp.Subquery(this=numbers, alias=table.args["alias"]))
    return tree


_ANY: Final = frozenset({*SAME, *REWRITES})


def _check(node: exp.Expr) -> None:
    """Raises Untranslatable where nobody has compared what a node says."""
    if type(node) not in _ANY:
        raise refuse(node, type(node).__name__)
    parts = PARTS.get(type(node))
    said = {name for name, value in node.args.items() if value}
    if parts is not None and said - parts:
        raise refuse(node, f"{type(node).__name__} with {', '.join(sorted(said - parts))}")


def _rewritten(tree: exp.Expr) -> exp.Expr:
    """Each expression as Spark takes it, those inside before those around them."""
    for node in reversed(list(tree.walk(bfs=True))):
        _check(node)
        if type(node) is exp.CTE:
            node.set("materialized", None)
        rewrite = REWRITES.get(type(node))
        if rewrite is None:
            continue
        made = rewrite(node)
        if made is node:
            continue
        made.type = node.type
        if node is tree:
            tree = made
        else:
            node.replace(made)
    for call in tree.find_all(exp.Anonymous):
        if call.name == LIST:
            raise refuse(call, "a list that may hold nulls")
    return tree
