"""The releases that CHANGELOG.md tells of: what each changed, and what may send differently."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from winback.base.errors import WinbackError

FILE: Final = "CHANGELOG.md"
_HEADING: Final = re.compile(r"^## (\d+(?:\.\d+)*), (.+)$")
_REVISION: Final = re.compile(r"\((\d{4})\)|ledger revision (\d{4})")
_ROW: Final = re.compile(r"^\| (?P<what>.+) \| (?P<sends>.+?) \|$")
_NO_ROW: Final = ("| change | may send differently |", "|---|---|")


@dataclass(frozen=True)
class Change:
    """One change: what it is, and whether and how it may send differently."""

    release: str
    what: str
    sends: str

    @property
    def may_send(self) -> bool:
        return self.sends.startswith("yes")


@dataclass(frozen=True)
class Release:
    """A release; `revision` is its ledger's, empty for one that isn't released yet."""

    version: str
    date: str
    revision: str
    changes: tuple[Change, ...]


def order(version: str) -> tuple[int, ...]:
    """What versions are compared by: 0.10.0 comes after 0.9.0."""
    return tuple(int(number) for number in re.findall(r"\d+", version))


def read_releases(house: Path) -> tuple[Release, ...]:
    """All releases, the newest first. Raises WinbackError for a changelog that can't be read."""
    try:
        lines = (house / FILE).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise WinbackError(f"{FILE} of winback can't be read ({type(error).__name__})") from None
    releases: list[Release] = []
    for number, line in enumerate(lines, start=1):
        if heading := _HEADING.match(line):
            releases.append(Release(heading[1], heading[2], "", ()))
        elif releases:
            releases[-1] = _with_line(releases[-1], line, number)
    return tuple(releases)


def changes_after(releases: Sequence[Release], version: str) -> tuple[Change, ...]:
    """What came after a version, the oldest release first; all of it for an unknown version."""
    since = order(version)
    newer = [it for it in releases if order(it.version) > since]
    return tuple(change for release in reversed(newer) for change in release.changes)


def release_of(releases: Sequence[Release], revision: str) -> str:
    """The newest release whose ledger a ledger of that revision has at least; the oldest one for
    a ledger of before. So no change is left out where a home stands between two releases."""
    known = [it.version for it in releases if it.revision and it.revision <= revision]
    return known[0] if known else releases[-1].version


def _with_line(release: Release, line: str, number: int) -> Release:
    if not line.startswith("|"):
        if not release.changes and (found := _REVISION.search(line)):
            revision = found[1] or found[2]
            return Release(release.version, release.date, revision, ())
        return release
    if line in _NO_ROW:
        return release
    row = _ROW.match(line)
    if row is None or not re.match(r"(yes|no)\b", row["sends"]):
        raise WinbackError(
            f"{FILE}, line {number}: a row ends with yes or no, for whether it may send differently"
        )
    change = Change(release.version, row["what"], row["sends"])
    return Release(release.version, release.date, release.revision, (*release.changes, change))
