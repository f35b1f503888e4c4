"""The project is parsed once for all runs and shops; a table is replaced whole or not at all."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from winback.base.errors import BuildFailure
from winback.base.settings import Settings
from winback.warehouse import _dbt

pytestmark = pytest.mark.whole

AS_OF = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
MODELS = {
    "staging/shop/stg_test": "select $${{ source('shop', 'orders') }}$$ as landed",
    "intermediate/int_test": (
        "select {{ as_of() }} as as_of, {{ shop_zone() }} as zone, landed, {{ 'nothing' if"
        " execute and var('is_broken', false) else 1 }} as one from {{ ref('stg_test') }}"
    ),
    "marts/test_mart": "select one, {{ 'null' if var('is_broken', false) else 2 }}::int as two"
    " from {{ ref('stg_test') }} cross join (select 1 as one)",
}
CONTRACT = """
version: 2
models:
  - name: test_mart
    columns:
      - {name: one, data_type: integer}
      - {name: two, data_type: integer, constraints: [{type: not_null}]}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This project's settings and macros with three models of its own."""
    project = tmp_path / "dbt_project"
    shutil.copytree(_dbt.DBT_DIR, project)
    for folder in ("models", "tests", "seeds"):
        shutil.rmtree(project / folder)
    for name, text in MODELS.items():
        path = project / "models" / f"{name}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (project / "models" / "marts" / "test_mart.yml").write_text(CONTRACT)
    sources = "models/staging/shop/_shop__sources.yml"
    shutil.copy(_dbt.DBT_DIR / sources, project / sources)
    monkeypatch.setattr(_dbt, "DBT_DIR", project)
    monkeypatch.setattr(_dbt, "check_seeds", lambda folder: None)
    return project


def run(settings: Settings, as_of: datetime = AS_OF, **variables: object) -> None:
    _dbt.invoke_dbt(settings, ["run"], _dbt.dbt_vars(settings, as_of, **variables))


def rows(settings: Settings, table: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        return connection.execute(f"from {table}").fetchall()


def parsed_files(settings: Settings) -> int:
    """How many of the project's files the last parse of this home had to read anew."""
    told = json.loads((settings.home / "dbt" / "target" / "perf_info.json").read_text())
    return int(told["parsed_path_count"])


@pytest.mark.slow
@pytest.mark.usefixtures("project")
def test_another_moment_and_zone_parse_nothing_in_a_later_process(tmp_path: Path) -> None:
    settings = Settings.load(home=tmp_path / "home")
    run(settings)
    assert parsed_files(settings) > 0
    later, elsewhere = AS_OF + timedelta(days=1), "Europe/Berlin"
    moved = Settings.load(home=tmp_path / "home", shop_timezone=elsewhere)

    _dbt._manifests.clear()  # as it is in a new process
    assert _dbt.run_dbt(moved, ["run"], later)
    assert parsed_files(settings) == 0
    assert rows(settings, "int_test")[0][:2] == (later, elsewhere)

    _dbt._manifests.clear()
    run(settings, with_entrants=True)
    assert parsed_files(settings) == 0
    assert rows(settings, "int_test")[0][:2] == (AS_OF, "UTC")


@pytest.mark.usefixtures("project")
def test_two_shops_of_one_process_share_the_parse_and_read_their_own_files(tmp_path: Path) -> None:
    shops = [Settings.load(home=tmp_path / name) for name in ("one", "an{other} (shop)")]
    for settings in shops:
        run(settings)
    for settings in shops:
        (landed,) = {row[2] for row in rows(settings, "int_test")}
        assert landed == f"'{settings.shop_dir / 'orders.parquet'}'"
    assert not (shops[1].home / "dbt" / "target" / "perf_info.json").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("project")
def test_a_new_home_parses_nothing_that_another_home_of_the_user_has_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    run(Settings.load(home=tmp_path / "one"))

    _dbt._manifests.clear()  # as it is in a new process
    other = Settings.load(home=tmp_path / "other")
    run(other)
    assert parsed_files(other) == 0
    (row,) = rows(other, "int_test")
    assert row[2] == f"'{other.shop_dir / 'orders.parquet'}'"


@pytest.mark.slow
@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("trouble", ["no folder can be made", "garbage"])
def test_a_cache_of_no_use_only_costs_the_parse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    if trouble == "garbage":
        run(Settings.load(home=tmp_path / "one"))
        (kept,) = cache.rglob("*.msgpack")
        kept.write_bytes(b"garbage")
        _dbt._manifests.clear()
    else:
        cache.write_text("a file")
    other = Settings.load(home=tmp_path / "other")
    run(other)
    assert parsed_files(other) > 0
    assert rows(other, "int_test")


def test_a_project_that_was_moved_reads_its_seeds_where_they_are(
    tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings.load(home=tmp_path / "home")
    (project / "seeds").mkdir()
    (project / "seeds" / "words.csv").write_text("word\nhere\n")
    seed = (settings, ["seed"], _dbt.dbt_vars(settings, AS_OF))
    _dbt.invoke_dbt(*seed)
    monkeypatch.setattr(_dbt, "DBT_DIR", project.rename(tmp_path / "moved"))
    _dbt._manifests.clear()
    _dbt.invoke_dbt(*seed)
    assert rows(settings, "words") == [("here",)]


@pytest.mark.usefixtures("project")
def test_what_was_compiled_for_one_shop_is_not_told_of_another(tmp_path: Path) -> None:
    run(Settings.load(home=tmp_path / "one"))
    other = Settings.load(home=tmp_path / "other")
    compile_one = ["--log-level", "none", "compile", "--write-json", "--select", "stg_test"]
    _dbt.invoke_dbt(other, compile_one, _dbt.dbt_vars(other, AS_OF))
    told = json.loads((other.home / "dbt" / "target" / "manifest.json").read_text())
    compiled = {node["name"] for node in told["nodes"].values() if node.get("compiled_code")}
    assert compiled == {"stg_test"}


@pytest.mark.usefixtures("project")
def test_an_edited_model_is_seen_by_the_next_run(tmp_path: Path, project: Path) -> None:
    settings = Settings.load(home=tmp_path / "home")
    run(settings)
    (project / "models" / "intermediate" / "int_test.sql").write_text("select 7 as seven")
    run(settings)
    assert rows(settings, "int_test") == [(7,)]


@pytest.mark.usefixtures("project")
def test_a_statement_that_fails_leaves_the_table_as_it_was(tmp_path: Path) -> None:
    settings = Settings.load(home=tmp_path / "home")
    run(settings)
    before = {table: rows(settings, table) for table in ("int_test", "test_mart")}
    with pytest.raises(BuildFailure, match=r"(?s)int_test.*test_mart|test_mart.*int_test"):
        run(settings, AS_OF + timedelta(days=1), is_broken=True)
    assert {table: rows(settings, table) for table in before} == before
    assert before["test_mart"] == [(1, 2)]


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    "path",
    [pytest.param("staging/shop/stg_test", marks=pytest.mark.slow), "intermediate/int_test"],
)
def test_a_view_that_becomes_a_table_is_replaced_and_back(
    tmp_path: Path, project: Path, path: str
) -> None:
    settings = Settings.load(home=tmp_path / "home")
    model = project / "models" / f"{path}.sql"
    text = model.read_text()
    run(settings)
    whole = rows(settings, "int_test")
    for kind in ("table", "view", "table"):
        model.write_text(f"{{{{ config(materialized='{kind}') }}}} {text}")
        run(settings)
        assert rows(settings, "int_test") == whole
