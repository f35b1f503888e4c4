"""The quicker ways of a build give what dbt's own give."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from seeded import build_models, keep_seeds

from winback.base.duck import connect
from winback.base.settings import Settings
from winback.warehouse import _dbt
from winback.warehouse._quick_dbt import _templates, quick_dbt

pytestmark = pytest.mark.long

AS_OF = datetime(2026, 3, 2, tzinfo=UTC)
# Views, tables, and a table with a contract.
MODELS = ("+cohort_curves",)


@contextmanager
def _nothing_quick() -> Iterator[None]:
    yield


def _told(names: dict[str, Any]) -> dict[str, Any]:
    """What stands under each name: of a macro its id, of a folder of macros the ids in it."""
    return {
        name: _told(it) if isinstance(it, dict) else getattr(it, "macro", it)
        for name, it in names.items()
        if name not in {"context", "builtins"}
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What dbt gave for the same models in each way: queries, tables, and a node's names."""
    keep_seeds()
    ways: dict[str, Any] = {}
    for name, way in (("dbt's", _nothing_quick), ("quick", quick_dbt)):
        settings = Settings.load(home=tmp_path_factory.mktemp("home"))
        found: dict[str, Any] = {}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_dbt, "quick_dbt", way)
            patch.setattr(_dbt, "_result", partial(_keep, found))
            for _ in range(2):  # the second time each is there already
                build_models(settings, AS_OF, *MODELS)
        with connect(settings.warehouse_path) as connection:
            found["there"] = connection.execute(
                "select table_name, table_type from information_schema.tables order by all"
            ).fetchall()
        ways[name] = found
    return ways


def _keep(found: dict[str, Any], settings: Settings, outcome: Any) -> None:
    for result in outcome.result.results:
        node = result.node
        query = getattr(node, "compiled_code", "").replace(str(settings.home), "HOME")
        found[node.name] = (str(result.status), query)


def test_the_same_queries_make_the_same_tables(built: dict[str, Any]) -> None:
    assert built["quick"] == built["dbt's"]
    assert built["quick"]["cohort_curves"][0] == "success"


def test_a_node_runs_with_the_context_that_it_was_compiled_with_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dbt import compilation
    from dbt.context import providers
    from dbt.task import run

    class Context:
        def __init__(self, node: Any, *_: Any) -> None:
            self.node, self.sql_results = node, {"asked": 1}

        def to_dict(self) -> dict[str, Any]:
            return {"context": self, "code": self.node.code, "results": dict(self.sql_results)}

    monkeypatch.setattr(providers, "ModelContext", Context)
    monkeypatch.setattr(run, "generate_runtime_model_context", lambda *told: {"anew": told})
    node, other = SimpleNamespace(code="{{ ref }}"), SimpleNamespace(code="")
    config, manifest = SimpleNamespace(), SimpleNamespace()
    with quick_dbt():
        compiled = compilation.generate_runtime_model_context(node, config, manifest)
        node.code = "select 1"
        to_run = run.generate_runtime_model_context
        ran = to_run(node, config, manifest)
        assert ran["context"] is compiled["context"]
        assert (ran["code"], ran["results"]) == ("select 1", {})
        assert to_run(node, config, manifest) == {"anew": (node, config, manifest)}
        compilation.generate_runtime_model_context(node, config, manifest)
        assert to_run(other, config, manifest) == {"anew": (other, config, manifest)}


def test_the_methods_of_dbt_are_its_own_again_afterwards() -> None:
    from dbt import compilation
    from dbt.adapters.base.impl import BaseAdapter
    from dbt.context.manifest import ManifestContext
    from dbt.task import run
    from dbt_common.clients.jinja import MacroFuzzEnvironment
    from dbt_common.events.base_types import BaseEvent

    owners = (BaseAdapter, ManifestContext, MacroFuzzEnvironment, BaseEvent, compilation, run)
    before = [dict(vars(owner)) for owner in owners]
    with quick_dbt():
        assert [dict(vars(owner)) for owner in owners] != before
    assert [dict(vars(owner)) for owner in owners] == before


