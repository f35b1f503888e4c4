"""DuckDB's SQL as sqlglot reads it, with the functions of ours that it has no type for."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB

INSTANT: Final = exp.DType.TIMESTAMPTZ
# sqlglot has two names for a clock without zone.
CLOCKS: Final = (exp.DType.TIMESTAMPNTZ, exp.DType.TIMESTAMP)


class Timezone(exp.Expression, exp.Func):
    """`timezone(zone, x)`: an instant to a zone's clock, or a clock to its instant."""

    arg_types: ClassVar = {"zone": True, "this": True}


class FullUnits(exp.Expression, exp.Func):
    """`date_sub(unit, since, until)`: units that are over between two instants."""

    _sql_names: ClassVar = ["DATE_SUB"]
    arg_types: ClassVar = {"unit": True, "since": True, "this": True}


class EpochMicros(exp.Expression, exp.Func):
    """`epoch_us(x)`: microseconds since 1970."""

    _sql_names: ClassVar = ["EPOCH_US"]
    arg_types: ClassVar = {"this": True}


class ClockOfMicros(exp.Expression, exp.Func):
    """`make_timestamp(us)`: the clock of UTC so many microseconds after 1970."""

    _sql_names: ClassVar = ["MAKE_TIMESTAMP"]
    arg_types: ClassVar = {"this": True}


class JsonText(exp.Expression, exp.Func):
    """`to_json(x)`."""

    _sql_names: ClassVar = ["TO_JSON"]
    arg_types: ClassVar = {"this": True}


def _typed(annotator: Any, node: exp.Expr, of: Any) -> exp.Expr:
    annotator._set_type(node, of)  # noqa: SLF001 - annotators have no other way
    return node


def _zone_crossed(annotator: Any, node: Timezone) -> exp.Expr:
    if node.this.is_type(INSTANT):
        return _typed(annotator, node, CLOCKS[0])
    if node.this.is_type(*CLOCKS, exp.DType.DATE):
        return _typed(annotator, node, INSTANT)
    return _typed(annotator, node, exp.DType.UNKNOWN)


def _like_its_argument(annotator: Any, node: exp.Expr) -> exp.Expr:
    return _typed(annotator, node, node.this.type)


def _whole(annotator: Any, node: exp.Expr) -> exp.Expr:
    """Floor and ceil: a decimal stays one, anything else is a double."""
    if node.this.is_type(exp.DType.DECIMAL):
        return _typed(annotator, node, exp.DataType.build("DECIMAL(38, 0)"))
    return _typed(annotator, node, exp.DType.DOUBLE)


def _difference(annotator: Any, node: exp.Sub) -> exp.Expr:
    """Two instants lie an interval apart, two dates a number of days."""
    clocks = (INSTANT, *CLOCKS)
    if node.left.is_type(*clocks) and node.right.is_type(*clocks):
        return _typed(annotator, node, exp.DType.INTERVAL)
    if node.left.is_type(exp.DType.DATE) and node.right.is_type(exp.DType.DATE):
        return _typed(annotator, node, exp.DType.BIGINT)
    other: exp.Expr = _OWN_SUB(annotator, node)
    return other


def _joined(annotator: Any, node: exp.DPipe) -> exp.Expr:
    """Bytes joined are bytes."""
    blobs = (exp.DType.VARBINARY, exp.DType.BINARY, exp.DType.BLOB)
    is_blob = node.left.is_type(*blobs) and node.right.is_type(*blobs)
    return _typed(annotator, node, exp.DType.VARBINARY if is_blob else exp.DType.VARCHAR)


def _product(annotator: Any, node: exp.Mul) -> exp.Expr:
    if node.left.is_type(exp.DType.INTERVAL) or node.right.is_type(exp.DType.INTERVAL):
        return _typed(annotator, node, exp.DType.INTERVAL)
    summed: exp.Expr = annotator._annotate_binary(node)  # noqa: SLF001
    return summed


