"""SQL that turns a batch of texts into typed columns and a reason where a row can't be held.

A reason names the column and the rule, never the value: reasons are printed and
counted, and values may be contact data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from winback.base.duck import literal
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
# A thousand or a one with three decimals: the rest of the column tells.
_THOUSANDS = r"^[+-]?[1-9]\d{0,2}\.\d{3}$"
_WHOLE = r"^[+-]?\d+(\.0*)?$"
_NOT_FINITE = r"^[+-]?(nan|inf|infinity)$"

# A year outside is a placeholder (the zeros of Unix, Excel, macOS and GPS) or a slip, and breaks
# readers that count nanoseconds.
FIRST_YEAR, LAST_YEAR = 1990, 2199

SPACES = " \t\r\n\u00a0\ufeff"


@dataclass(frozen=True)
class Rule:
    """A hard rule on typed columns: where `broken` holds, the row is set aside for `reason`."""

    broken: str
    reason: str


@dataclass(frozen=True)
class Settlement:
    """What a doubtful row lands as: SQL for each column, over typed columns, and the doubts."""

    columns: Mapping[str, str]
    doubts: Sequence[Rule]


@dataclass(frozen=True)
class Spec:
    """How one file's rows become typed rows.

    `prepare` rewrites a column's text before it is read: SQL with `{}` for the text. A row
    with a fault `looks_twice` where other ways of writing are known (`_second_look`): there
    a field that isn't required is emptied, `words` names the seed of a column's words, and
    `settlement` says what becomes of columns that may be in doubt. A row set aside `holds`
    its customer: the table and the column of its key. So does one that landed `held_without`
    a column that could not be read.
    """

    table: Table
    prepare: Mapping[str, str] = field(default_factory=dict)
    rules: Sequence[Rule] = ()
    looks_twice: bool = False
    words: Mapping[str, str] = field(default_factory=dict)
    settlement: Settlement | None = None
    holds: tuple[str, str | None] | None = None
    held_without: frozenset[str] = frozenset()
    date_format: str | None = None


def typing_query(spec: Spec, sent: Sequence[str], relation: str) -> str:
    """Query over `relation` (texts by column name, `sent`): typed columns, the unknown ones
    as they are, LINE, ROW and `__reason` (null where the row is good).

    The session's TimeZone must be the shop's: it is the zone of times without an offset.
    A local time that the clocks skip moves forward; one that comes twice is the later.
    """
    reasons = [
        (condition, reason) for c in spec.table.columns for condition, reason in faults(c)
    ] + [(rule.broken, rule.reason) for rule in spec.rules]
    return _query(
        spec, sent, relation, {}, f"{_first(reasons)} as __reason", is_first=spec.looks_twice
    )


def second_query(spec: Spec, sent: Sequence[str], relation: str) -> str:
    """The same of rows that have a fault: it costs the row only where nothing else can be done.

    Beside `__reason` come `__doubts`, what a row that lands has lost, and `__held`, the doubt
    that holds its customer.
    """
    settled = spec.settlement
    results = dict(settled.columns) if settled else {}
    reasons: list[tuple[str, str]] = []
    doubts = [(rule.broken, rule.reason) for rule in settled.doubts] if settled else []
    held: list[tuple[str, str]] = []
    for column in spec.table.columns:
        if column.name in results:
            continue
        found = faults(column)
        if column.required:
            reasons += found
        elif found:
            is_wrong = " or ".join(f"coalesce({condition}, false)" for condition, _ in found)
            results[column.name] = f'case when not ({is_wrong}) then "{column.name}__typed" end'
            emptied = [
                (condition, f"landed without {column.name}, which{reason[len(column.name) :]}")
                for condition, reason in found
            ]
            doubts += emptied
            held += emptied if column.name in spec.held_without else []
    if not settled:
        reasons += [(rule.broken, rule.reason) for rule in spec.rules]
    listed = ", ".join(f"case when {condition} then '{doubt}' end" for condition, doubt in doubts)
    return _query(
        spec,
        sent,
        relation,
        results,
        f"{_first(reasons)} as __reason, "
        f"list_filter([{listed}]::varchar[], doubt -> doubt is not null) as __doubts, "
        f"{_first(held)} as __held",
        is_first=False,
    )


def landed_columns(spec: Spec, sent: Sequence[str]) -> list[Column]:
    """The columns that a file's rows land with: a column that the file lacks is not emptied."""
    return [c for c in spec.table.columns if c.name in sent or not spec.table.key]


