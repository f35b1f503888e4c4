"""The target spark as a user names it, where Spark is not installed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from winback.base.errors import WinbackError
from winback.base.settings import Settings
from winback.people.erasure._others import forget_leftovers
from winback.warehouse import _dbt, spark

AS_OF = datetime(2026, 3, 2, tzinfo=UTC)


def test_a_target_whose_packages_are_absent_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spark, "find_spec", lambda name: None)
    settings = Settings.load(home=tmp_path, dbt_target="spark")
    with pytest.raises(WinbackError) as refused:
        _dbt.invoke_dbt(settings, ("run",), {})
    assert str(refused.value) == (
        "the target spark needs packages that are not installed. Next: pip install 'winback[spark]'"
    )


@pytest.mark.parametrize(
    ("setting", "arguments", "target", "handed_on"),
    [
        ("duckdb", ["run"], "duckdb", ["run"]),
        ("spark", ["run"], "spark", ["run", "--target", "spark"]),
        ("duckdb", ["run", "--target", "spark"], "spark", ["run", "--target", "spark"]),
        ("spark", ["run", "--target", "duckdb"], "duckdb", ["run", "--target", "duckdb"]),
    ],
)
def test_the_target_that_a_dbt_command_names_wins_over_the_setting(
    setting: str, arguments: list[str], target: str, handed_on: list[str], tmp_path: Path
) -> None:
    settings = Settings.load(home=tmp_path, dbt_target=setting)
    found, given = _dbt._with_target(settings, arguments)
    assert (found.dbt_target, given) == (target, handed_on)


def test_an_erasure_leaves_no_table_of_spark(tmp_path: Path) -> None:
    settings = Settings.load(home=tmp_path)
    table = settings.warehouse_path.parent / "spark" / "main.customers.0123" / "part.parquet"
    table.parent.mkdir(parents=True)
    table.write_bytes(b"of a person")
    forget_leftovers(settings)
    assert not table.exists()
