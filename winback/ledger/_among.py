"""Whether a column is one of many values, which go as one parameter.

`in_` makes a parameter of each value: building them costs more than the query, and every
database has its limit of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Dialect, Text, TypeDecorator, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType, TypeEngine, UserDefinedType


class _Array(UserDefinedType[str]):
    """PostgreSQL's array of texts, as it is written."""

    cache_ok = True
    render_bind_cast = True

    def get_col_spec(self, **_kw: Any) -> str:
        return "text[]"


class _Texts(TypeDecorator[Sequence[str]]):
    """Texts as one value: an array as PostgreSQL writes it, JSON for SQLite, which has no arrays.

    The driver would write an array text by text, which costs more than to find them.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else _Array())

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> Any:
        if value is None or dialect.name == "sqlite":
            return json.dumps(value)
        return _written(value)


def _written(texts: Sequence[str]) -> str:
    """An array of texts as PostgreSQL reads it."""
    written = json.dumps(texts, ensure_ascii=False, separators=(",", ":"))
    if "\\" in written:
        # JSON has more escapes than an array.
        quoted = (text.replace("\\", r"\\").replace('"', r"\"") for text in texts)
        return "{" + ",".join(f'"{text}"' for text in quoted) + "}"
    return "{" + written[1:-1] + "}"


class _Among(FunctionElement[bool]):
    inherit_cache = True
    # A Boolean would be compared to 1 in SQLite, which then can't use an index for it.
    type = NullType()  # type: ignore[assignment]  # so, on purpose


def among(
    column: ColumnElement[Any], values: Iterable[str] | BindParameter[Any]
) -> ColumnElement[bool]:
    """Whether a column of text is one of `values`, of which there may be any number."""
    if not isinstance(values, BindParameter):
        values = bindparam(None, list(values), _Texts())
    return _Among(column, values)


def texts(name: str) -> BindParameter[Sequence[str]]:
    """The parameter of a statement that gets its values, a list, when it is executed."""
    return bindparam(name, type_=_Texts())


@compiles(_Among, "sqlite")
def _in_json(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(clause, **options) for clause in element.clauses)
    return f"({column} in (select value from json_each({values})))"


@compiles(_Among)
def _in_array(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(clause, **options) for clause in element.clauses)
    # In a query of its own, into which the planner does not look: where it sees hundreds of values
    # it reads the whole table rather than look each of them up.
    return f"({column} = any (cast((select {values}) as text[])))"
