"""The filter language of SendGrid's Email Logs and Email Activity: conditions joined by AND."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from winback.rehearsal.sandbox._sendgrid_responses import BadRequest

# What a field may be asked, by field: the contract's own table.
LOGS: Final[Mapping[str, frozenset[str]]] = {
    "sg_message_id": frozenset({"="}),
    "subject": frozenset({"="}),
    "to_email": frozenset({"="}),
    "status": frozenset({"IN"}),
    "reason": frozenset({"="}),
    "categories": frozenset({"IN"}),
    "sg_message_id_created_at": frozenset({">", "<", ">=", "<="}),
}
_EQUAL: Final = frozenset({"=", "!=", "LIKE"})
ACTIVITY: Final[Mapping[str, frozenset[str]]] = {
    "msg_id": _EQUAL,
    "from_email": _EQUAL,
    "to_email": _EQUAL,
    "subject": _EQUAL,
    "status": frozenset({"=", "!="}),
    "last_event_time": frozenset({">", "<", ">=", "<="}),
    "unique_args": frozenset({"="}),
}

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<word>[A-Za-z_]+(?:\[\s*["'][^"']*["']\s*\])?)|(?P<op>!=|>=|<=|=|>|<)"""
    r"""|(?P<string>"[^"]*"|'[^']*')|(?P<mark>[(),]))"""
)
_KEYED: Final = re.compile(r"""(\w+)\[\s*["']([^"']*)["']\s*\]""")
_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


@dataclass(frozen=True)
class Condition:
    """A condition `field operator value`; `key` stands in brackets after `unique_args`."""

    field: str
    operator: str
    values: tuple[str | datetime, ...]
    key: str = ""

    def holds(self, entry: Mapping[str, Any]) -> bool:
        """Tell whether a message with these fields is meant; times are aware datetimes."""
        found = entry.get(self.field)
        if self.key:
            found = (found or {}).get(self.key)
        if self.operator == "IN":
            given = found if isinstance(found, list) else [found]
            return any(value in self.values for value in given)
        (value,) = self.values
        if self.operator == "LIKE":
            pattern = ".*".join(map(re.escape, str(value).split("%")))
            return re.fullmatch(pattern, str(found)) is not None
        return _COMPARE[self.operator](found, value)


def parse(query: str, allowed: Mapping[str, frozenset[str]]) -> list[Condition]:
    """Read a query's conditions; an empty query has none. Raises BadRequest for nonsense."""
    tokens = _tokens(query)
    conditions = []
    while tokens:
        conditions.append(_condition(tokens, allowed))
        if tokens and (len(tokens) == 1 or tokens.pop(0).upper() != "AND"):
            raise _invalid("conditions are joined by AND")
    return conditions


def _tokens(query: str) -> list[str]:
    tokens, at = [], 0
    while query[at:].strip():
        match = _TOKEN.match(query, at)
        if match is None:
            raise _invalid(f"unexpected {query[at:].strip()[0]!r}")
        tokens.append(match.group().strip())
        at = match.end()
    return tokens


def _condition(tokens: list[str], allowed: Mapping[str, frozenset[str]]) -> Condition:
    if tokens[0] == "(" and ")" in tokens:  # one condition may stand in brackets
        end = tokens.index(")")
        inner = tokens[1:end]
        condition = _condition(inner, allowed) if inner else None
        if condition is None or inner:
            raise _invalid("nesting is not allowed")
        del tokens[: end + 1]
        return condition
    name, key = tokens.pop(0), ""
    if keyed := _KEYED.fullmatch(name):
        name, key = keyed[1], keyed[2]
    if name not in allowed:
        raise _invalid(f"{name!r} is not a known field")
    sign = tokens.pop(0).upper() if tokens else ""
    if sign not in allowed[name]:
        raise _invalid(f"{name!r} can not be compared by {sign!r}")
    values = _list(tokens) if sign == "IN" else (_value(tokens),)
    is_time = name in {"last_event_time", "sg_message_id_created_at"}
    return Condition(name, sign, tuple(map(_time, values)) if is_time else values, key)


def _list(tokens: list[str]) -> tuple[str, ...]:
    if ")" not in tokens or tokens[0] != "(":
        raise _invalid("IN needs a list in brackets")
    end = tokens.index(")")
    inner = tokens[1:end]
    del tokens[: end + 1]
    values = tuple(_value([token]) for token in inner[::2])
    if len(inner) % 2 == 0 or set(inner[1::2]) - {","}:
        raise _invalid("IN needs a list of strings")
    return values


def _value(tokens: list[str]) -> str:
    if tokens and tokens[0].upper() == "TIMESTAMP":
        tokens.pop(0)
    if not tokens or tokens[0][0] not in "\"'":
        raise _invalid("a value must be a string in quotes")
    return tokens.pop(0)[1:-1]


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise _invalid(f"{text!r} is not a timestamp") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _invalid(what: str) -> BadRequest:
    return BadRequest((f"invalid syntax: {what}", "query"))
