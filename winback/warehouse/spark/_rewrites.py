"""What Spark is told for each expression of DuckDB's, by their types.

An expression stands in one of three tables: SAME (both engines mean the same), REWRITES (told
otherwise), or nowhere: then the statement is refused. Each was compared on both engines
(tests/warehouse/spark).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlglot import exp

from winback.warehouse.spark import _dialect as own
from winback.warehouse.spark import _instants as instants
from winback.warehouse.spark._regexes import (
    java_literal,
    java_pattern,
    java_replacement,
)
from winback.warehouse.spark._values import (
    call,
    cast_to,
    is_decimal,
    is_double,
    is_text,
    kind,
    literal_text,
    refuse,
    to_double,
    to_text,
)

Rewrite = Callable[[Any], exp.Expr]


_NUMBERS: Final = {"whole", "decimal", "double"}
_DAYS: Final = {"date", "clock", "instant"}
# What becomes what by both engines' own cast alike, and Spark's name for it.
_CASTS: Final[Mapping[exp.DType, tuple[str, set[str]]]] = {
    exp.DType.DOUBLE: ("double", {*_NUMBERS, "text", "boolean"}),
    exp.DType.BOOLEAN: ("boolean", {"whole", "text", "boolean"}),
    exp.DType.DATE: ("date", {*_DAYS, "text"}),
    own.INSTANT: ("timestamp", {*_DAYS, "text"}),
    **{it: ("timestamp_ntz", {*_DAYS, "text"}) for it in own.CLOCKS},
}
_WHOLE: Final = {exp.DType.BIGINT: "bigint", exp.DType.INT128: "bigint", exp.DType.INT: "int"}


def _cast(node: exp.Cast) -> exp.Expr:
    to, value = node.to.this, node.this
    if to in _WHOLE:
        return cast_to(_whole_number(value, node), _WHOLE[to])
    if to in (exp.DType.VARCHAR, exp.DType.TEXT):
        return to_text(value, node)
    if to == exp.DType.DECIMAL:
        return _to_decimal(value, node)
    name, kinds = _CASTS.get(to, ("", set()))
    if kind(value) not in {*kinds, "null"} or not name:
        raise refuse(node, f"a cast of a value ({kind(value)})")
    return cast_to(value, name)


def _to_decimal(value: exp.Expr, node: exp.Cast) -> exp.Expr:
    """DuckDB rounds the double itself; Spark rounds the decimals that it is shown with."""
    wanted = node.to.sql("spark")
    if kind(value) in ("whole", "decimal", "text", "null"):
        return cast_to(value, wanted)
    if not is_double(value):
        raise refuse(node, f"a cast of a value ({kind(value)})")
    scale = int(node.to.expressions[1].name)
    scaled = call("round", exp.Mul(this=value, expression=_double(10**scale)), _int(0))
    unit = cast_to(exp.Literal.string(f"1e-{scale}"), f"decimal({scale + 1}, {scale})")
    whole = cast_to(scaled, f"decimal({36 - scale}, 0)")
    return cast_to(exp.Mul(this=whole, expression=unit), wanted)


def _whole_number(value: exp.Expr, node: exp.Cast) -> exp.Expr:
    """DuckDB rounds a number to its nearest whole one; Spark cuts it off."""
    if kind(value) in ("whole", "boolean", "null", "text"):
        return value
    if is_double(value):
        return call("rint", value)
    if is_decimal(value):
        return call("round", value, _int(0))
    raise refuse(node, "a whole number of such a value")


def _int(number: int) -> exp.Expr:
    return exp.Literal.number(number)


def _double(number: int) -> exp.Expr:
    return exp.Literal.number(f"{number}e0")


def _round(node: exp.Round) -> exp.Expr:
    """Half away from zero. Of a double, Spark's own rounds the decimals that it is shown with."""
    decimals = node.args.get("decimals")
    places = 0 if decimals is None else _number(decimals, node)
    if kind(node.this) in ("whole", "decimal"):
        return call("round", node.this, _int(places))
    if not is_double(node.this):
        raise refuse(node, "round of such a value")
    if places == 0:
        return call("round", node.this, _int(0))
    factor = _double(10**places)
    scaled = call("round", exp.Paren(this=exp.Mul(this=node.this, expression=factor)), _int(0))
    return exp.Paren(this=exp.Div(this=scaled, expression=factor.copy()))