def _query(
    spec: Spec,
    sent: Sequence[str],
    relation: str,
    results: Mapping[str, str],
    findings: str,
    *,
    is_first: bool,
) -> str:
    declared = spec.table.columns
    known = set(spec.table.column_names)
    rest = ", ".join([ident(name) for name in sent if name not in known] + [LINE, ROW])
    texts = ", ".join(
        f'{_text(spec, column, sent, is_first=is_first)} as "{column.name}"' for column in declared
    )
    typed = ", ".join(
        f'"{c.name}" as "{c.name}__text", {_typed(c, is_first=is_first)} as "{c.name}__typed"'
        for c in declared
    )
    landed = ", ".join(
        results.get(name, f'"{name}__typed"') + f' as "{name}"'
        for name in (column.name for column in landed_columns(spec, sent))
    )
    return f"""
        with texts as (select {texts}, {rest} from {relation}),
        typed as (select {typed}, {rest} from texts)
        select {landed}, {rest}, {findings} from typed
    """


def _first(cases: Sequence[tuple[str, str]]) -> str:
    """SQL for the first case that holds, null where none does."""
    if not cases:
        return "cast(null as varchar)"
    branches = " ".join(f"when {condition} then '{text}'" for condition, text in cases)
    return f"case {branches} end"


def _text(spec: Spec, column: Column, sent: Sequence[str], *, is_first: bool) -> str:
    is_sent = column.name in sent and not column.is_ours
    text = f"""nullif(trim("{column.name}", '{SPACES}'), '')""" if is_sent else "null"
    if is_first and spec.date_format and column.type == "timestamp":
        text = _in_format(text, spec.date_format)
    return f"cast({spec.prepare.get(column.name, '{}').replace('{}', text)} as varchar)"


def _in_format(text: str, format_: str) -> str:
    """SQL that rewrites what fits a stated format as ISO 8601; the rest stays as it is.

    A year first would be read in the usual order where it doesn't fit: so it is read no more.
    """
    at = f"try_strptime({text}, {literal(format_)})"
    if "%z" in format_:
        at = f"timezone('UTC', {at})"
    iso = f"strftime({at}, '%Y-%m-%d %H:%M:%S.%f{'Z' if '%z' in format_ else ''}')"
    rest = f"{text} || ' ?'" if is_year_first(format_) else text
    return f"coalesce({iso}, {rest})"


def is_year_first(format_: str) -> bool:
    """Whether a date in this format could pass for ISO 8601 with another meaning."""
    return format_.lstrip().startswith(("%Y", "%y"))


def _typed(column: Column, *, is_first: bool) -> str:
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
    is_number = f"regexp_matches({name}, '{_NUMBER}')"
    if is_first:
        is_number += (
            f" and (substr({name}, -4, 1) <> '.' or not regexp_matches({name}, '{_THOUSANDS}'))"
        )
    return f"case when {is_number} then try_cast({name} as {type_}) end"


def _plain(name: str) -> str:
    """SQL that rewrites a text of the form `_ISO` as `_PLAIN`."""
    parts = f"regexp_replace({name}, '{_ISO}', '\\1-\\2-\\3 \\4:\\5:\\6\\7')"
    filled = f"replace({parts}, ' ::', ' 00:00:00')"  # a date alone
    filled = f"regexp_replace({filled}, ':(\\D|$)', ':00\\1')"  # no seconds
    return f"upper(replace({filled}, ',', '.'))"


def faults(column: Column) -> list[tuple[str, str]]:
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
