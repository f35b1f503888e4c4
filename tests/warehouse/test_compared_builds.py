"""Two builds are compared row by row, in whatever order their rows are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from winback.base.places import PROJECT_DIR

pytestmark = pytest.mark.long

TOLD = """\
kept: 1 rows only in the old build, 1 only in the new; columns of one build alone: col2
only_old: only in the old build
"""


def warehouse(path: Path, *statements: str) -> Path:
    with duckdb.connect(str(path)) as connection:
        for statement in ("create table kept as values (1, 'a'), (1, 'a'), (2, null)", *statements):
            connection.execute(statement)
    return path


def compared(old: Path, new: Path) -> tuple[int, str]:
    script = PROJECT_DIR / "scripts" / "compare_builds.py"
    done = subprocess.run(
        [sys.executable, script, old, new], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_the_same_rows_in_another_order_are_alike(tmp_path: Path) -> None:
    old = warehouse(tmp_path / "old.duckdb", "create table t as from range(3)")
    new = warehouse(
        tmp_path / "new.duckdb", "create table t as from range(3) t(range) order by range desc"
    )
    assert compared(old, new) == (0, "")


def test_what_differs_is_named_by_its_table(tmp_path: Path) -> None:
    old = warehouse(tmp_path / "old.duckdb", "create table only_old as select 1")
    new = warehouse(
        tmp_path / "new.duckdb",
        "delete from kept where col0 = 1",
        "insert into kept values (1, 'a'), (3, null)",
        "alter table kept add column col2 int",
    )
    assert compared(old, new) == (1, TOLD)
