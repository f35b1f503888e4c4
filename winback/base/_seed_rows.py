"""Rows of a shop's own seed over ours: by the seed's key, and only in the cells that it fills."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from winback.base.errors import UsageError, meant

_EMPTY: Final = "null"
# The keys of seeds whose tests name none: one test for several seeds holds them.
_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "bandit_steps": ("playbook_id", "step", "arm"),
    "consent_channels": ("consent_channel", "channel"),
    "offer_exclusions": ("kind", "live_kind"),
    "playbook_segments": ("playbook_id", "segment"),
    "playbook_steps": ("playbook_id", "step"),
    "step_contents": ("playbook_id", "step", "variant", "turn"),
    "step_variants": ("playbook_id", "step", "variant"),
}


def seed_key(seed: Path) -> tuple[str, ...]:
    """The columns that name a row of one of our seeds, as its .yml declares them."""
    if key := _KEYS.get(seed.stem):
        return key
    import yaml

    declared = yaml.safe_load(seed.with_suffix(".yml").read_text(encoding="utf-8"))["seeds"]
    about: dict[str, Any] = next(it for it in declared if it["name"] == seed.stem)
    for test in about.get("data_tests", ()):
        if isinstance(test, dict) and "unique_combination" in test:
            return tuple(test["unique_combination"]["arguments"]["columns"])
    return next(
        (it["name"],) for it in about["columns"] if "unique" in (it.get("data_tests") or ())
    )


def merge_seed(ours: Path, own: Path) -> tuple[bytes, dict[int, int]]:
    """Our seed with the shop's rows; and for each line of it that has one, its line there.

    A row whose key is ours changes the cells that it fills and leaves the others to us; `null`
    empties one. Another row is new. Raises UsageError by file and line.
    """
    head, rows = _read(ours, ours.name)
    key = seed_key(ours)
    said = _own_rows(own, head, key)
    text = io.StringIO()
    writer = csv.DictWriter(text, head, lineterminator="\n")
    writer.writeheader()
    lines: dict[int, int] = {}
    for row, _ in rows:
        change, line = said.pop(_named(row, key), ({}, 0))
        _put(text, writer, {**row, **_filled(change)}, line, lines)
    for row, line in said.values():
        _put(text, writer, dict.fromkeys(head, "") | _filled(row), line, lines)
    return text.getvalue().encode(), lines


def own_changes(ours: Path, own: Path) -> list[tuple[str, dict[str, str] | None, dict[str, str]]]:
    """For each row of the shop: its name, what ours has in the cells that it fills (None: no such
    row), and what they are then."""
    head, rows = _read(ours, ours.name)
    key = seed_key(ours)
    there = {_named(row, key): row for row, _ in rows}
    told = []
    for name, (row, _) in _own_rows(own, head, key).items():
        before = there.get(name)
        change = _filled(row)
        found = None if before is None else {column: before[column] for column in change}
        told.append((" ".join(name), found, change))
    return told


def _own_rows(
    own: Path, head: list[str], key: tuple[str, ...]
) -> dict[tuple[str, ...], tuple[dict[str, str], int]]:
    shown = f"seeds/{own.name}"
    columns, rows = _read(own, shown)
    for column in columns:
        if column not in head:
            raise UsageError(f"{shown}:1: the seed has no column {column!r}{meant(column, head)}")
    if lacking := [column for column in key if column not in columns]:
        raise UsageError(f"{shown}:1: the column {lacking[0]}, which names a row, is missing")
    found: dict[tuple[str, ...], tuple[dict[str, str], int]] = {}
    for row, line in rows:
        name = _named(row, key)
        if name in found:
            raise UsageError(
                f"{shown}:{line}: {' '.join(name)} stands in line {found[name][1]} already"
            )
        found[name] = row, line
    return found


def _read(path: Path, shown: str) -> tuple[list[str], list[tuple[dict[str, str], int]]]:
    """The head and the rows, each with the line that it begins in."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            head = [name.strip() for name in next(reader, [])]
            rows, begins = [], 2
            for cells in reader:
                if cells:
                    if len(cells) != len(head):
                        raise UsageError(
                            f"{shown}:{begins}: {len(cells)} columns instead of {len(head)}. "
                            "Next: put a value with a comma in double quotes"
                        )
                    rows.append((dict(zip(head, cells, strict=True)), begins))
                begins = reader.line_num + 1
    except (csv.Error, UnicodeDecodeError) as error:
        raise UsageError(f"{shown} can't be read: {error}") from None
    return head, rows


def _filled(row: Mapping[str, str]) -> dict[str, str]:
    """What a row says, by column; `null` says that nothing stands there."""
    return {name: "" if value == _EMPTY else value for name, value in row.items() if value}


def _named(row: Mapping[str, str], key: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(row[column] for column in key)


def _put(
    text: io.StringIO, writer: csv.DictWriter[str], row: Mapping[str, str], line: int,
    lines: dict[int, int],
) -> None:  # fmt: skip
    if line:
        lines[text.getvalue().count("\n") + 1] = line
    writer.writerow(row)