def _number(node: exp.Expr, at: exp.Expr) -> int:
    if not (isinstance(node, exp.Literal) and not node.is_string):
        raise refuse(at, "a number of places that is not written out")
    return int(node.name)


def _div(node: exp.Div) -> exp.Expr:
    """By zero it is infinite, or no number where zero is divided; Spark would stop."""
    left, right = to_double(node.left), to_double(node.right)
    quotient = exp.Div(this=left, expression=right)
    if isinstance(node.right, exp.Literal) and float(node.right.name):
        return quotient
    infinite = cast_to(exp.Literal.string("Infinity"), "double")
    by_zero = exp.Mul(this=exp.Paren(this=left.copy()), expression=infinite)
    return exp.Case(
        ifs=[
            exp.If(
                this=exp.EQ(this=exp.Paren(this=right.copy()), expression=_double(0)), true=by_zero
            )
        ],
        default=quotient,
    )


def _mod(node: exp.Mod) -> exp.Expr:
    if not isinstance(node.right, exp.Literal):
        raise refuse(node, "a remainder by what may be zero")
    return exp.Mod(this=node.left, expression=node.right)


def _double_of(name: str) -> Rewrite:
    return lambda node: call(name, cast_to(node.this, "double"))


def _whole_double(name: str) -> Rewrite:
    """Spark's floor and ceil of a double are a bigint."""

    def rewrite(node: Any) -> exp.Expr:
        if is_decimal(node.this):
            return call(name, node.this)
        return cast_to(call(name, node.this), "double")

    return rewrite


def _concat(node: exp.Concat) -> exp.Expr:
    """DuckDB's concat passes over nulls."""
    parts = [
        part if isinstance(part, exp.Literal) else exp.func("coalesce", to_text(part, node), "''")
        for part in node.expressions
    ]
    return call("concat", *parts)


def _dpipe(node: exp.DPipe) -> exp.Expr:
    if kind(node.left) == kind(node.right) == "blob":
        return call("concat", node.left, node.right)
    if "blob" in (kind(node.left), kind(node.right)):
        raise refuse(node, "bytes joined to a text")
    return call("concat", to_text(node.left, node), to_text(node.right, node))


def _concat_ws(node: exp.ConcatWs) -> exp.Expr:
    separator, *parts = node.expressions
    return call("concat_ws", separator, *(to_text(part, node) for part in parts))


def _like(node: exp.Like) -> exp.Expr:
    """A backslash in a pattern escapes nothing in DuckDB."""
    pattern = node.expression
    if not isinstance(pattern, exp.Literal):
        pattern = call("replace", pattern, exp.Literal.string("\\"), exp.Literal.string("\\\\"))
    elif "\\" in pattern.name:
        raise refuse(node, "a backslash in a pattern")
    like = exp.Like(this=node.this, expression=pattern)
    # `not like` is one expression to sqlglot.
    return exp.Not(this=like) if node.args.get("negate") else like


def _regexp_like(node: exp.RegexpLike) -> exp.Expr:
    if node.args.get("flag"):
        raise refuse(node, "a flag of a pattern")
    return call("regexp_like", node.this, _pattern(node.expression, node))


def _pattern(node: exp.Expr, at: exp.Expr) -> exp.Expr:
    return exp.Literal.string(java_pattern(literal_text(node, at)))


def _regexp_replace(node: exp.RegexpReplace) -> exp.Expr:
    pattern = literal_text(node.expression, node)
    flags = node.args.get("modifiers")
    is_global = flags is not None and flags.name == "g"
    if flags is not None and not is_global:
        raise refuse(node, "a flag of a pattern")
    # Spark replaces each match. One that holds on to the beginning is found once.
    if not is_global and not (pattern.startswith("^") and "|" not in _outside_groups(pattern)):
        raise refuse(node, "the first match of a pattern")
    replacement = node.args.get("replacement")
    by = "" if replacement is None else literal_text(replacement, node)
    return call(
        "regexp_replace",
        node.this,
        exp.Literal.string(java_pattern(pattern)),
        exp.Literal.string(java_replacement(by)),
    )


def _outside_groups(pattern: str) -> str:
    kept, depth = [], 0
    for char in pattern:
        depth += (char == "(") - (char == ")")
        if depth == 0:
            kept.append(char)
    return "".join(kept)


