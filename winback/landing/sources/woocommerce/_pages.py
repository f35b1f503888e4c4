"""The pages of the REST API as a shop saves them: which there are, and their records as texts.

A page is an array of records, or has one record a line. DuckDB reads them, so a page may be
larger than the memory. A page that is no whole one is refused: what it lacks may be a day's orders.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from winback.base.duck import literal
from winback.base.errors import UsageError, WinbackError
from winback.landing._batch import LINE
from winback.landing._files import SUFFIXES as TABLE_SUFFIXES
from winback.landing._sql import ident, parquet
from winback.landing._stage import Work
from winback.landing.sources._texts import FILE
from winback.landing.sources.woocommerce._fields import KINDS, Kind, key_of

NTH: Final = "__nth"  # tells the records of all pages apart
PAGE: Final = "page"
CONSENTS: Final = "consents"  # a file of the generic form that may lie beside
# What plugins export.
EXPORTED: Final = ("customers", "orders")
_SUFFIXES: Final = (".json", ".jsonl", ".ndjson")
_BRACKETS: Final = {b"[": b"]", b"{": b"}"}
_LOOK: Final = 4096
# Records whose fields are told to who looks before anything lands.
_FIRST: Final = 100
_WHERE: Final = re.compile(
    r'(Malformed|JSON transform).*?in file "(?P<path>.*)", .*?in (?P<unit>line|record/value) '
    r"(?P<number>\d+): (?P<what>.*)"
)


@dataclass(frozen=True)
class Pages:
    """All pages of one kind; `rows` is SQL for their records, as texts with our names."""

    kind: Kind
    files: Sequence[Path]
    rows: str

    @property
    def label(self) -> str:
        """What reports call them."""
        others = f" and {len(self.files) - 1:,} more" if len(self.files) > 1 else ""
        return self.files[0].name + others


def find_pages(source: Path) -> Mapping[str, list[Path]]:
    """The pages of each kind, told by their names, and the consents beside them.

    Raises UsageError without any page.
    """
    if not source.exists():
        raise UsageError(f"{source} doesn't exist.")
    inside = [source] if source.is_file() else sorted(source.iterdir())
    found = {kind.name: _named(kind.name, _SUFFIXES, inside) for kind in KINDS}
    if not found["orders"] and not found["customers"]:
        found |= {name: _named(name[:-1], TABLE_SUFFIXES, inside) for name in EXPORTED}
    if not found["orders"] and not found["customers"]:
        raise UsageError(
            f"{source} has no orders*.json and no customers*.json. Next: save the pages of "
            "/wp-json/wc/v3/orders and /customers there under such names, or the export of a "
            "plugin as orders*.csv"
        )
    found[CONSENTS] = [
        path for path in inside if path.name.lower() in {CONSENTS + it for it in TABLE_SUFFIXES}
    ]
    if len(found[CONSENTS]) > 1:
        raise UsageError(
            f"{source} holds {' and '.join(it.name for it in found[CONSENTS])}; keep one."
        )
    for path in (it for paths in found.values() for it in paths):
        if not path.is_file():
            raise _refusal(path, "it is not a file", "put the file there")
    return {name: paths for name, paths in found.items() if paths}


def _named(prefix: str, suffixes: tuple[str, ...], inside: Sequence[Path]) -> list[Path]:
    return [
        path
        for path in inside
        if path.name.lower().startswith(prefix) and path.name.lower().endswith(suffixes)
    ]


def is_export(path: Path) -> bool:
    """Whether a file is a plugin's export, and no page of the API."""
    return path.name.lower().endswith(TABLE_SUFFIXES)


def not_read_note(source: Path, read: Collection[Path]) -> list[str]:
    """Files that look like pages and are none: mostly a slip in the name."""
    if not source.is_dir():
        return []
    others = sorted(
        path.name
        for path in source.iterdir()
        if path.name.lower().endswith((*_SUFFIXES, *TABLE_SUFFIXES)) and path not in read
    )
    if not others:
        return []
    shown = ", ".join(others[:5]) + (f" and {len(others) - 5:,} more" if len(others) > 5 else "")
    names = ", ".join(f"{kind.name}*.json" for kind in KINDS)
    return [f"not read: {shown} (a page is {names})"]


def read_pages(work: Work, kind: Kind, files: Sequence[Path]) -> Pages:
    """Read every page of a kind. Raises WinbackError for one that is no whole page."""
    for path in files:
        _refuse_what_is_no_page(path)
    work.progress(f"{kind.name}: reading", work.done_bytes, work.total_bytes)
    path = work.folder / f"{kind.name}.texts"
    # Places are counted: records must come in the order in which they stand.
    work.connection.execute("set threads = 1; set preserve_insertion_order = true")
    try:
        work.connection.execute(
            f"copy (select row_number() over () as {NTH}, {PAGE}, {_columns(kind)} from "
            f"{_records(work, kind, files)}) to {literal(path)} (format parquet)"
        )
    except duckdb.InvalidInputException as error:
        raise _refused(work, kind, str(error)) from None
    finally:
        work.connection.execute("reset threads; set preserve_insertion_order = false")
    work.done_bytes += sum(it.stat().st_size for it in files)
    _refuse_other_records(work, kind, path)
    if work.saw:
        _tell_columns(work, kind, files)
    first = f"{kind.name}_first"
    work.connection.execute(
        f"create or replace temp table {first} as select {PAGE}, min({NTH}) as first_nth "
        f"from {parquet(path)} group by {PAGE}"
    )
    return Pages(
        kind,
        files,
        f"(select *, {NTH} - first_nth + 1 as {LINE}, 1 as {FILE} "
        f"from {parquet(path)} inner join {first} using ({PAGE}))",
    )