def test_a_template_finds_the_macros_that_dbt_finds() -> None:
    from dbt.context.macros import MacroNamespaceBuilder
    from dbt.context.manifest import ManifestContext

    class Context(ManifestContext):
        def __init__(self) -> None:
            self._ctx: dict[str, Any] = {}

        def generate_builtins(self) -> dict[str, Any]:
            return {"b": "gives way to a macro", "var": "stays"}

    def macro(package: str, name: str) -> SimpleNamespace:
        return SimpleNamespace(
            package_name=package, name=name, unique_id=f"macro.{package}.{name}", macro_sql=""
        )

    packages = {"dbt": "abcde", "dbt_duckdb": "bc", "winback": "cdw", "other": "deo", "local": "el"}
    macros = {
        package: {name: macro(package, name) for name in names}
        for package, names in packages.items()
    }

    def names() -> dict[str, Any]:
        builder = MacroNamespaceBuilder("winback", "local", None, ["dbt_duckdb", "dbt"])
        context = Context()
        context.namespace = builder.build_namespace(macros, {})
        found = context.namespace.get_from_package
        return _told(context.to_dict()) | {
            f"{package}.{name}": found(package, name).macro
            for package in ("dbt", "winback", "other", "local")
            for name in packages[package]
        }

    plain = names()
    with quick_dbt():
        assert names() == plain
    assert plain["b"].unique_id == "macro.dbt_duckdb.b"
    assert plain["d"].unique_id == "macro.winback.d"


@pytest.mark.parametrize("way", [_nothing_quick, quick_dbt])
def test_a_table_is_found_by_its_own_name_alone(way: Any) -> None:
    from dbt.adapters.base.impl import BaseAdapter
    from dbt.adapters.cache import RelationsCache
    from dbt.adapters.duckdb.relation import DuckDBRelation
    from dbt.adapters.exceptions.compilation import ApproximateMatchError

    class Adapter(BaseAdapter):
        def __init__(self) -> None:
            self.cache = RelationsCache()
            self.config = SimpleNamespace(
                quoting={"database": True, "schema": True, "identifier": True}
            )

        def list_relations_without_caching(self, schema_relation: Any) -> list[Any]:
            return [schema_relation.incorporate(path={"identifier": "asked"}, type="view")]

    Adapter.__abstractmethods__ = frozenset()
    adapter = Adapter()
    for name in ("orders", "Customers"):
        adapter.cache.add(DuckDBRelation.create(database="w", schema="main", identifier=name))
    adapter.cache.update_schemas([("w", "main")])
    with way():
        found = adapter.get_relation("w", "main", "orders")
        assert found is not None
        assert found.identifier == "orders"
        assert adapter.get_relation("w", "main", "order") is None
        assert adapter.get_relation("w", "main", "Customers") is not None
        with pytest.raises(ApproximateMatchError):
            adapter.get_relation("w", "main", "customers")


@pytest.mark.parametrize("way", [_nothing_quick, quick_dbt])
def test_an_event_says_the_same_whenever_it_is_read(way: Any) -> None:
    from dbt.adapters.events.types import SQLQuery
    from dbt.events.types import FoundStats
    from dbt_common.events.types import Note

    with way():
        for_the_log, for_all = SQLQuery(conn_name="one", sql="select 1"), FoundStats(stat_line="2")
        note = Note(msg=3)
        assert (for_the_log.sql, for_all.stat_line, note.msg) == ("select 1", "2", "3")
        assert for_the_log.to_dict()["conn_name"] == "one"
        for_the_log.sql = "select 4"
    assert for_the_log.message() == "On one: select 4"


def test_a_template_is_compiled_once_and_rendered_with_the_names_of_each() -> None:
    from dbt_common.clients.jinja import get_template

    text = "{% set two = one + 1 %}{{ two }} for one"
    with quick_dbt():
        first = get_template(text, {}).render({"one": 1})
        assert get_template(text, {}, native=True).render({"one": 4}) == "5 for one"
        kept = len(_templates)
        assert get_template(text, {}).render({"one": 4}) == "5 for one"
    assert first == "2 for one"
    assert len(_templates) == kept