def _regexp_extract(node: exp.RegexpExtract) -> exp.Expr:
    group = node.args.get("group")
    return call(
        "regexp_extract",
        node.this,
        _pattern(node.expression, node),
        _int(0 if group is None else _number(group, node)),
    )


def _regexp_split(node: exp.RegexpSplit) -> exp.Expr:
    return call("split", node.this, _pattern(node.expression, node))


def _split(node: exp.Split) -> exp.Expr:
    separator = literal_text(node.expression, node)
    return call("split", node.this, exp.Literal.string(java_literal(separator)))


def _substring(node: exp.Substring) -> exp.Expr:
    start = node.args.get("start")
    if isinstance(start, exp.Literal) and int(start.name) < 1:
        raise refuse(node, "a beginning before the first letter")
    return call("substring", *(it for it in (node.this, start, node.args.get("length")) if it))


def _position(node: exp.StrPosition) -> exp.Expr:
    if node.args.get("position") or node.args.get("occurrence"):
        raise refuse(node, "a place from which a text is looked for")
    return cast_to(call("locate", node.args["substr"], node.this), "bigint")


def _trim(node: exp.Trim) -> exp.Expr:
    if node.args.get("position") or node.args.get("collation"):
        raise refuse(node, "one end of a text")
    if node.expression is not None:
        return exp.Trim(this=node.this, expression=node.expression)
    return call("trim", node.this)


def _sorted(node: exp.ArraySort) -> exp.Expr:
    """Rows sort by their first field, which each must have: a null is first in Spark."""
    if node.expression is not None:
        raise refuse(node, "an order of a list")
    return call("array_sort", node.this)


def _filter(node: exp.Filter) -> exp.Expr:
    """A list that passes over nulls; without a value it is null, which Spark's is not."""
    collected = node.this
    if isinstance(collected, exp.Anonymous) and collected.name == LIST:
        (value,) = collected.expressions
        condition = node.expression.this
        is_not_null = (
            isinstance(condition, exp.Not)
            and isinstance(condition.this, exp.Is)
            and isinstance(condition.this.expression, exp.Null)
            and condition.this.this == value
        )
        if not is_not_null:
            raise refuse(node, "a list of what else than what is not null")
        return exp.Case(
            ifs=[exp.If(this=call("count", value) > 0, true=call("collect_list", value.copy()))]
        )
    return node


LIST: Final = "wb_list"


def _list(node: exp.ArrayAgg) -> exp.Expr:
    if isinstance(node.this, (exp.Order, exp.Distinct)):
        raise refuse(node, "an order in a list")
    return call(LIST, node.this)


def _struct(node: exp.Struct) -> exp.Expr:
    """Fields by name. A row that is compared (`row_of`) has its nulls last, as DuckDB has them."""
    fields = [(it.this.name, it.expression) for it in node.expressions]
    is_row = [name for name, _ in fields] == [f"c{n + 1}" for n in range(len(fields))]
    arguments: list[exp.Expr] = []
    for name, value in fields:
        if is_row:
            is_null = exp.Is(this=exp.Paren(this=value.copy()), expression=exp.Null())
            arguments += [exp.Literal.string(f"{name}_null"), is_null]
        arguments += [exp.Literal.string(name), value]
    return call("named_struct", *arguments)


def _struct_field(node: exp.StructExtract) -> exp.Expr:
    return exp.Dot(this=node.this, expression=exp.to_identifier(node.expression.name, quoted=True))


def _json(node: own.JsonText) -> exp.Expr:
    keep = call("map", exp.Literal.string("ignoreNullFields"), exp.Literal.string("false"))
    return call("to_json", node.this, keep)


def _character(node: exp.Chr) -> exp.Expr:
    """Spark's own knows 256 characters, and takes 8234 for one of them."""
    (number,) = node.expressions
    return exp.Literal.string(chr(_number(number, node)))


def _md5(node: exp.MD5) -> exp.Expr:
    return call("md5", call("encode", node.this, exp.Literal.string("UTF-8")))


def _sha256(node: exp.SHA2) -> exp.Expr:
    if node.args.get("length") is not None and node.args["length"].name != "256":
        raise refuse(node, "a hash of another length")
    value = node.this
    if kind(value) not in ("text", "blob"):
        raise refuse(node, "a hash of what is neither text nor bytes")
    if is_text(value):
        value = call("encode", value, exp.Literal.string("UTF-8"))
    return call("sha2", value, _int(256))