def _records(work: Work, kind: Kind, files: Sequence[Path]) -> str:
    """SQL for the records, with the fields that are read."""
    plain = {*kind.fields, "code"} - set(kind.lists)
    types = ", ".join(
        f"{key}: '{'VARCHAR' if key in plain else 'JSON'}'" for key in [*kind.keys, "code"]
    )
    paths = ", ".join(literal(it) for it in files)
    return (
        f"(select * replace (parse_filename({PAGE}) as {PAGE}) from read_json([{paths}], "
        f"columns = {{{types}}}, format = 'auto', records = 'true', filename = '{PAGE}', "
        f"maximum_object_size = {work.limits.line_bytes}))"
    )


def _columns(kind: Kind) -> str:
    """SQL for each field under our name; null where it is empty."""
    columns = []
    for path, name in kind.fields.items():
        key = key_of(path)
        if path in kind.lists:
            columns.append(f"{key} as {name}")
            continue
        text = key
        if path != key:
            text = f"json_extract_string({key}, '${path[len(key) :]}')"
        if "[*]" in path:
            text = f"array_to_string({text}, ',')"
        columns.append(f"nullif(trim({text}), '') as {name}")
    columns += [f"{key} is not null as {ident('has ' + key)}" for key in kind.needs]
    return ", ".join([*columns, "code"])


def _refuse_what_is_no_page(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(_LOOK).lstrip()
        file.seek(max(0, path.stat().st_size - _LOOK))
        tail = file.read().rstrip()
    if not head:
        raise _refusal(path, "it is empty")
    if head.startswith(b"<"):
        raise _refusal(path, "it is a web page and no JSON, such as the shop's error or login")
    if head[:1] not in _BRACKETS:
        raise _refusal(path, "it does not begin as JSON in UTF-8")
    if tail[-1:] != _BRACKETS[head[:1]]:
        raise _refusal(path, "it is cut off: its last record has no end")


def _refused(work: Work, kind: Kind, said: str) -> WinbackError:
    """DuckDB's refusal without the values that it quotes."""
    found = _WHERE.search(said)
    if found is None:
        if "maximum_object_size" in said:
            return WinbackError(
                f"{kind.name}: a record is over {work.limits.line_megabytes:,} MB: nothing was "
                "loaded. Next: raise WINBACK_INPUT_LINE_MEGABYTES if it is right"
            )
        return WinbackError(
            f"{kind.name}: a page is no JSON: nothing was loaded. Next: fetch the pages again"
        )
    number, what = int(found["number"]), found["what"]
    if found[1] == "Malformed":
        number = max(1, number - 1)  # it counts the one that it could not read
        why = "it is cut off" if "end of data" in what else "it is no JSON"
        if "UTF-8" in what:
            why = "it is not UTF-8"
    else:
        why = "a field stands twice" if "duplicate key" in what else "it is no object"
    place = "line" if found["unit"] == "line" else "record"
    return _refusal(Path(found["path"]), f"{place} {number:,}: {why}")


def _refuse_other_records(work: Work, kind: Kind, path: Path) -> None:
    """Raise WinbackError for a page with the shop's error, or one that lacks a field throughout."""
    counts = ", ".join(f"count(*) filter ({ident('has ' + key)})" for key in kind.needs)
    found = work.connection.execute(
        f"select {PAGE}, any_value(code) filter (code is not null and id is null), [{counts}] "
        f"from {parquet(path)} group by {PAGE} order by min({NTH})"
    )
    for page, code, seen in found.fetchall():
        if code:
            told = f" ({code})" if re.fullmatch(r"\w{1,60}", code) else ""
            raise _refusal(Path(page), f"it holds an error of the shop{told}, no {kind.name}")
        lacking = [key for key, count in zip(kind.needs, seen, strict=True) if not count]
        if lacking:
            raise _refusal(
                Path(page),
                f"its records have no {', '.join(lacking)}, which {kind.name} of wc/v3 have",
                "fetch it from /wp-json/wc/v3 without _fields",
            )


def _tell_columns(work: Work, kind: Kind, files: Sequence[Path]) -> None:
    """The fields of the first records; those inside an object by what is read of them alone."""
    paths = ", ".join(literal(it) for it in files)
    found = work.connection.execute(
        f"select distinct unnest(json_keys(json)) from (select json from read_json_objects("
        f"[{paths}], format = 'auto', maximum_object_size = {work.limits.line_bytes}) "
        f"limit {_FIRST})"
    ).fetchall()
    read = {path: name for path, name in kind.fields.items() if (key_of(path),) in found}
    read |= {key: "" for [key] in sorted(found) if key not in kind.keys}
    work.tell_columns(Pages(kind, files, "").label, kind.name, read)


def _refusal(path: Path, what: str, then: str = "fetch this page again") -> WinbackError:
    return WinbackError(f"{path.name}: {what}: nothing was loaded. Next: {then}")
