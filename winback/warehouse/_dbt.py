"""Run dbt on the warehouse: the only process that ever writes it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from winback.base.duck import connect
from winback.base.errors import BuildFailure
from winback.base.places import PROJECT_DIR
from winback.base.settings import Settings
from winback.warehouse._data_tests import DataTest, data_test
from winback.warehouse._events import only_what_is_heard
from winback.warehouse._last_parse import last_parse_shared
from winback.warehouse._places import placed, placed_parse
from winback.warehouse._quick_dbt import quick_dbt
from winback.warehouse._seeds import broken_rows, check_seeds

DBT_DIR = PROJECT_DIR / "dbt_project"


@dataclass(frozen=True)
class DbtResult:
    """What one dbt invocation did: how many nodes ended in each status, and which were built."""

    counts: dict[str, int] = field(default_factory=dict)
    built: frozenset[str] = frozenset()
    broken: frozenset[str] = frozenset()


class DbtFailure(BuildFailure):
    """dbt ran and something failed: a line for each model or test, and what was built all the
    same."""

    def __init__(self, result: DbtResult, failures: tuple[str, ...]) -> None:
        super().__init__("dbt failed:\n  " + "\n  ".join(failures))
        self.result = result
        self.failures = failures


def use_project(folder: Path) -> None:
    """Let this process's builds read another project than the house's: a copy with other seeds."""
    global DBT_DIR  # noqa: PLW0603 - a process has one project
    DBT_DIR = folder


DbtRunner = Callable[[list[str]], Any]
OnNode = Callable[[int, int, str], None]


def segment_names() -> list[str]:
    """The segments that exist: one SQL file each, nothing else to register."""
    return sorted(path.stem for path in (DBT_DIR / "models" / "segments").glob("*.sql"))


def seeds_digest() -> str:
    """SHA-256 of the seeds, what they are declared to be, and the tests that stand on them."""
    digest = hashlib.sha256()
    for path in _project_files("seeds", "tests", "macros"):
        digest.update(f"{path.relative_to(DBT_DIR)}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def dbt_vars(settings: Settings, as_of: datetime, **extra: Any) -> dict[str, Any]:
    """The vars that every invocation gets; `as_of` is the only clock that SQL knows."""
    return {
        "as_of": as_of.isoformat(),
        "shop_timezone": settings.shop_timezone,
        "channels": list(settings.enabled_channels),
        "shop_language": settings.shop_language,
        "languages": list(settings.enabled_languages),
        "currency": settings.currency,
        "exchange_rates": {name: str(rate) for name, rate in settings.rates.items()},
        "budget_day_cents": settings.budget_day_cents,
        "budget_month_cents": settings.budget_month_cents,
        "segments": segment_names(),
        **extra,
    }


def ready_target(settings: Settings) -> None:
    """Let dbt find the adapter of the target. Raises WinbackError where it is not installed."""
    if settings.dbt_target == "spark":
        from winback.warehouse.spark import register

        register()


def dbt_environment(settings: Settings) -> dict[str, str]:
    """Where dbt finds landing and keeps the warehouse, as its profile and sources read it."""
    home = settings.home.resolve()
    return {
        "WINBACK_LANDING": str(settings.landing_dir),
        "WINBACK_WAREHOUSE": str(settings.warehouse_path),
        "WINBACK_SPILL": str(home / "warehouse" / "spill"),
        "WINBACK_SPARK_MASTER": settings.spark_master,
        "DBT_PROJECT_DIR": str(DBT_DIR),
        "DBT_PROFILES_DIR": str(DBT_DIR),
        "DBT_TARGET_PATH": str(home / "dbt" / "target"),
        "DBT_LOG_PATH": str(home / "dbt" / "logs"),
        # dbt's own quicker way to let models wait for tests; its other way is a sixth of a build.
        "DBT_USE_FAST_TEST_EDGES": "true",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }


def prepare_inputs(settings: Settings) -> None:
    """Give every dbt source a file with its declared types, empty where there is none.

    Raises BuildFailure where a seed can't be read, which dbt would not tell by its line.
    """
    from winback.landing import ensure_fits, ensure_tables
    from winback.ledger._export import EXPORTED, ensure_first_part

    check_seeds(DBT_DIR / "seeds")
    settings.warehouse_path.parent.mkdir(parents=True, exist_ok=True)
    ensure_tables(settings)
    ensure_fits(settings)
    for name in EXPORTED:
        ensure_first_part(name, settings.ledger_landing_dir / name)


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def invoke_dbt(
    settings: Settings,
    arguments: Sequence[str],
    variables: Mapping[str, Any],
    *,
    runner: DbtRunner | None = None,
    on_node: OnNode | None = None,
) -> DbtResult:
    """Run dbt in this process. Raises BuildFailure that names what failed.

    `runner` stands in for dbt's own where each model should show elsewhere, as a row in
    the Prefect UI; `on_node(done, total, name)` hears of each node that starts.
    """
    prepare_inputs(settings)
    return _result(settings, _invoke(settings, arguments, variables, runner, on_node))


def _invoke(
    settings: Settings,
    arguments: Sequence[str],
    variables: Mapping[str, Any],
    runner: DbtRunner | None = None,
    on_node: OnNode | None = None,
) -> Any:
    ready_target(settings)
    command = [*arguments, "--vars", json.dumps(dict(variables)), "--target", settings.dbt_target]
    # Each statement as a line of dbt's log is an eighth of a small build.
    environment = {"DBT_LOG_LEVEL_FILE": "none"} | dbt_environment(settings)
    with _environment(environment), _releasing_the_warehouse(), quick_dbt():
        run = runner or _own_runner(settings, on_node)
        return run(["--quiet", "--no-use-colors", *command])


def compile_tests(settings: Settings, variables: Mapping[str, Any]) -> list[DataTest]:
    """The project's data tests with the SQL that dbt makes of them; none is run."""
    silent = ("--log-level", "none", "compile", "--no-write-json", "--no-introspect")
    with _environment(dbt_environment(settings)):
        # Before: it forgets what was compiled.
        macros = parsed_project(settings).macros
    outcome = _invoke(settings, (*silent, "--select", "resource_type:test"), variables)
    _result(settings, outcome)
    nodes = (result.node for result in outcome.result.results)
    return [data_test(node, macros) for node in nodes if node.resource_type == "test"]


