"""Instants, clocks, dates and what lies between them, as Spark takes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlglot import exp

from winback.warehouse.spark import _dialect as own
from winback.warehouse.spark._values import call, cast_to, kind, refuse

_MICROS: Final = {"SECOND": 10**6, "MINUTE": 60 * 10**6, "HOUR": 3600 * 10**6, "DAY": 86400 * 10**6}
_UNITS: Final = frozenset({*_MICROS, "WEEK", "MONTH", "QUARTER", "YEAR"})
# How DuckDB writes instants, as Spark writes them.
_FORMATS: Final = {
    "%Y-%m-%dT%H:%M:%SZ": "yyyy-MM-dd'T'HH:mm:ss'Z'",
    "%Y-%m-%d": "yyyy-MM-dd",
    "%Y-%m": "yyyy-MM",
}
# DuckDB's name of a part, and Spark's.
_PARTS: Final = {
    "ISODOW": "dayofweek_iso",
    "HOUR": "hour",
    "MINUTE": "minute",
    "DAY": "day",
    "MONTH": "month",
    "YEAR": "year",
    "DOY": "doy",
    "DAYOFYEAR": "doy",
    "QUARTER": "quarter",
    "WEEK": "week",
}


def _unit(node: exp.Expr | None, at: exp.Expr) -> str:
    name = "" if node is None else node.name.upper().removesuffix("S")
    if name not in _UNITS:
        raise refuse(at, "a unit of time")
    return name


def _clock(value: exp.Expr, at: exp.Expr) -> exp.Expr:
    """A value as the clock of UTC."""
    if kind(value) == "clock":
        return value
    if kind(value) in ("date", "instant"):
        return cast_to(value, "timestamp_ntz")
    raise refuse(at, "an instant of such a value")


def _micros(value: exp.Expr, at: exp.Expr) -> exp.Expr:
    if kind(value) not in ("date", "clock", "instant"):
        raise refuse(at, "an instant of such a value")
    moment = value if kind(value) == "instant" else cast_to(value, "timestamp")
    return call("unix_micros", moment)


def _zone(node: own.Timezone) -> exp.Expr:
    zone, value = node.args["zone"], node.this
    if kind(value) == "instant":
        return call("wb_to_local", value, zone)
    if kind(value) in ("clock", "date"):
        clock = _clock(value, node)
        if isinstance(zone, exp.Literal) and zone.name == "UTC":
            return cast_to(clock, "timestamp")
        return call("wb_from_local", clock, zone)
    raise refuse(node, "the zone of such a value")


def _epochs(value: exp.Expr, unit: str, at: exp.Expr) -> exp.Expr:
    """Units that have begun since 1970."""
    if unit in _MICROS:
        size = exp.Literal.number(_MICROS[unit])
        micros = _micros(value, at)
        rest = call("pmod", micros, size)
        begun: exp.Expr = exp.Paren(this=exp.Sub(this=micros.copy(), expression=rest))
        return exp.IntDiv(this=begun, expression=size.copy())
    date = cast_to(value, "date")
    years = call("year", date)
    if unit == "YEAR":
        return years
    per, part = (12, "month") if unit == "MONTH" else (4, "quarter")
    return exp.Paren(
        this=exp.Add(
            this=exp.Mul(this=years, expression=_int(per)), expression=call(part, date.copy())
        )
    )


def _int(number: int) -> exp.Expr:
    return exp.Literal.number(number)


def _date_diff(node: exp.DateDiff) -> exp.Expr:
    """Borders of a unit between two instants."""
    unit = _unit(node.args.get("unit"), node)
    if unit == "WEEK":  # DuckDB counts those of instants in another way than Mondays
        raise refuse(node, "weeks between two instants")
    later, earlier = _epochs(node.this, unit, node), _epochs(node.expression, unit, node)
    return cast_to(exp.Paren(this=exp.Sub(this=later, expression=earlier)), "bigint")


def _full_units(node: own.FullUnits) -> exp.Expr:
    unit = node.args["unit"].name.upper()
    if unit not in _MICROS:
        raise refuse(node, "full units of no fixed length")
    between = exp.Sub(this=_micros(node.this, node), expression=_micros(node.args["since"], node))
    return exp.IntDiv(this=exp.Paren(this=between), expression=_int(_MICROS[unit]))


def _trunc(node: exp.DateTrunc | exp.TimestampTrunc) -> exp.Expr:
    unit = _unit(node.args.get("unit"), node)
    if kind(node.this) not in ("date", "clock", "instant"):
        raise refuse(node, "the beginning of a unit of such a value")
    begun = call("date_trunc", exp.Literal.string(unit), node.this)
    # Spark makes an instant of it; in UTC they are one.
    return begun if kind(node.this) == "instant" else cast_to(begun, "timestamp_ntz")


def _added(node: exp.Add | exp.Sub) -> exp.Expr:
    """A sum, or what is some units before or after."""
    left, right = node.left, node.right
    kinds = (kind(left), kind(right))
    if kinds[1] == "interval" and kinds[0] in ("date", "clock", "instant"):
        return _moved(left, right, node)
    if isinstance(node, exp.Sub) and kinds == ("date", "date"):
        return cast_to(call("datediff", left, right), "bigint")
    if kinds[0] == "date" and kinds[1] == "whole":
        return call("date_sub" if isinstance(node, exp.Sub) else "date_add", left, right)
    known = {"whole", "decimal", "double", "null"}
    both_moments = isinstance(node, exp.Sub) and kinds[0] == kinds[1] in ("clock", "instant")
    if not (set(kinds) <= known or both_moments):
        raise refuse(node, f"a sum of {' and '.join(kinds)}")
    return node


def _moved(moment: exp.Expr, by: exp.Expr, node: exp.Expr) -> exp.Expr:
    start = cast_to(moment, "timestamp_ntz") if kind(moment) == "date" else moment
    found = _count_and_unit(by)
    if found is None:
        if isinstance(by, exp.Column):  # an interval that two clocks lay apart
            return type(node)(this=start, expression=by)
        raise refuse(node, "an interval that is not a number of units")
    count, unit = found
    if unit not in _UNITS | {"MICROSECOND"}:
        raise refuse(node, "a unit of time")
    if isinstance(node, exp.Sub):
        count = exp.Neg(this=exp.Paren(this=count))
    return call("timestampadd", exp.var(unit), cast_to(count, "int"), start)


def _count_and_unit(by: exp.Expr) -> tuple[exp.Expr, str] | None:
    by = by.unnest()
    if isinstance(by, exp.Interval) and by.args.get("unit") is not None:
        return exp.Literal.number(int(by.this.name)), _named(by)
    if isinstance(by, exp.Mul):
        for one, other in ((by.left, by.right), (by.right, by.left)):
            if isinstance(other, exp.Interval):
                unit = _named(other)
                if other.this.name != "1" or kind(one) != "whole":
                    return None
                return one, unit
    return None


def _named(interval: exp.Interval) -> str:
    return str(interval.args["unit"].name).upper().removesuffix("S")


def _extract(node: exp.Extract) -> exp.Expr:
    part = _PARTS.get(node.this.name.upper())
    if part is None or kind(node.expression) not in ("date", "clock", "instant"):
        raise refuse(node, "a part of an instant")
    return cast_to(call("date_part", exp.Literal.string(part), node.expression), "bigint")


def _written(node: exp.TimeToStr) -> exp.Expr:
    form = node.args["format"].name
    if form not in _FORMATS or kind(node.this) not in ("date", "clock", "instant"):
        raise refuse(node, "a format of an instant")
    return call("date_format", node.this, exp.Literal.string(_FORMATS[form]))


def _clock_of_micros(node: own.ClockOfMicros) -> exp.Expr:
    return cast_to(call("timestamp_micros", node.this), "timestamp_ntz")


def _epoch_micros(node: own.EpochMicros) -> exp.Expr:
    return _micros(node.this, node)


REWRITES: Final[Mapping[type[exp.Expr], Callable[[Any], exp.Expr]]] = {
    own.Timezone: _zone,
    own.FullUnits: _full_units,
    own.EpochMicros: _epoch_micros,
    own.ClockOfMicros: _clock_of_micros,
    exp.DateDiff: _date_diff,
    exp.DateTrunc: _trunc,
    exp.TimestampTrunc: _trunc,
    exp.Add: _added,
    exp.Sub: _added,
    exp.Interval: lambda node: node,
    exp.Extract: _extract,
    exp.TimeToStr: _written,
}
