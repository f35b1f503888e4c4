"""The content series of the seeds, for who reads replies and who acknowledges joins."""

from __future__ import annotations

import csv
import logging
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from winback.base.languages import ROOT
from winback.base.places import PROJECT_DIR

log = logging.getLogger(__name__)

SEEDS_DIR = PROJECT_DIR / "dbt_project" / "seeds"


@dataclass(frozen=True)
class Series:
    """A content series, of the seed `content_series`; its playbook says whether it is enabled."""

    series_id: str
    is_enabled: bool
    # The language of all its texts.
    language: str
    # What joins it and what leaves it, as whole messages.
    keywords: tuple[str, ...]
    leave_keyword: str
    program_name: str
    frequency: str
    # Days in which a yes must follow; None: the keyword alone joins.
    confirm_within_days: int | None
    call_to_action: str


def content_series() -> tuple[Series, ...]:
    """The content series, as the seeds say it now; none where they can't be read.

    A build refuses a bad seed by name. Whoever reads replies must not stop for it: a STOP may
    be among them.
    """
    try:
        return read_series(SEEDS_DIR)
    except (OSError, ValueError, KeyError, csv.Error) as problem:
        log.error("the seed content_series can't be read: %s", type(problem).__name__)
        return ()


def read_series(folder: Path) -> tuple[Series, ...]:
    """The content series of a folder of seeds. Raises OSError, ValueError, KeyError, csv.Error."""
    paths = (folder / "content_series.csv", folder / "playbooks.csv")
    return _series(*paths, *(path.stat().st_mtime_ns for path in paths))


@lru_cache(maxsize=4)
def _series(series: Path, playbooks: Path, *_written_at: int) -> tuple[Series, ...]:
    enabled = {row["playbook_id"] for row in _rows(playbooks) if row["is_enabled"] == "true"}
    return tuple(
        Series(
            series_id=row["series_id"],
            is_enabled=row["playbook_id"] in enabled,
            language=row.get("language") or ROOT,
            keywords=tuple(word.strip() for word in row["keywords"].split("|") if word.strip()),
            leave_keyword=row["leave_keyword"],
            program_name=row["program_name"],
            frequency=row["frequency"],
            confirm_within_days=int(row["confirm_within_days"] or 0) or None,
            call_to_action=row["call_to_action"],
        )
        for row in _rows(series)
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, strict=True))
    if any(None in row.values() for row in rows):
        raise ValueError("a line has fewer columns than the first")
    return rows
