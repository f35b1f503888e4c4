"""What a load did, in figures: printed by the command, kept as `landing/loads/<load>.json`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True)
class FileColumns:
    """A file as its reader found it: the columns that it has, each with what it becomes.

    A column that is ignored becomes nothing, an empty text.
    """

    file: str
    kind: str
    columns: Mapping[str, str]


# Hears of each file's columns.
Saw = Callable[[FileColumns], None]
# (what is being read or written, bytes done, bytes in all)
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class SourceReport:
    """One file: `read` = `landed` + `rejected`, blank lines not counted.

    `rejected_file` holds the rejected rows, one line each; None where there are none.
    `doubts` are what rows that landed have lost, or are taken for: a row may have several.
    `doubts_file` names them line by line.
    """

    name: str
    file: str
    read: int
    landed: int
    rejected: int
    rejected_by_reason: Mapping[str, int] = field(default_factory=dict)
    rejected_file: Path | None = None
    doubts: Mapping[str, int] = field(default_factory=dict)
    doubts_file: Path | None = None


@dataclass(frozen=True)
class TableReport:
    """One landed table: `landed` rows of this load were accepted, `rows` it holds now."""

    name: str
    landed: int
    rows: int


@dataclass(frozen=True)
class LoadReport:
    """One load. `notes` are sentences about figures that the tables don't show.

    `kept` counts the values of replaced rows that stay because the file lacks their column
    (`customers.phone`), `emptied` those that go because its column is empty in every row.
    `held_customers` are those one of whose rows, of this load or an earlier one, waits to be
    mended. `source` is its name in the sources file; empty where a folder was given.
    `deleted_customers` are those whom the shop's system has deleted and who have to be erased
    here.
    """

    load_id: str
    loaded_at: datetime
    format: str
    replace: bool
    sources: tuple[SourceReport, ...]
    tables: tuple[TableReport, ...]
    notes: tuple[str, ...] = ()
    kept: Mapping[str, int] = field(default_factory=dict)
    emptied: Mapping[str, int] = field(default_factory=dict)
    held_customers: int = 0
    source: str = ""
    deleted_customers: int = 0

    @property
    def rejected(self) -> int:
        return sum(source.rejected for source in self.sources)

    def to_json(self) -> str:
        """Figures only: no row, no value of a row."""
        return json.dumps(asdict(self), indent=2, default=str) + "\n"
