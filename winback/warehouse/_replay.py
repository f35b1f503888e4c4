"""Past days replayed with the SQL of a build, in memory: nobody else holds the warehouse.

dbt compiles the models once for an instant that cannot be meant; its text in the compiled
SQL then gives way to that of each day.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from graphlib import TopologicalSorter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import duckdb

from winback.base.duck import connect, rows_of
from winback.base.errors import WinbackError
from winback.base.settings import Settings
from winback.warehouse._dbt import dbt_vars, invoke_dbt

# No data holds these to the microsecond. The second is there to catch a model that uses
# as_of otherwise than as text, in Jinja of its own: its two texts then differ elsewhere.
_MEANT_BY_NOBODY: Final = datetime(2001, 2, 3, 4, 5, 6, 70809, tzinfo=UTC)
_NOR_THIS: Final = datetime(2002, 7, 9, 8, 3, 1, 90807, tzinfo=UTC)
# What the ledger says of who was enrolled.
_ENROLLED: Final = ("enrollments", "enrollment_ends")
_MODELS_AND_SEEDS: Final = (
    "build",
    "--write-json",
    "--exclude-resource-type",
    "unit_test",
    "--exclude-resource-type",
    "test",
)


@dataclass(frozen=True)
class _Model:
    name: str
    relation: str
    kind: str
    sql: str
    parents: tuple[str, ...]
    depends_on_time: bool


class Replay:
    """Some models with all that they need, standing on one instant after the other.

    `connection` sees them as `winback.<name>`, as of the last `stand_on`.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, models: Sequence[_Model]) -> None:
        self.connection = connection
        self._models = {model.name: model for model in models}

    def stand_on(self, as_of: datetime, *names: str) -> None:
        """Build what depends on time as of an instant: everything, or the models named."""
        needed = self._needed(names) if names else self._models
        for model in self._models.values():
            if model.depends_on_time and model.name in needed:
                self._create(model, as_of)

    def materialize_the_timeless(self) -> None:
        """Build once, as tables, what is the same on every day: staging, mostly."""
        for model in self._models.values():
            if not model.depends_on_time:
                self.execute(f"create table {model.relation} as {model.sql}")

    def execute(
        self, query: str, parameters: Mapping[str, Any] | None = None
    ) -> duckdb.DuckDBPyConnection:
        """Run a statement; Ctrl-C ends it as it ends anything else."""
        try:
            return self.connection.execute(query, dict(parameters or {}))
        except RuntimeError as error:
            # DuckDB hears the signal first and makes an error of its own of it.
            if "interrupted" in str(error).lower():
                raise KeyboardInterrupt from error
            raise

    def rows(self, query: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """A query's rows by column name; instants come back in UTC."""
        return rows_of(self.execute(query, parameters))

    def _create(self, model: _Model, as_of: datetime) -> None:
        sql = model.sql.replace(_MEANT_BY_NOBODY.isoformat(), as_of.isoformat())
        self.execute(f"create or replace {model.kind} {model.relation} as {sql}")

    def _needed(self, names: Iterable[str]) -> set[str]:
        found: set[str] = set()
        pending = list(names)
        while pending:
            name = pending.pop()
            if name in self._models and name not in found:
                found.add(name)
                pending += self._models[name].parents
        return found


@contextmanager
def replaying(
    settings: Settings,
    models: Sequence[str],
    *,
    seed_edits: Sequence[str] = (),
    unenrolled: bool = False,
    **variables: Any,
) -> Iterator[Replay]:
    """Open a replay of the named models and seeds over landing as it is now.

    `variables` are dbt vars that differ from the project's, `seed_edits` statements that change
    the copied seeds; `unenrolled` leaves out whom the ledger enrolled. Raises BuildFailure
    where dbt can't compile or run a model, WinbackError where one can't be replayed. What it
    writes is in a folder of its own under WINBACK_HOME that goes with it, whatever ends it.
    """
    home = settings.home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory(prefix="replay-", dir=home) as folder,
        connect() as connection,
    ):
        _settle(connection, Path(folder))
        _link_landing(settings, Path(folder), _ENROLLED if unenrolled else ())
        replay = Replay(connection, _compiled(settings, Path(folder), models, variables))
        _copy_seeds(connection, Path(folder))
        for statement in seed_edits:
            replay.execute(statement)
        replay.materialize_the_timeless()
        yield replay


