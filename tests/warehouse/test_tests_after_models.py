"""A build's data tests, run after its models, tell what dbt tells of them one by one."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from kept_tests import TestsOfAll

from winback.base.settings import Settings
from winback.warehouse import _dbt, _tested
from winback.warehouse._data_tests import DataTest

pytestmark = pytest.mark.whole

AS_OF = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
BUILD = ("build", "--no-write-json", "--exclude-resource-type", "unit_test")
MODELS = {
    "int_numbers": "select unnest([1, 1, 2, null]) as number, {{ as_of() }} as moment",
    "int_sums": "select sum(number) as total from {{ ref('int_numbers') }}",
    "int_broken": "select number / '{{ var('divisor', '1') }}'::int as half"
    " from {{ ref('int_numbers') }}",
    "int_below": "select * from {{ ref('int_broken') }}",
}
PROPERTIES = """
version: 2
models:
  - name: int_numbers
    columns:
      - name: number
        data_tests:
          - unique
          - not_null: {config: {severity: warn}}
          - accepted_values: {arguments: {values: [1], quote: false}}
          - accepted_range: {arguments: {min_value: 1}, config: {where: "number > 1", limit: 5}}
      - name: moment
        data_tests:
          - not_null: {config: {error_if: ">1", warn_if: ">0"}}
  - name: int_sums
    columns:
      - name: total
        data_tests:
          - relationships: {arguments: {to: ref('int_numbers'), field: number}}
  - name: int_below
    columns: [{name: half, data_tests: [unique]}]
"""
TESTS = {
    "nothing_is_older_than_the_run": "select * from {{ ref('int_numbers') }}"
    " where moment < {{ as_of() }}",
    "nobody_can_ask_this": "select nothing_like_it from {{ ref('int_sums') }}",
    "what_was_found_is_kept": "{{ config(store_failures=true) }}"
    " select * from {{ ref('int_sums') }} where total = 4",
    "no_order_is_landed": "select * from {{ source('shop', 'orders') }}",
    "nothing_is_nothing": "select 1 where 1 = 0",
    "zones_are_told_apart": "select * from {{ ref('int_sums') }}"
    " where '{{ var('shop_timezone') }}' <> 'UTC'",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This project's settings and macros with models and tests of its own."""
    project = tmp_path / "dbt_project"
    skipped = shutil.ignore_patterns("models", "seeds", "target", "logs")
    shutil.copytree(_dbt.DBT_DIR, project, ignore=skipped)
    for path in (project / "tests").iterdir():
        if path.name != "generic":
            shutil.rmtree(path)
    folder = project / "models" / "intermediate"
    folder.mkdir(parents=True)
    for name, text in MODELS.items():
        (folder / f"{name}.sql").write_text(text)
    (folder / "tested.yml").write_text(PROPERTIES)
    sources = "models/staging/shop/_shop__sources.yml"
    (project / sources).parent.mkdir(parents=True)
    shutil.copy(_dbt.DBT_DIR / sources, project / sources)
    for name, text in TESTS.items():
        (project / "tests" / f"{name}.sql").write_text(text)
    (project / "seeds").mkdir()
    monkeypatch.setattr(_dbt, "DBT_DIR", project)
    monkeypatch.setattr(_dbt, "check_seeds", lambda folder: None)
    return project


@pytest.fixture
def settings(project: Path, tmp_path: Path) -> Settings:
    return Settings.load(home=tmp_path / "home")


def in_one_go(settings: Settings, *, as_of: datetime = AS_OF, **variables: Any) -> Any:
    settled = _dbt.dbt_vars(settings, as_of, **variables)
    return _tested.build_tested(settings, BUILD, settled, _dbt.invoke_dbt)


def by_dbt(settings: Settings, command: str) -> Any:
    return _dbt.invoke_dbt(
        settings,
        [command, *(["--exclude-resource-type", "unit_test"] if command == "test" else [])],
        _dbt.dbt_vars(settings, AS_OF),
    )


