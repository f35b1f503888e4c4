"""Values of a statement: of which kind they are, and the same values as Spark takes them."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from winback.warehouse.spark._regexes import Untranslatable

_KINDS: Final = {
    **dict.fromkeys(
        (
            exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT,
            exp.DType.INT128, exp.DType.UTINYINT, exp.DType.USMALLINT, exp.DType.UINT,
        ),
        "whole",
    ),
    exp.DType.DECIMAL: "decimal",
    exp.DType.DOUBLE: "double",
    exp.DType.VARCHAR: "text",
    exp.DType.TEXT: "text",
    exp.DType.BOOLEAN: "boolean",
    exp.DType.DATE: "date",
    exp.DType.TIMESTAMP: "clock",
    exp.DType.TIMESTAMPNTZ: "clock",
    exp.DType.TIMESTAMPTZ: "instant",
    exp.DType.INTERVAL: "interval",
    exp.DType.NULL: "null",
    exp.DType.VARBINARY: "blob",
    exp.DType.BINARY: "blob",
    exp.DType.BLOB: "blob",
    exp.DType.STRUCT: "row",
    exp.DType.ARRAY: "list",
    exp.DType.LIST: "list",
}  # fmt: skip


def kind(node: exp.Expr) -> str:
    """What a value is: whole, decimal, double, text, date, clock, instant... or unknown."""
    if isinstance(node, exp.Null):
        return "null"
    if isinstance(node, exp.Literal) and not node.is_string and node.type is None:
        return "whole" if node.is_int else "decimal"
    return _KINDS.get(node.type.this, "unknown") if node.type is not None else "unknown"


def is_decimal(node: exp.Expr) -> bool:
    return kind(node) == "decimal"


def is_double(node: exp.Expr) -> bool:
    return kind(node) == "double"


def is_text(node: exp.Expr) -> bool:
    return kind(node) == "text"


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    """A function of Spark's, by its name."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def cast_to(value: exp.Expr, name: str) -> exp.Expr:
    """A cast as Spark makes it."""
    return exp.Cast(this=value, to=exp.DataType.build(name, dialect="spark"))


def refuse(node: exp.Expr, what: str) -> Untranslatable:
    """The error that tells what nobody has compared on both engines."""
    text = " ".join(node.sql("duckdb").split())
    return Untranslatable(
        f"Spark would not do as DuckDB does with {what}: {text[:200]}. "
        "Next: write it otherwise, or add it to winback/warehouse/spark/_rewrites.py with its test"
    )


def literal_text(node: exp.Expr, at: exp.Expr) -> str:
    """The text of a literal: a pattern that is made of a column is not known beforehand."""
    if not (isinstance(node, exp.Literal) and node.is_string):
        raise refuse(at, "a pattern that is not written out")
    return node.name


def to_double(value: exp.Expr) -> exp.Expr:
    """A number as a double: DuckDB divides no others."""
    if kind(value) not in ("whole", "decimal", "double", "null"):
        raise refuse(value, "a division of what is no number")
    return value if kind(value) == "double" else cast_to(value, "double")


def to_text(value: exp.Expr, at: exp.Expr) -> exp.Expr:
    """A value as DuckDB writes it."""
    found = kind(value)
    if found == "text":
        return value
    if found in ("whole", "decimal", "date", "boolean", "clock", "null"):
        return cast_to(value, "string")
    if found == "double":
        return call("wb_double_text", value)
    if found == "instant":
        return call("concat", cast_to(value, "string"), exp.Literal.string("+00"))
    raise refuse(at, f"a text of a value ({found})")