def read_project(settings: Settings) -> None:
    """Import dbt and parse the project, which a build can do while its gate gets ready."""
    with _environment({"DBT_LOG_LEVEL_FILE": "none"} | dbt_environment(settings)):
        parsed_project(settings)


def run_dbt(settings: Settings, arguments: Sequence[str], as_of: datetime) -> bool:
    """Hand a command to dbt as it is, with this project's vars; False where it failed.

    Of a part of the project, only the tests that have all their tables are run.
    """
    from dbt.cli.main import dbtRunner

    prepare_inputs(settings)
    settings, arguments = _with_target(settings, arguments)
    variables = json.dumps(dbt_vars(settings, as_of))
    environment = dbt_environment(settings) | {"DBT_INDIRECT_SELECTION": "buildable"}
    with _environment(environment), _releasing_the_warehouse(), quick_dbt():
        run = dbtRunner(manifest=parsed_project(settings))
        outcome = run.invoke([*arguments, "--vars", variables])
    return bool(outcome.success)


def _with_target(settings: Settings, arguments: Sequence[str]) -> tuple[Settings, list[str]]:
    """The target that a command names is the setting for it; the setting, where it names none."""
    given = list(arguments)
    if "--target" in given[:-1]:
        named = given[given.index("--target") + 1]
        return settings.model_copy(update={"dbt_target": named}), given
    if settings.dbt_target != "duckdb":
        given += ["--target", settings.dbt_target]
    return settings, given


def _own_runner(settings: Settings, on_node: OnNode | None) -> DbtRunner:
    from dbt.cli.main import dbtRunner  # 1.5 s: only who builds pays for it

    def hear(event: Any) -> None:
        if on_node and event.info.name == "LogStartLine":
            on_node(event.data.index - 1, event.data.total, event.data.description)

    project = parsed_project(settings)

    def run(command: list[str]) -> Any:
        with only_what_is_heard():
            # What failed is told by us, once.
            return dbtRunner(project, [hear]).invoke(["--log-level", "none", *command])

    return run


