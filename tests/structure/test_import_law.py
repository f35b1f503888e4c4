"""Imports run one way, and heavy libraries stay out of the engine's import time."""

from __future__ import annotations

import ast
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
TOP_ROOMS = ("winback", "quality", "flows")
# What each top-level room may import of the others.
MAY_IMPORT = {"winback": {"winback"}, "quality": {"quality", "winback"}, "flows": set(TOP_ROOMS)}
# The rooms of the engine by floor, the highest first: a room imports of those below it alone, and
# of none on its own floor, so that there is no circle, also none that only types tie.
FLOORS = (
    {"cli"},
    {"backup"},
    {"readiness", "rehearsal"},
    {"reconcile", "people", "measure", "conversations", "pages", "codes"},
    {"sending", "inbound", "warehouse", "pulling"},
    {"landing", "providers"},
    {"content", "ledger", "replies"},
    {"base"},
)
HEAVY = {"prefect", "prefect_dbt", "dbt", "great_expectations"}


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def imports(path: Path, *, top_level_only: bool = False) -> Iterator[str]:
    tree = ast.parse(path.read_text())
    nodes = tree.body if top_level_only else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            module = node.module or ""
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("room", TOP_ROOMS)
def test_a_top_level_room_imports_only_what_lies_below_it(room: str) -> None:
    assert modules(room)
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(room)
        for name in imports(path)
        if name.split(".")[0] in set(TOP_ROOMS) - MAY_IMPORT[room]
    ]
    assert wrong == []


def test_every_room_of_the_engine_has_a_floor() -> None:
    rooms = [path.parent.name for path in (ROOT / "winback").glob("*/__init__.py")]
    assert sorted(rooms) == sorted(room for floor in FLOORS for room in floor)
    beside = [path.name for path in (ROOT / "winback").glob("*.py")]
    assert beside == ["__init__.py"], "a module of the engine is in a room"


def test_a_room_of_the_engine_imports_only_what_lies_below_its_floor() -> None:
    rooms = set[str]().union(*FLOORS)
    wrong = []
    for number, floor in enumerate(FLOORS):
        below = set[str]().union(*FLOORS[number + 1 :])
        for room in sorted(floor):
            others = {f"winback.{other}" for other in rooms - below - {room}}
            wrong += [
                f"{path.relative_to(ROOT)} imports {name}"
                for path in modules(f"winback/{room}")
                for name in imports(path)
                if ".".join(name.split(".")[:2]) in others
            ]
    assert wrong == []


def test_nothing_below_the_command_line_imports_it() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for room in TOP_ROOMS
        for path in modules(room)
        for name in imports(path)
        if name.startswith("winback.cli") and "winback/cli" not in path.as_posix()
    ]
    assert wrong == []


def test_the_engine_imports_no_orchestrator_and_no_gate_library_at_module_top() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules("winback")
        for name in imports(path, top_level_only=True)
        if name.split(".")[0] in HEAVY
    ]
    assert wrong == []


def test_only_the_clock_asks_the_machine_for_the_time() -> None:
    asks = ("datetime.now(", "datetime.utcnow(", "date.today(", "time.time()")
    wrong = [
        f"{path.relative_to(ROOT)}: {call}"
        for room in TOP_ROOMS
        for path in modules(room)
        for call in asks
        if call in path.read_text() and path.name != "clock.py"
    ]
    assert wrong == []


def test_no_query_reads_the_clock() -> None:
    words = ("now()", "current_timestamp", "current_date", "getdate(", "today()")
    files = [*(ROOT / "dbt_project").rglob("*.sql"), *(ROOT / "quality").rglob("*.sql")]
    wrong = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in files
        if "target" not in path.parts
        for word in words
        if word in path.read_text().lower()
    ]
    assert files
    assert wrong == []


def test_no_flow_hides_a_library() -> None:
    # A worker puts the folder of a flow's file before all others on the path of modules.
    libraries = {*sys.stdlib_module_names, *packages_distributions()} - set(TOP_ROOMS)
    assert "requests" in libraries
    assert sorted(path.stem for path in modules("flows") if path.stem in libraries) == []


def test_every_module_of_the_tests_has_a_name_of_its_own() -> None:
    """Their folders are no packages: pytest collects only one of two that are called alike."""
    names = Counter(path.name for path in (ROOT / "tests").rglob("*.py"))
    names.pop("conftest.py")
    assert [name for name, count in names.items() if count > 1] == []


LAYERS = ("staging", "intermediate", "segments", "decisions", "marts", "engine")
# Staging → intermediate → segments → decisions → marts and engine, which are published: nothing
# reads a published table.
MAY_READ: dict[str, set[str]] = {
    "staging": set(),
    "intermediate": {"staging", "intermediate"},
    "segments": {"intermediate", "segments"},
    "decisions": {"intermediate", "segments", "decisions"},
    "marts": {"intermediate", "segments", "decisions"},
    "engine": {"intermediate", "segments", "decisions"},
}


def test_dbt_layers_read_one_way(dbt_manifest: Path) -> None:
    manifest = json.loads(dbt_manifest.read_text())
    models = {
        key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"
    }
    layer = {key: node["fqn"][1] for key, node in models.items()}
    assert set(layer.values()) == set(LAYERS)
    wrong = [
        f"{node['name']} ({layer[key]}) reads {models[parent]['name']} ({layer[parent]})"
        for key, node in models.items()
        for parent in node["depends_on"]["nodes"]
        if parent in models and layer[parent] not in MAY_READ[layer[key]]
    ]
    assert wrong == []


def test_only_staging_reads_sources(dbt_manifest: Path) -> None:
    nodes = json.loads(dbt_manifest.read_text())["nodes"]
    wrong = [
        node["name"]
        for node in nodes.values()
        if node["resource_type"] == "model"
        and node["fqn"][1] != "staging"
        and any(parent.startswith("source.") for parent in node["depends_on"]["nodes"])
    ]
    assert wrong == []


MAX_LINES, MEDIAN_LINES = 150, 80
# A published model that hands on a model of decisions, whose unit tests are its own.
PASSES_ON = re.compile(r"select \* from \{\{ ref\('\w+'\) \}\}")
# dbt's unit tests run SQL alone; the outcomes' tests look at what these Python models say.
NO_SQL = {
    "int_bandit__results",
    "int_experiments__checks",
    "int_experiments__index_weights",
    "int_experiments__judged_looks",
    "int_experiments__results",
    "int_experiments__shop",
    "int_experiments__sizes",
}


def model_files() -> list[Path]:
    models = ROOT / "dbt_project" / "models"
    return sorted((*models.rglob("*.sql"), *models.rglob("*.py")))


def test_no_model_is_longer_than_one_thought() -> None:
    files = model_files()
    assert files
    long = {path.stem for path in files if len(path.read_text().splitlines()) > MAX_LINES}
    assert long == set()


def test_the_median_model_stays_short() -> None:
    layers = {"intermediate", "decisions"}
    lines = [
        len(path.read_text().splitlines())
        for path in model_files()
        if layers & set(path.parts) and path.suffix == ".sql"
    ]
    assert median(lines) <= MEDIAN_LINES


def test_every_model_outside_staging_has_a_unit_test(dbt_manifest: Path) -> None:
    manifest = json.loads(dbt_manifest.read_text())
    tested = {test["model"] for test in manifest["unit_tests"].values()}
    untested = {
        path.stem
        for path in model_files()
        if "staging" not in path.parts
        and path.stem not in tested
        and not PASSES_ON.fullmatch(re.sub(r"--.*", "", path.read_text()).strip())
    }
    assert untested == NO_SQL