def _field(annotator: Any, node: exp.StructExtract) -> exp.Expr:
    of, name = node.this.type, node.expression.name.lower()
    for field in of.expressions if of is not None else ():
        if field.name.lower() == name and isinstance(field, exp.ColumnDef):
            return _typed(annotator, node, field.kind)
    return _typed(annotator, node, exp.DType.UNKNOWN)


def _literal(annotator: Any, node: exp.Literal) -> exp.Expr:
    """A number with a point is a decimal in DuckDB, one with an exponent a double."""
    if node.is_string:
        return _typed(annotator, node, exp.DType.VARCHAR)
    if node.is_int:
        return _typed(
            annotator, node, exp.DType.INT if abs(int(node.name)) < 2**31 else exp.DType.BIGINT
        )
    if "e" in node.name.lower():
        return _typed(annotator, node, exp.DType.DOUBLE)
    before, _, after = node.name.partition(".")
    width = len(before.lstrip("0")) + len(after)
    return _typed(annotator, node, exp.DataType.build(f"DECIMAL({max(width, 1)}, {len(after)})"))


def _element(annotator: Any, node: exp.Expr) -> exp.Expr:
    of = node.this.type
    inner = of.expressions[0] if of is not None and of.is_type(exp.DType.ARRAY) else None
    return _typed(annotator, node, inner or exp.DType.UNKNOWN)


_TEXTS: Final = (
    *(exp.Concat, exp.ConcatWs, exp.RegexpReplace, exp.RegexpExtract, exp.Replace, exp.Translate),
    *(exp.Substring, exp.Lower, exp.Upper, exp.Trim, exp.ArrayToString, exp.MD5, exp.SHA2),
    *(exp.TimeToStr, exp.Chr),
)
_OWN_SUB: Final[Any] = DuckDB.EXPRESSION_METADATA[exp.Sub]["annotator"]


class Read(DuckDB):
    """DuckDB's dialect, with what the models use and sqlglot doesn't know."""

    EXPRESSION_METADATA = {  # noqa: RUF012 - as in the class that it extends
        **DuckDB.EXPRESSION_METADATA,
        Timezone: {"annotator": _zone_crossed},
        FullUnits: {"returns": exp.DType.BIGINT},
        EpochMicros: {"returns": exp.DType.BIGINT},
        ClockOfMicros: {"returns": CLOCKS[0]},
        JsonText: {"returns": exp.DType.VARCHAR},
        **{it: {"returns": exp.DType.VARCHAR} for it in _TEXTS},
        exp.Bracket: {"annotator": _element},
        exp.Explode: {"annotator": _element},
        exp.Split: {"returns": exp.DataType.build("ARRAY<VARCHAR>")},
        exp.RegexpSplit: {"returns": exp.DataType.build("ARRAY<VARCHAR>")},
        exp.Literal: {"annotator": _literal},
        exp.Floor: {"annotator": _whole},
        exp.Ceil: {"annotator": _whole},
        exp.Median: {"returns": exp.DType.DOUBLE},
        exp.PercentileCont: {"returns": exp.DType.DOUBLE},
        exp.Nullif: {"annotator": _like_its_argument},
        exp.Extract: {"returns": exp.DType.BIGINT},
        exp.StructExtract: {"annotator": _field},
        exp.Unhex: {"returns": exp.DType.VARBINARY},
        exp.Encode: {"returns": exp.DType.VARBINARY},
        exp.DPipe: {"annotator": _joined},
        exp.Sub: {"annotator": _difference},
        exp.Mul: {"annotator": _product},
    }

    class Parser(DuckDB.Parser):  # type: ignore[valid-type,misc]
        FUNCTIONS: ClassVar = {
            **DuckDB.Parser.FUNCTIONS,
            "TIMEZONE": lambda args: Timezone(zone=args[0], this=args[1]),
            "DATE_SUB": lambda args: FullUnits(unit=args[0], since=args[1], this=args[2]),
            "EPOCH_US": lambda args: EpochMicros(this=args[0]),
            "MAKE_TIMESTAMP": ClockOfMicros.from_arg_list,
            "TO_JSON": lambda args: JsonText(this=args[0]),
        }
