"""Small parts of the export become one: the same rows, whatever happens meanwhile."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from winback.base.settings import Settings
from winback.ledger import Ledger, export_ledger, suppress
from winback.ledger._export import arrow_schema
from winback.ledger._fold import FOLDED_FROM, fold_parts
from winback.ledger._lost import EMPTY_PART

pytestmark = pytest.mark.long

NOW = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)


def parts(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.parquet"))


def rows(folder: Path) -> list[tuple[object, ...]]:
    files = f"read_parquet('{folder}/*.parquet', union_by_name = true)"
    return duckdb.execute(f"select * from {files} order by all").fetchall()


def write(folder: Path, number: int, **columns: object) -> None:
    schema = arrow_schema(folder.name)
    row = {name: columns.get(name) for name in schema.names}
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist([row], schema), folder / f"{number:08d}-x.parquet")


@pytest.fixture
def messages(settings: Settings) -> Path:
    """The versions of one message, a part each, as many runs leave them."""
    folder = settings.ledger_landing_dir / "messages"
    for number in range(1, FOLDED_FROM + 1):
        write(folder, number, message_id="m1", version=number)
    pq.write_table(arrow_schema("messages").empty_table(), folder / EMPTY_PART)
    return folder


def test_many_parts_become_one_with_every_version(messages: Path) -> None:
    before = rows(messages)
    assert len(before) == FOLDED_FROM
    assert fold_parts(messages.parent) == FOLDED_FROM
    assert len(parts(messages)) == 2
    assert rows(messages) == before
    assert fold_parts(messages.parent) == 0
    folded = pq.read_schema(messages / parts(messages)[-1])
    assert folded.remove_metadata().equals(arrow_schema("messages"))


def test_few_parts_and_large_ones_stay(messages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("winback.ledger._fold.SMALL_BYTES", 1)
    assert fold_parts(messages.parent) == 0
    monkeypatch.undo()
    (messages / parts(messages)[-1]).unlink()
    assert fold_parts(messages.parent) == 0
    assert len(parts(messages)) == FOLDED_FROM


def test_an_export_goes_on_behind_the_fold(
    ledger: Ledger, settings: Settings, messages: Path, add_message: Callable[..., str]
) -> None:
    fold_parts(messages.parent)
    add_message(2)
    assert export_ledger(ledger, settings.ledger_landing_dir)["messages"] == 1
    assert len(parts(messages)) == 3
    assert len(rows(messages)) == FOLDED_FROM + 1


def test_what_a_killed_fold_left_twice_is_there_once_after_the_next(messages: Path) -> None:
    before = rows(messages)
    killed = f"""
import os
from pathlib import Path
from winback.ledger._fold import fold_parts
Path.unlink = lambda *_, **__: os._exit(9)
fold_parts(Path({str(messages.parent)!r}))
"""
    assert subprocess.run([sys.executable, "-c", killed], check=False).returncode == 9
    assert len(rows(messages)) == 2 * len(before)
    assert fold_parts(messages.parent) == FOLDED_FROM + 1
    assert rows(messages) == before


def test_a_broken_part_is_left_to_the_export(messages: Path) -> None:
    (messages / "00000050-x.parquet").write_bytes(b"PAR1 and then the disk was full")
    before = parts(messages)
    assert fold_parts(messages.parent) == 0
    assert parts(messages) == before
    assert not list(messages.glob("*.tmp"))


def test_parts_of_an_earlier_version_keep_what_they_had(messages: Path) -> None:
    old = pa.table({"message_id": ["m0"], "version": [1], "gone": ["by now"]})
    pq.write_table(old, messages / "00000001-x.parquet")
    fold_parts(messages.parent)
    found = duckdb.execute(
        f"select gone, state from '{messages}/{parts(messages)[-1]}' where message_id = 'm0'"
    ).fetchall()
    assert found == [("by now", None)]


def test_suppressions_stay_for_the_owners_eyes(
    ledger: Ledger, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("winback.ledger._fold.FOLDED_FROM", 2)
    folder = settings.ledger_landing_dir / "suppressions"
    for number in range(2):
        with ledger.write() as connection:
            suppress(
                connection,
                group="phone",
                address=f"+1415555000{number}",
                reason="stop",
                source="test",
                occurred_at=NOW,
                recorded_at=NOW,
            )
        export_ledger(ledger, settings.ledger_landing_dir)
    before = rows(folder)
    assert fold_parts(settings.ledger_landing_dir) >= 2
    assert rows(folder) == before
    assert {path.stat().st_mode & 0o777 for path in folder.glob("*.parquet")} == {0o600}