def _encode(node: exp.Encode) -> exp.Expr:
    return call("encode", node.this, exp.Literal.string("UTF-8"))


def _hex_number(node: exp.Cast) -> exp.Expr | None:
    """`cast('0x' || digits as bigint)`, which Spark reads by its own function."""
    joined = node.this
    if not (isinstance(joined, exp.Anonymous) and joined.name == "concat"):
        return None
    prefix, *digits = joined.expressions
    if not (isinstance(prefix, exp.Literal) and prefix.name == "0x" and len(digits) == 1):
        return None
    if node.to.this != exp.DType.BIGINT:
        raise refuse(node, "a number of hex digits")
    return cast_to(call("conv", *digits, _int(16), _int(10)), "bigint")


def _cast_or_hex(node: exp.Cast) -> exp.Expr:
    return _hex_number(node) or _cast(node)


def _avg(node: exp.Avg) -> exp.Expr:
    return call("avg", cast_to(node.this, "double"))


def _median(node: exp.Median) -> exp.Expr:
    return call("percentile", cast_to(node.this, "double"), exp.Literal.number("0.5"))


def _percentile(node: exp.WithinGroup) -> exp.Expr:
    """Spark's exact percentile; sqlglot would write its approximate one."""
    asked, order = node.this, node.expression
    (by,) = order.expressions
    if by.args.get("desc") or not isinstance(asked.this, exp.Literal):
        raise refuse(node, "such a percentile")
    return call("percentile", cast_to(by.this, "double"), asked.this)


def _boolean_result(node: exp.Binary) -> exp.Expr:
    """A comparison of two kinds is refused: each engine would make one of the other its own way."""
    sides = {kind(node.left), kind(node.right)} - {"null"}
    if len(sides) > 1 and not (sides <= _NUMBERS or sides <= _DAYS):
        raise refuse(node, f"a comparison of {' and '.join(sorted(sides))}")
    return node


def _bracket(node: exp.Bracket) -> exp.Expr:
    (index,) = node.expressions
    if not (isinstance(index, exp.Literal) and not index.is_string):
        raise refuse(node, "a place in a list that is not written out")
    # sqlglot counts from 0 what DuckDB counts from 1.
    return call("try_element_at", node.this, _int(int(index.name) + 1))


REWRITES: Final[Mapping[type[exp.Expr], Rewrite]] = {
    exp.Cast: _cast_or_hex,
    exp.Round: _round,
    exp.Div: _div,
    exp.Mod: _mod,
    exp.Floor: _whole_double("floor"),
    exp.Ceil: _whole_double("ceil"),
    exp.Ln: lambda node: call("wb_ln", cast_to(node.this, "double")),
    exp.Exp: _double_of("exp"),
    exp.Pow: lambda node: call("power", to_double(node.this), to_double(node.expression)),
    exp.Concat: _concat,
    exp.DPipe: _dpipe,
    exp.ConcatWs: _concat_ws,
    exp.Like: _like,
    exp.RegexpLike: _regexp_like,
    exp.RegexpReplace: _regexp_replace,
    exp.RegexpExtract: _regexp_extract,
    exp.RegexpSplit: _regexp_split,
    exp.Split: _split,
    exp.Substring: _substring,
    exp.StrPosition: _position,
    exp.Trim: _trim,
    exp.ArraySort: _sorted,
    exp.ArrayAgg: _list,
    exp.Filter: _filter,
    exp.ArrayToString: lambda node: call("array_join", node.this, node.expression),
    exp.ArrayDistinct: lambda node: call("array_distinct", node.this),
    exp.Struct: _struct,
    exp.StructExtract: _struct_field,
    exp.Bracket: _bracket,
    exp.Length: lambda node: cast_to(call("length", node.this), "bigint"),
    exp.MD5: _md5,
    exp.SHA2: _sha256,
    exp.Encode: _encode,
    exp.Unhex: lambda node: call("unhex", node.this),
    exp.Chr: _character,
    exp.Translate: lambda node: call("translate", node.this, node.args["from_"], node.args["to"]),
    exp.Replace: lambda node: call("replace", node.this, node.expression, node.args["replacement"]),
    exp.Avg: _avg,
    exp.Median: _median,
    exp.WithinGroup: _percentile,
    exp.EQ: _boolean_result,
    exp.NEQ: _boolean_result,
    exp.LT: _boolean_result,
    exp.LTE: _boolean_result,
    exp.GT: _boolean_result,
    exp.GTE: _boolean_result,
    own.JsonText: _json,
    **instants.REWRITES,
}

