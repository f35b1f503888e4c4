"""Whether `next_changes` knows of all SQL that reads the clock: what it does not know of may change
at any moment."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Final

import yaml

# Ours, and those that no query of ours asks.
_CLOCKS: Final = frozenset(
    {"as_of", "now", "today", "current_date", "current_timestamp", "run_started_at"}
)
_MACRO: Final = re.compile(r"{%-?\s*macro\s+(\w+)\s*\(.*?{%-?\s*endmacro\s*-?%}", re.DOTALL)
_COMMENT: Final = re.compile(r"{#.*?#}|/\*.*?\*/|--[^\n]*", re.DOTALL)
# A comparison and its span stand on so many lines before the clock.
_LINES_BEFORE: Final = 2


def unknown_readers(project: Path) -> list[str]:
    """The models that read the clock and are not, as they stand, among those that
    models/engine/next_changes.yml `knows`."""
    known = _known(project)
    return sorted(name for name, mark in readers(project).items() if known.get(name) != mark)


def readers(project: Path) -> dict[str, str]:
    """Each model that reads the clock, and the mark of the lines where it does."""
    clocks = _clock_macros(project / "macros")
    word = re.compile(rf"\b({'|'.join(sorted(clocks))})\b")
    found = {}
    for path in (*(project / "models").rglob("*.sql"), *(project / "models").rglob("*.py")):
        lines = _COMMENT.sub("", path.read_text(encoding="utf-8")).splitlines()
        lines = [" ".join(line.split()) for line in lines if line.strip()]
        at = [number for number, line in enumerate(lines) if word.search(line)]
        if at:
            near = {near for number in at for near in range(number - _LINES_BEFORE, number + 1)}
            text = "\n".join(line for number, line in enumerate(lines) if number in near)
            found[path.stem] = hashlib.sha256(text.encode()).hexdigest()[:8]
    return found


def _known(project: Path) -> dict[str, str]:
    path = project / "models" / "engine" / "next_changes.yml"
    (model,) = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    known: dict[str, str] = model["config"]["meta"]["knows"]
    return known


def _clock_macros(folder: Path) -> set[str]:
    """The clocks, and every macro that uses one, or one that does."""
    text = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.sql"))
    bodies = {
        match[1]: match[0].split("(", 1)[1] for match in _MACRO.finditer(_COMMENT.sub("", text))
    }
    clocks = set(_CLOCKS)
    while more := {
        name
        for name, body in bodies.items()
        if name not in clocks and clocks & set(re.findall(r"\w+", body))
    }:
        clocks |= more
    return clocks
