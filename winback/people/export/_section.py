"""What an export is made of: places, each with the rows of one person in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Found:
    """One row, or one piece of a file. `file` is below WINBACK_HOME, `line` counts from 1; the
    rows of a database have neither."""

    row: dict[str, Any]
    file: str = ""
    line: int | None = None


@dataclass
class Section:
    """One place, by the name under which an erasure counts it."""

    place: str
    holds: str
    found: list[Found] = field(default_factory=list)
    # Where somebody else's words name them: those words are not theirs to have.
    withheld: int = 0