# Both engines mean the same by these: structure, and functions of one meaning.
SAME: Final = frozenset(
    {
        *(exp.Select, exp.Subquery, exp.From, exp.Join, exp.Where, exp.Group, exp.Having),
        *(exp.Order, exp.Ordered, exp.Limit, exp.With, exp.CTE, exp.Union, exp.Distinct),
        *(exp.Table, exp.TableAlias, exp.Identifier, exp.Column, exp.Alias, exp.Star),
        *(exp.Window, exp.WindowSpec, exp.Paren, exp.Tuple, exp.Literal, exp.Null, exp.Boolean),
        *(exp.Var, exp.DataType, exp.DataTypeParam, exp.And, exp.Or, exp.Not, exp.Is, exp.In),
        *(exp.Case, exp.If, exp.Between, exp.Mul, exp.Neg, exp.Exists, exp.Coalesce, exp.Nullif),
        *(exp.Count, exp.Sum, exp.Min, exp.Max, exp.RowNumber, exp.Rank, exp.DenseRank),
        *(exp.PercentRank, exp.Lag, exp.Lead, exp.FirstValue, exp.Least, exp.Greatest, exp.Lower),
        *(exp.Upper, exp.Abs, exp.Explode, exp.PropertyEQ, exp.PercentileCont),
        *(exp.NullSafeEQ, exp.NullSafeNEQ, exp.Values),
    }
)

# Of these, the parts that both engines mean the same by; any other one is refused.
PARTS: Final[Mapping[type[exp.Expr], frozenset[str]]] = {
    exp.Select: frozenset(
        {
            *("expressions", "from_", "joins", "where", "group", "having", "order", "limit"),
            *("distinct", "with_", "windows"),
        }
    ),
    exp.Union: frozenset({"this", "expression", "distinct", "with_"}),
    exp.Distinct: frozenset({"expressions"}),
    exp.Join: frozenset({"this", "on", "side", "kind"}),
    exp.Group: frozenset({"expressions"}),
    exp.With: frozenset({"expressions"}),
    exp.Ordered: frozenset({"this", "desc", "nulls_first"}),
    exp.Limit: frozenset({"expression"}),
    exp.Window: frozenset({"this", "alias", "partition_by", "order", "spec", "over"}),
    exp.WindowSpec: frozenset({"kind", "start", "start_side", "end", "end_side"}),
    exp.Table: frozenset({"this", "alias", "joins"}),
    exp.Count: frozenset({"this", "expressions", "big_int"}),
    exp.Min: frozenset({"this"}),
    exp.Max: frozenset({"this"}),
    exp.Sum: frozenset({"this"}),
    # What a rewrite does not look at must not be there: it would be lost.
    exp.Like: frozenset({"this", "expression", "negate"}),
    exp.Is: frozenset({"this", "expression"}),
    exp.Between: frozenset({"this", "low", "high"}),
    **dict.fromkeys((exp.Floor, exp.Ceil, exp.Length, exp.Unhex, exp.Explode), frozenset({"this"})),
    **dict.fromkeys((exp.ArrayAgg, exp.ArrayDistinct), frozenset({"this"})),
    **dict.fromkeys(
        (exp.ArrayToString, exp.Split, exp.RegexpSplit), frozenset({"this", "expression"})
    ),
    exp.Chr: frozenset({"expressions"}),
    exp.ArraySort: frozenset({"this", "expression", "nulls_first"}),
    exp.ConcatWs: frozenset({"expressions", "coalesce", "safe"}),
    exp.DateDiff: frozenset({"this", "expression", "unit", "date_part_boundary"}),
    **dict.fromkeys((exp.DateTrunc, exp.TimestampTrunc), frozenset({"this", "unit"})),
    exp.RegexpLike: frozenset({"this", "expression", "flag"}),
    exp.RegexpExtract: frozenset({"this", "expression", "group", "null_if_pos_overflow"}),
    exp.RegexpReplace: frozenset(
        {"this", "expression", "replacement", "modifiers", "single_replace"}
    ),
    exp.Round: frozenset({"this", "decimals"}),
    exp.Substring: frozenset({"this", "start", "length"}),
    exp.TimeToStr: frozenset({"this", "format"}),
}
