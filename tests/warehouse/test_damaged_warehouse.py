"""A damaged warehouse is made anew: it is derived, and nothing is lost with it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from winback.base.errors import BuildFailure
from winback.base.settings import Settings
from winback.warehouse._damaged import damage_told, discard_damaged


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home with a sound warehouse, and what builds remember beside it."""
    settings = Settings.load(home=tmp_path / "home")
    settings.warehouse_path.parent.mkdir(parents=True)
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute("create table t as select range as n from range(100000)")
    for name in ("last_build", "seeds.sha256"):
        settings.warehouse_path.with_name(name).write_text("current")
    return settings


def beside(settings: Settings) -> set[str]:
    return {path.name for path in settings.warehouse_path.parent.iterdir()}


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda kept: os.urandom(50_000), id="random bytes"),
        pytest.param(lambda kept: b"", id="nothing"),
        pytest.param(lambda kept: b"a note", id="a note"),
        pytest.param(lambda kept: b"SQLite format 3\0" + b"\0" * 9_000, id="another database"),
        pytest.param(lambda kept: kept[: len(kept) // 2], id="half"),
        pytest.param(lambda kept: kept[:100], id="a few bytes"),
        pytest.param(lambda kept: kept[:12_288], id="its headers alone"),
        pytest.param(lambda kept: kept[:4_096] + b"\0" * 8_192 + kept[12_288:], id="no headers"),
        pytest.param(lambda kept: kept[:12_288] + b"\xff" * len(kept), id="rubbish behind"),
        pytest.param(lambda kept: b"\0" * len(kept), id="zeros"),
    ],
)
def test_a_file_that_is_damaged_is_thrown_away_with_what_is_known_of_it(
    settings: Settings, damage
) -> None:
    settings.warehouse_path.write_bytes(damage(settings.warehouse_path.read_bytes()))
    (warning,) = discard_damaged(settings)
    assert warning == "the warehouse's file was damaged: it is made anew, and nothing is lost"
    assert beside(settings) == set()
    assert discard_damaged(settings) == []


def test_a_sound_one_stays_and_so_does_one_that_another_process_holds(settings: Settings) -> None:
    assert discard_damaged(settings) == []
    holds = (
        f"import duckdb; c = duckdb.connect({str(settings.warehouse_path)!r}); print(1); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holds], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout.readline()
        assert discard_damaged(settings) == []
        holder.communicate(b"\n")
    assert beside(settings) == {"winback.duckdb", "last_build", "seeds.sha256"}


@pytest.mark.parametrize(
    ("says", "is_damage"),
    [
        ("customers: IO Error: Corrupt database file: computed checksum 1 does not match", True),
        ('orders: IO Error: Could not read enough bytes from file "w": attempted', True),
        ("dbt could not run: Failure while replaying WAL file", True),
        ("customers: Binder Error: column x not found", False),
        ("dbt could not run: Could not set lock on file", False),
    ],
)
def test_damage_inside_is_met_by_the_build_and_gone_for_the_next(
    settings: Settings, says: str, is_damage: bool
) -> None:
    with pytest.raises(BuildFailure) as failed, damage_told(settings):
        raise BuildFailure(f"dbt failed:\n  {says}")
    assert settings.warehouse_path.exists() == (not is_damage)
    if is_damage:
        assert str(failed.value).endswith("made from landing. Next: run the command again")
        assert beside(settings) == set()
