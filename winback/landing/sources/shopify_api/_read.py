"""The files of bulk operations as texts: a record a line, a child after its parent.

What is no whole file is refused: what it lacks may be a day's orders.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import duckdb

from winback.base.duck import literal
from winback.base.errors import UsageError, WinbackError
from winback.landing._batch import LINE
from winback.landing._sql import ident
from winback.landing._stage import Work
from winback.landing.sources._texts import FILE
from winback.landing.sources.shopify_api._fields import KINDS, Kind

# What is said of a pull, beside its files.
ABOUT: Final = "pull.json"
_PARENT: Final = "__parentId"
_LINE: Final = re.compile(r"line (\d+)")


@dataclass(frozen=True)
class About:
    """What the pull says of its files; a folder that somebody put together says nothing.

    `gone` are customers of earlier pulls whom a pull of all customers does not have any more.
    """

    objects: dict[str, int] = field(default_factory=dict)
    pulled_at: datetime | None = None
    gone: list[str] = field(default_factory=list)


def find_files(source: Path) -> dict[str, Path]:
    """The file of each kind. Raises UsageError without any orders or customers."""
    found = {kind.name: source / f"{kind.name}.jsonl" for kind in KINDS}
    found = {name: path for name, path in found.items() if path.is_file()}
    if not {"orders", "customers"} & set(found):
        raise UsageError(
            f"{source} has no orders.jsonl and no customers.jsonl. Next: winback pull shopify"
        )
    return found


def read_about(source: Path) -> About:
    """What is said beside the files."""
    path = source / ABOUT
    if not path.exists():
        return About()
    told = json.loads(path.read_text(encoding="utf-8"))
    return About(told["objects"], datetime.fromisoformat(told["pulled_at"]), told["gone"])


def read_records(work: Work, kind: Kind, path: Path, about: About) -> None:
    """The temp tables `<kind>_roots` and `<kind>_children`: their fields as texts, and the line.

    Raises WinbackError for a file that is cut off or has other records.
    """
    work.progress(f"{kind.name}: reading", work.done_bytes, work.total_bytes)
    keys = [*kind.keys, _PARENT]
    types = ", ".join(
        f"{literal(key)}: '{'VARCHAR' if key in {'id', _PARENT} else 'JSON'}'" for key in keys
    )
    # Lines are counted: records must come in the order in which they stand.
    work.connection.execute("set threads = 1; set preserve_insertion_order = true")
    try:
        work.connection.execute(
            f"create or replace temp table records as "
            f"select row_number() over () as {LINE}, 1 as {FILE}, * from read_json("
            f"{literal(path)}, columns = {{{types}}}, format = 'newline_delimited', "
            f"maximum_object_size = {work.limits.line_bytes})"
        )
    except duckdb.InvalidInputException as error:
        raise _unread(work, path, str(error)) from None
    finally:
        work.connection.execute("reset threads; set preserve_insertion_order = false")
    work.done_bytes += path.stat().st_size
    _refuse_others(work, kind, path, about)
    for table, fields, which in (
        ("roots", kind.fields, "null"),
        ("children", kind.child_fields, "not null"),
    ):
        columns = [f"{_text(path_)} as {name}" for path_, name in fields.items()]
        columns += [f"{number(_PARENT)} as parent", LINE, FILE]
        work.connection.execute(
            f"create or replace temp table {kind.name}_{table} as "
            f"select {', '.join(columns)} from records where {_PARENT} is {which}"
        )


def number(column: str) -> str:
    """SQL for the number at the end of a global id."""
    return f"regexp_extract({column}, '^gid://shopify/[A-Za-z]+/([0-9]+)', 1)"


def _text(path: str) -> str:
    """SQL for a field as a text; null where it is empty, and lists with commas."""
    key, _, rest = path.partition("[")[0].partition(".")
    if "[" in path:
        text = f"json_extract_string({ident(key)}, '$[{path.partition('[')[2]}')"
    elif path == "id":
        return number("id")
    elif rest:
        text = f"json_extract_string({ident(key)}, '$.{rest}')"
        if rest == "id":
            text = number(text)
    else:
        whole = f"json_extract_string({ident(key)}, '$')"
        text = (
            f"case when json_type({ident(key)}) = 'ARRAY' then "
            f"array_to_string(json_extract_string({ident(key)}, '$[*]'), ',') else {whole} end"
        )
    return f"nullif(trim({text}), '')"


def _unread(work: Work, path: Path, said: str) -> WinbackError:
    """DuckDB's refusal without the values that it quotes."""
    if "maximum_object_size" in said:
        return WinbackError(
            f"{path.name}: a record is over {work.limits.line_megabytes:,} MB: nothing was "
            "loaded. Next: raise WINBACK_INPUT_LINE_MEGABYTES if it is right"
        )
    found = _LINE.search(said)
    where = f", line {int(found[1]):,}" if found else ""
    return _refusal(path, f"{where}: it is cut off or no JSON")


def _refuse_others(work: Work, kind: Kind, path: Path, about: About) -> None:
    lacks = " or ".join(f"{ident(key)} is null" for key in kind.needs)
    found: Any = work.connection.execute(
        f"""
        with parents as (select id from records where {_PARENT} is null)
        select count(*), count(*) filter ({_PARENT} is null and ({lacks})),
            count(*) filter ({_PARENT} is not null and {_PARENT} not in (from parents))
        from records
        """
    ).fetchone()
    count, others, orphans = found
    told = about.objects.get(kind.name, count)
    if count != told:
        raise _refusal(path, f": it has {count:,} records, and the shop says {told:,}")
    if orphans:
        raise _refusal(path, f": {orphans:,} records belong to none of its {kind.name}")
    if others:
        raise _refusal(
            path,
            f": {others:,} of its records have no {', '.join(kind.needs)}, as {kind.name} have",
        )


def _refusal(path: Path, what: str) -> WinbackError:
    return WinbackError(f"{path.name}{what}: nothing was loaded. Next: winback pull shopify")