# What changes from run to run, or from shop to shop, is read when a query is compiled. The project
# is parsed without it: any changed var, or another home's paths, would make dbt parse all of it
# again (9 s).
_PARSED_WITH: Final[Mapping[str, Any]] = {
    "as_of": "2000-01-01T00:00:00+00:00",
    "shop_timezone": "UTC",
    "channels": [],
    "shop_language": "en",
    "languages": ["en"],
    "currency": "",
    "exchange_rates": {},
    "budget_day_cents": None,
    "budget_month_cents": None,
    "with_entrants": False,
}
_PARSED_IN: Final = {
    "WINBACK_LANDING": "/landing",
    "WINBACK_WAREHOUSE": "/warehouse/winback.duckdb",
    "WINBACK_SPILL": "/warehouse/spill",
    "WINBACK_MEMORY_LIMIT": "1GB",
}
_manifests: dict[str, Any] = {}


def parsed_project(settings: Settings) -> Any:
    """dbt's manifest of the project, for dbtRunner; call it within `dbt_environment`.

    The project is parsed once a process, with the help of the user's last parse of it, whichever
    home that was for. Raises BuildFailure.
    """
    ready_target(settings)
    key = json.dumps([settings.dbt_target, _project_state()])
    if key not in _manifests:
        from dbt.cli.main import dbtRunner

        variables = json.dumps({**_PARSED_WITH, "segments": segment_names()})
        command = ["parse", "--no-write-json", "--vars", variables]
        command += ["--target", settings.dbt_target]
        target = Path(dbt_environment(settings)["DBT_TARGET_PATH"])
        with _environment(_PARSED_IN), last_parse_shared(DBT_DIR, settings.dbt_target, target):
            # What is wrong stands in the exception; dbt would print it once more.
            parsed = dbtRunner().invoke(["--log-level", "none", *command])
        if not parsed.success:
            why = placed_parse(DBT_DIR, str(parsed.exception))
            raise BuildFailure(f"dbt could not read the project: {why}")
        _manifests.clear()
        _manifests[key] = parsed.result
    manifest = _manifests[key]
    for source in manifest.sources.values():
        source.meta["landing"] = source.config.meta["landing"] = str(settings.landing_dir)
    for node in manifest.nodes.values():
        if getattr(node, "compiled_code", None):  # of another run, perhaps of another shop
            node.compiled, node.compiled_code = False, None
    return manifest


def project_files() -> list[Path]:
    """Every file that dbt makes SQL of."""
    return _project_files("models", "seeds", "macros", "tests")


def _project_state() -> list[tuple[str, int]]:
    """Every file of the project with the time of its last change."""
    return [(str(path), path.stat().st_mtime_ns) for path in project_files()]


def _project_files(*folders: str) -> list[Path]:
    """What is in these folders of the dbt project, and its settings, in order."""
    found = (path for name in folders for path in (DBT_DIR / name).rglob("*.*"))
    return sorted([DBT_DIR / "dbt_project.yml", *found])


@contextmanager
def _releasing_the_warehouse() -> Iterator[None]:
    """dbt keeps the file open between nodes, which saves a quarter of a build; then lets go."""
    try:
        yield
    finally:
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager

        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]


def _failure(settings: Settings, result: Any) -> str:
    """What failed, by the file and line to mend where they are known."""
    node, message = result.node, (result.message or "").strip()
    if str(result.status) != "fail":
        return placed(DBT_DIR, node.original_file_path, message)
    with connect(settings.warehouse_path) as connection:
        query = getattr(node, "compiled_code", None) or ""
        found = broken_rows(connection, query, node.depends_on.nodes, DBT_DIR)
    return f"{found} ({node.name})" if found else f"{node.name}: {message}"


def _result(settings: Settings, outcome: Any) -> DbtResult:
    counts: dict[str, int] = {}
    failures: list[str] = []
    built: set[str] = set()
    broken: set[str] = set()
    for result in getattr(outcome.result, "results", None) or ():
        status = str(result.status)
        counts[status] = counts.get(status, 0) + 1
        if status not in {"pass", "warn"}:
            (built if status == "success" else broken).add(result.node.unique_id)
        if status in {"error", "fail", "runtime error"}:
            failures.append(_failure(settings, result))
    if outcome.exception is not None:
        raise BuildFailure(f"dbt could not run: {outcome.exception}") from outcome.exception
    done = DbtResult(counts, frozenset(built), frozenset(broken))
    if not outcome.success:
        raise DbtFailure(done, tuple(failures))
    return done
