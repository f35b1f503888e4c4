"""Where a failure stands: the file and line of a model, a test or a seed, and what is wrong."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from winback.base.overlay import own_place

# As dbt heads a failure, with the file's path; it stands in the place of the failure's own words.
_HEAD: Final = re.compile(
    r"^(?:Runtime|Compilation|Database|Parsing) Error\s+(?:in )?\w+ '?[\w.]+'? \(([^)\s]+)\)\s*"
)
_NUMBER: Final = re.compile(r"\bline (\d+)\b")
# As DuckDB shows the line of the SQL that dbt made, which has the file's lines under other numbers.
_SHOWN: Final = re.compile(r"^\s*LINE \d+: (.*)$", re.MULTILINE)
_CSV_LINE: Final = re.compile(r"CSV Error on Line: (\d+)")
_CSV_CELL: Final = re.compile(
    r'Error when converting column "(\w+)"\. (Could not convert string ".*?" to \'\w+\')', re.DOTALL
)
_ABSENT: Final = re.compile(r"depends on a node named '(\w+)' which was not found")
_QUOTED: Final = re.compile(r'"(\w+)"|named? (\w+)')


def placed(folder: Path, path: str, message: str) -> str:
    """A failure of one file of the dbt project as `file:line: what is wrong`, in one line."""
    text = _HEAD.sub("", message.strip())
    if cell := _CSV_CELL.search(text):
        found = _CSV_LINE.search(text)
        return f"{_file(folder, path, found[1] if found else '')}: column {cell[1]}: {cell[2]}"
    words = " ".join(_SHOWN.sub("", text).replace("^", " ").split())
    return f"{_file(folder, path, _line(folder / path, text))}: {words}"


def placed_parse(folder: Path, message: str) -> str:
    """What dbt could not parse, by its file and line where its words tell of one."""
    text = " ".join(message.split())
    head = re.search(r"\(([\w/.-]+\.\w+)\)", text)
    if head is None:
        return text
    path, rest = head[1], text[head.end() :].strip()
    if absent := _ABSENT.search(rest):
        line = _holding(folder / path, absent[1])
        return f"{_file(folder, path, line)}: there is no model, seed or source {absent[1]}"
    number = _NUMBER.search(rest)
    what = rest[: number.start()].strip() if number else rest
    return f"{_file(folder, path, number[1] if number else '')}: {what}"


def seed_rows(folder: Path, seeds: Sequence[str], found: Sequence[Mapping[str, Any]]) -> str:
    """Rows of seeds that broke a test, each with the file and line that it stands in."""
    return "; ".join(_seed_row(folder, seeds, row) for row in found)


def _seed_row(folder: Path, seeds: Sequence[str], row: Mapping[str, Any]) -> str:
    words = " ".join(f"{name}={str(value)[:60]}" for name, value in row.items())
    best, place = 0, ""
    for seed in seeds:
        shared, line = _row_line(folder / "seeds" / f"{seed}.csv", row)
        if shared > best:
            best, place = shared, _file(folder, f"seeds/{seed}.csv", str(line)) + ": "
    return f"{place}{words}"


def _row_line(path: Path, row: Mapping[str, Any]) -> tuple[int, int]:
    """How many of the row's values a line of the seed has, which has all that it could have."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        names = [name for name in row if name in (rows.fieldnames or ())]
        begins = 2
        for cells in rows:
            if names and all(cells[name] == _cell(row[name]) for name in names):
                return len(names), begins
            begins = rows.line_num + 1
    return 0, 0


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _file(folder: Path, path: str, line: str) -> str:
    return own_place(folder.parent, f"{folder.name}/{path}", line)


def _line(path: Path, text: str) -> str:
    """The line of the file that DuckDB shows of what dbt made of it, or that has its name."""
    shown = _SHOWN.search(text)
    if shown and path.exists():
        wanted = shown[1].strip().removeprefix("...").removesuffix("...")
        lines = path.read_text(encoding="utf-8").splitlines()
        found = [n for n, line in enumerate(lines, 1) if wanted and wanted in line]
        if len(found) == 1:
            return str(found[0])
    names = [one or other for one, other in _QUOTED.findall(text)]
    return next((line for name in names[:1] if (line := _holding(path, name))), "")


def _holding(path: Path, word: str) -> str:
    if not path.exists():
        return ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if re.search(rf"\b{re.escape(word)}\b", line):
            return str(number)
    return ""
