"""The target spark as a user names it, where Spark is not installed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from winback.base.errors import WinbackError
from winback.base.settings import Settings
from winback.people.erasure._others import forget_leftovers
from winback.warehouse import _dbt, spark
from winback.warehouse.spark._session import engine_for

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


@pytest.mark.parametrize(
    ("master", "megabytes", "is_small", "parts"),
    [
        ("local[2]", 1, True, 4),
        ("local[*]", 40, False, 10),
        ("spark://127.0.0.1:7077", 1, False, 4),
    ],
)
def test_spark_is_set_for_few_rows_on_this_machine_and_of_a_small_landing_alone(
    master: str, megabytes: int, is_small: bool, parts: int, tmp_path: Path
) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "orders.parquet").write_bytes(bytes(megabytes * 2**20))
    (tmp_path / "shop" / "load.json").write_bytes(bytes(100 * 2**20))
    engine = engine_for(tmp_path, master)
    assert (engine.is_small, engine.parts) == (is_small, parts)