def _settle(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """As the dbt profile does; what spills goes with the folder."""
    connection.execute("set preserve_insertion_order = false")
    connection.execute(f"set temp_directory = '{folder / 'spill'}'")
    connection.execute("attach ':memory:' as winback")


def _link_landing(settings: Settings, folder: Path, but: Sequence[str]) -> None:
    """The shop's landing, without the ledger's tables named."""
    if not but:
        (folder / "landing").symlink_to(settings.landing_dir)
        return
    ledger = settings.ledger_landing_dir
    inside = ledger.relative_to(settings.landing_dir)
    (folder / "landing" / inside).mkdir(parents=True)
    for path in (*settings.landing_dir.iterdir(), *(ledger.iterdir() if ledger.exists() else ())):
        if path != ledger and path.name not in but:
            link = folder / "landing" / path.relative_to(settings.landing_dir)
            link.symlink_to(path.resolve())


def _compiled(
    settings: Settings, folder: Path, models: Sequence[str], variables: Mapping[str, Any]
) -> list[_Model]:
    """The models in the order in which they build on each other."""
    private = settings.model_copy(update={"home": folder, "landing_url": ""})
    select = ("--select", *(f"+{name}" for name in models))
    invoke_dbt(
        private,
        (*_MODELS_AND_SEEDS, *select),
        dbt_vars(private, _MEANT_BY_NOBODY, **variables),
    )
    nodes = _compiled_nodes(folder)
    # Otherwise the texts of what it compiled go to the terminal.
    silent = ("--log-level", "none", "compile", "--write-json")
    invoke_dbt(private, (*silent, *select), dbt_vars(private, _NOR_THIS, **variables))
    _require_replayable(nodes, _compiled_nodes(folder))
    return _in_order(nodes)


def _compiled_nodes(folder: Path) -> dict[str, dict[str, Any]]:
    manifest = json.loads((folder / "dbt" / "target" / "manifest.json").read_text())
    return {
        key: node
        for key, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node.get("compiled_code")
    }


def _require_replayable(
    nodes: Mapping[str, dict[str, Any]], again: Mapping[str, dict[str, Any]]
) -> None:
    for key, node in nodes.items():
        if node["language"] != "sql" or node["config"]["materialized"] not in {"table", "view"}:
            raise WinbackError(
                f"model {node['name']} can't be replayed: it is no SQL table or view"
            )
        moved = node["compiled_code"].replace(_MEANT_BY_NOBODY.isoformat(), _NOR_THIS.isoformat())
        if moved != again[key]["compiled_code"]:
            raise WinbackError(
                f"model {node['name']} can't be replayed: it uses as_of in Jinja; "
                "use the macros as_of() and as_of_date()"
            )


def _in_order(nodes: Mapping[str, dict[str, Any]]) -> list[_Model]:
    graph = {
        key: [parent for parent in node["depends_on"]["nodes"] if parent in nodes]
        for key, node in nodes.items()
    }
    models: dict[str, _Model] = {}
    for key in TopologicalSorter(graph).static_order():
        node, parents = nodes[key], [models[parent] for parent in graph[key]]
        models[key] = _Model(
            name=node["name"],
            relation=node["relation_name"],
            kind=node["config"]["materialized"],
            sql=node["compiled_code"],
            parents=tuple(parent.name for parent in parents),
            depends_on_time=_MEANT_BY_NOBODY.isoformat() in node["compiled_code"]
            or any(parent.depends_on_time for parent in parents),
        )
    return list(models.values())


def _copy_seeds(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """The seeds as dbt loaded them, types and nulls included."""
    built = folder / "warehouse" / "winback.duckdb"
    connection.execute(f"attach '{built}' as built (read_only)")
    manifest = json.loads((folder / "dbt" / "target" / "manifest.json").read_text())
    loaded = {
        name
        for (name,) in connection.execute(
            "select table_name from duckdb_tables() where database_name = 'built'"
        ).fetchall()
    }
    for node in manifest["nodes"].values():
        if node["resource_type"] == "seed" and node["name"] in loaded:
            connection.execute(
                f"create table {node['relation_name']} as from built.main.{node['name']}"
            )
    connection.execute("detach built")
