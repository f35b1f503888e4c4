"""The changelog says of each release what it changed, and begins with this one."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from winback import __version__
from winback.base.errors import WinbackError
from winback.base.places import HOUSE_DIR
from winback.base.releases import changes_after, order, read_releases, release_of

ROOT = Path(__file__).parents[2]
LOG = """\
# Changelog

## 0.10.0, not released yet

| change | may send differently |
|---|---|
| C | yes: fewer |

## 0.9.0, 2026-01-02

Commit abc, ledger revision 0010.

| change | may send differently |
|---|---|
| B | no, until it is set |

## 0.1.0, 2026-01-01

A ledger of before the revisions (0000).

| change | may send differently |
|---|---|
| A | yes: everything is new |
"""


def test_the_changelog_begins_with_this_version_and_each_row_says_yes_or_no() -> None:
    releases = read_releases(HOUSE_DIR)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert releases[0].version == __version__ == project["version"]
    assert [it.version for it in releases] == sorted(
        (it.version for it in releases), key=order, reverse=True
    )
    assert all(it.changes for it in releases)
    revisions = [it.revision for it in releases[1:]]
    assert all(revisions)
    assert revisions == sorted(revisions, reverse=True)
    lines = (ROOT / "CHANGELOG.md").read_text().splitlines()
    rows = [line for line in lines if line.startswith("| ") and "may send diff" not in line]
    assert sum(len(it.changes) for it in releases) == len(rows)


def test_changes_after_a_version_are_told_the_oldest_release_first(tmp_path: Path) -> None:
    (tmp_path / "CHANGELOG.md").write_text(LOG)
    releases = read_releases(tmp_path)
    assert [it.what for it in changes_after(releases, "0.1.0")] == ["B", "C"]
    assert [(it.what, it.may_send) for it in changes_after(releases, "0.9.0")] == [("C", True)]
    assert changes_after(releases, "0.10.0") == changes_after(releases, "0.11.0") == ()
    assert [it.what for it in changes_after(releases, "")] == ["A", "B", "C"]


def test_a_ledger_between_two_releases_counts_as_the_older_one(tmp_path: Path) -> None:
    (tmp_path / "CHANGELOG.md").write_text(LOG)
    releases = read_releases(tmp_path)
    found = [release_of(releases, it) for it in ("0000", "0009", "0010", "0011")]
    assert found == ["0.1.0", "0.1.0", "0.9.0", "0.9.0"]


@pytest.mark.parametrize("row", ["| D | perhaps |", "| D |", "| D | notable |"])
def test_a_row_that_says_neither_yes_nor_no_is_refused_by_its_line(
    row: str, tmp_path: Path
) -> None:
    (tmp_path / "CHANGELOG.md").write_text(f"{LOG}{row}\n")
    line = LOG.count("\n") + 1
    with pytest.raises(WinbackError, match=f"line {line}: a row ends with yes or no"):
        read_releases(tmp_path)
