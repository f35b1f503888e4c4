"""SQL that turns a batch of texts into typed columns and a reason where a row can't be held.

A reason names the column and the rule, never the value: reasons are printed and
counted, and values may be contact data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from winback.landing._batch import LINE, ROW
from winback.landing._sql import ident
from winback.landing.schema import DUCKDB_TYPES, Column, Table

# What DuckDB reads by itself (0.2 microseconds cheaper a value than all of ISO 8601).
_PLAIN = r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)?)?$"
# ISO 8601, extended or basic, to the minute or finer; an offset stands only after a time.
_ISO = (
    r"^(\d{4})-?(\d\d)-?(\d\d)"
    r"(?:[Tt ](\d\d):?(\d\d)(?::?(\d\d(?:[.,]\d{1,9})?))? ?([Zz]|[+-]\d\d(?::?\d\d)?)?)?$"
)
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$"
_WHOLE = r"^[+-]?\d+(\.0*)?$"
_NOT_FINITE = r"^[+-]?(nan|inf|infinity)$"

# A year outside is a placeholder or a slip, and breaks readers that count nanoseconds.
FIRST_YEAR, LAST_YEAR = 1900, 2199

_SPACES = " \t\r\n\u00a0\ufeff"


@dataclass(frozen=True)
class Rule:
    """A hard rule on typed columns: where `broken` holds, the row is set aside for `reason`."""

    broken: str
    reason: str


@dataclass(frozen=True)
class Spec:
    """How one file's rows become typed rows.

    `prepare` rewrites a column's text before it is read: SQL with `{}` for the text.
    """

    table: Table
    prepare: Mapping[str, str] = field(default_factory=dict)
    rules: Sequence[Rule] = ()


def typing_query(spec: Spec, sent: Sequence[str], relation: str) -> str:
    """Query over `relation` (texts by column name, `sent`): typed columns, the unknown ones
    as they are, LINE, ROW and `__reason` (null where the row is good).

    The session's TimeZone must be the shop's: it is the zone of times without an offset.
    A local time that the clocks skip moves forward; one that comes twice is the later.
    """
    declared = spec.table.columns
    known = set(spec.table.column_names)
    rest = ", ".join([ident(name) for name in sent if name not in known] + [LINE, ROW])
    texts = ", ".join(f'{_text(spec, column, sent)} as "{column.name}"' for column in declared)
    typed = ", ".join(
        f'"{column.name}" as "{column.name}__text", {_typed(column)} as "{column.name}__typed"'
        for column in declared
    )
    reasons = " ".join(
        [f"when {condition} then '{reason}'" for c in declared for condition, reason in _faults(c)]
        + [f"when {rule.broken} then '{rule.reason}'" for rule in spec.rules]
    )
    results = ", ".join(f'"{column.name}__typed" as "{column.name}"' for column in declared)
    return f"""
        with texts as (select {texts}, {rest} from {relation}),
        typed as (select {typed}, {rest} from texts)
        select {results}, {rest}, case {reasons} end as __reason from typed
    """


def _text(spec: Spec, column: Column, sent: Sequence[str]) -> str:
    text = f"""nullif(trim("{column.name}", '{_SPACES}'), '')""" if column.name in sent else "null"
    return f"cast({spec.prepare.get(column.name, '{}').replace('{}', text)} as varchar)"


def _typed(column: Column) -> str:
    name, type_ = f'"{column.name}"', DUCKDB_TYPES[column.type]
    if column.type == "text":
        return name
    if column.type == "timestamp":
        return (
            f"case when regexp_matches({name}, '{_PLAIN}') then try_cast({name} as {type_}) "
            f"when regexp_matches({name}, '{_ISO}') then try_cast({_plain(name)} as {type_}) end"
        )
    if column.type == "integer":
        whole = f"regexp_matches({name}, '{_WHOLE}')"
        return f"case when {whole} then try_cast(split_part({name}, '.', 1) as {type_}) end"
    return f"case when regexp_matches({name}, '{_NUMBER}') then try_cast({name} as {type_}) end"


def _plain(name: str) -> str:
    """SQL that rewrites a text of the form `_ISO` as `_PLAIN`."""
    parts = f"regexp_replace({name}, '{_ISO}', '\\1-\\2-\\3 \\4:\\5:\\6\\7')"
    filled = f"replace({parts}, ' ::', ' 00:00:00')"  # a date alone
    filled = f"regexp_replace({filled}, ':(\\D|$)', ':00\\1')"  # no seconds
    return f"upper(replace({filled}, ',', '.'))"


def _faults(column: Column) -> list[tuple[str, str]]:
    """What may be wrong with one column, in the order in which it is told."""
    text, typed = f'"{column.name}__text"', f'"{column.name}__typed"'
    unread = f"{text} is not null and {typed} is null"
    faults = [(f"{text} is null", f"{column.name} is missing")] if column.required else []
    if column.type == "timestamp":
        inside = (
            f"{typed} >= timestamptz '{FIRST_YEAR}-01-01 00:00:00Z' "
            f"and {typed} < timestamptz '{LAST_YEAR + 1}-01-01 00:00:00Z'"
        )
        faults += [
            (unread, f"{column.name} is not a date"),
            (f"not ({inside})", f"{column.name} is outside {FIRST_YEAR} to {LAST_YEAR}"),
        ]
    elif column.type == "decimal":
        faults += [
            (
                f"{unread} and regexp_matches(lower({text}), '{_NOT_FINITE}')",
                f"{column.name} is NaN or infinite",
            ),
            (
                f"{unread} and regexp_matches({text}, '{_NUMBER}')",
                f"{column.name} has over 14 digits before the point",
            ),
            (unread, f"{column.name} is not a number"),
        ]
    elif column.type == "integer":
        faults.append((unread, f"{column.name} is not a whole number"))
    return faults


def one_of(column: str, *allowed: str, when: str = "true") -> Rule:
    """The column, if present, holds one of these words."""
    words = ", ".join(f"'{word}'" for word in allowed)
    typed = f'"{column}__typed"'
    return Rule(f"({when}) and {typed} not in ({words})", f"{column} is not {_either(allowed)}")


def _either(words: Sequence[str]) -> str:
    return ", ".join(words[:-1]) + f" or {words[-1]}" if len(words) > 1 else words[0]