def test_what_fails_is_named_counted_and_worded_as_by_dbt(settings: Settings) -> None:
    with pytest.raises(_dbt.DbtFailure) as ours:
        in_one_go(settings)
    ran = by_dbt(settings, "run")
    with pytest.raises(_dbt.DbtFailure) as dbts:
        by_dbt(settings, "test")
    # DuckDB counts the lines of a query, which dbt writes in its own way.
    told, wanted = (
        {it.partition("LINE")[0] for it in found.value.failures} for found in (ours, dbts)
    )
    assert told == wanted
    assert len(ours.value.failures) == 6
    assert all(line in str(ours.value) for line in ours.value.failures)
    assert ours.value.result.counts == ran.counts | dbts.value.result.counts
    assert dbts.value.result.counts == {"fail": 5, "error": 1, "warn": 1, "pass": 6}


def test_a_table_that_could_not_be_built_is_named_and_not_tested(settings: Settings) -> None:
    with pytest.raises(_dbt.DbtFailure) as failed:
        in_one_go(settings, divisor="none")
    names = {Path(line.partition(":")[0]).stem for line in failed.value.failures}
    assert names >= {"int_broken", "unique_int_numbers_number", "nobody_can_ask_this"}
    assert not any("int_below" in name for name in names)


@pytest.mark.slow
def test_the_sql_is_written_anew_for_a_changed_project_or_var_alone(
    settings: Settings, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("nobody_can_ask_this", "what_was_found_is_kept"):
        (project / "tests" / f"{name}.sql").unlink()
    yml = project / "models" / "intermediate" / "tested.yml"
    yml.write_text("version: 2")
    compiled: list[object] = []

    def compile_tests(*given: Any) -> list[DataTest]:
        compiled.append(given)
        return _dbt.compile_tests(*given)

    monkeypatch.setattr(_tested, "compile_tests", compile_tests)
    assert in_one_go(settings).counts == {"success": 4, "pass": 4}
    assert in_one_go(settings, as_of=AS_OF + timedelta(days=1)).counts["pass"] == 4
    assert in_one_go(settings, with_entrants=True).counts["pass"] == 4
    assert len(compiled) == 1
    moved = settings.model_copy(update={"shop_timezone": "Europe/Berlin"})
    with pytest.raises(_dbt.DbtFailure, match="zones_are_told_apart: Got 1 result, configured"):
        in_one_go(moved)
    assert len(compiled) == 2
    (project / "tests" / "zones_are_told_apart.sql").write_text("select 1 where false")
    (project / "tests" / "another.sql").write_text("select * from {{ ref('int_sums') }}")
    with pytest.raises(_dbt.DbtFailure, match="another: Got 1 result"):
        in_one_go(moved)
    assert len(compiled) == 3
    (settings.home / "dbt" / "data_tests.json").write_text("{}")
    with pytest.raises(_dbt.DbtFailure, match="another: Got 1 result"):
        in_one_go(moved)
    assert len(compiled) == 4


@pytest.mark.slow
def test_the_sql_of_another_home_differs_in_where_its_shop_landed_alone(
    settings: Settings, tmp_path: Path
) -> None:
    """The tests of all rooms stand on this: they have it written once (`kept_tests.py`)."""
    other = Settings.load(home=tmp_path / "other")
    told = _dbt.dbt_vars(settings, AS_OF)
    tests = TestsOfAll()
    for home in (settings, other):
        _dbt.prepare_inputs(home)
        ours, its = tests.compile_tests(home, told), _dbt.compile_tests(home, told)
        # dbt's threads end in any order.
        assert sorted(ours, key=str) == sorted(its, key=str)
    assert len(tests.kept) == 1
    tests.compile_tests(other, told | {"shop_timezone": "Europe/Berlin"})
    assert len(tests.kept) == 2
