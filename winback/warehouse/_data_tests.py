"""The data tests of a build, all after its models, each as the one query that it is (on Spark many
in one).

dbt runs a test as it runs a model, with a hundred times of what the query takes. Here it only
writes their SQL, which is kept until the project or a var changes. A test that may be different
in each run, or that keeps what it found, is left to dbt.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import duckdb

from winback.base.duck import connect, literal
from winback.base.settings import Settings
from winback.base.whole import written_whole
from winback.warehouse._places import placed
from winback.warehouse._seeds import broken_rows

# What differs between two runs over the same project, and the words by which SQL can get at it.
_OF_ONE_RUN: Final = frozenset({"as_of", "with_entrants"})
_MAY_DIFFER: Final = re.compile(
    r"as_of|with_entrants|env_var|run_started_at|invocation|run_query|statement|graph|modules"
)


@dataclass(frozen=True)
class DataTest:
    """A test's name, what it stands on, and its query; without one, dbt runs it."""

    name: str
    path: str
    stands_on: tuple[str, ...]
    query: str = ""
    severity: str = ""
    fails_if: str = ""
    warns_if: str = ""
    # What it selects, if it stands on seeds alone: their rows may be shown.
    of_seeds: str = ""


@dataclass(frozen=True)
class TestReport:
    """How many tests ended in each status, and the line of each that stops a build."""

    counts: Mapping[str, int] = field(default_factory=dict)
    failures: tuple[str, ...] = ()


def read_tests(
    settings: Settings,
    variables: Mapping[str, Any],
    project: Iterable[Path],
    write: Callable[[Settings, Mapping[str, Any]], Iterable[DataTest]],
) -> list[DataTest]:
    """The project's tests as they were kept under WINBACK_HOME, or written now by `write`."""
    kept = settings.home / "dbt" / "data_tests.json"
    key = _key(settings, variables, project)
    with suppress(OSError, ValueError, TypeError, KeyError):
        found = json.loads(kept.read_text())
        if found["key"] == key:
            return [DataTest(**it | {"stands_on": tuple(it["stands_on"])}) for it in found["tests"]]
    tests = list(write(settings, variables))
    text = json.dumps({"key": key, "tests": [asdict(test) for test in tests]})
    with written_whole(kept) as file:
        file.write_text(text)
    return tests


def _key(settings: Settings, variables: Mapping[str, Any], project: Iterable[Path]) -> str:
    lasting = {name: value for name, value in variables.items() if name not in _OF_ONE_RUN}
    places = [settings.dbt_target, str(settings.landing_dir), str(settings.warehouse_path)]
    digest = hashlib.sha256(json.dumps([places, lasting], sort_keys=True).encode())
    for path in project:
        digest.update(f"\n{path}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def data_test(node: Any, macros: Mapping[str, Any]) -> DataTest:
    """A test that dbt has compiled, as it is run here."""
    stands_on = tuple(node.depends_on.nodes)
    config = node.config
    arguments = json.dumps([_arguments(node), config.where, config.fail_calc])
    text = " ".join([node.raw_code, arguments, *_macro_texts(node, macros)])
    if config.store_failures or config.get("sql_header") or _MAY_DIFFER.search(text):
        return DataTest(node.name, node.original_file_path, stands_on)
    figure = config.fail_calc
    limit = f"limit {config.limit}" if config.limit is not None else ""
    query = (
        f"select {figure} as failures, {figure} {config.warn_if} as should_warn, "
        f"{figure} {config.error_if} as should_error "
        f"from (\n{node.compiled_code}\n{limit}\n) as dbt_internal_test"
    )
    return DataTest(
        node.name,
        node.original_file_path,
        stands_on,
        query,
        severity=config.severity.lower(),
        fails_if=config.error_if,
        warns_if=config.warn_if,
        of_seeds=node.compiled_code if all(it.startswith("seed.") for it in stands_on) else "",
    )


def _arguments(node: Any) -> Any:
    metadata = getattr(node, "test_metadata", None)
    return metadata.kwargs if metadata else {}


def _macro_texts(node: Any, macros: Mapping[str, Any]) -> Iterable[str]:
    """The macros of this project that it goes by; dbt's own know of nothing but their arguments."""
    pending = list(node.depends_on.macros)
    seen = set()
    while pending:
        macro = macros.get(pending.pop())
        if macro is not None and macro.unique_id not in seen and macro.package_name == "winback":
            seen.add(macro.unique_id)
            pending += macro.depends_on.macros
            yield macro.macro_sql


def run_tests(settings: Settings, tests: Iterable[DataTest], folder: Path) -> TestReport:
    """Run those that dbt has not to run; `folder` is the project's."""
    counts: dict[str, int] = {}
    failures = []
    spill = settings.warehouse_path.with_name("spill")
    with connect(settings.warehouse_path) as connection:
        # As the dbt profile has it; a large shop's tests may spill.
        connection.execute(f"set temp_directory = {literal(spill)}")
        connection.execute("set preserve_insertion_order = false")
        asked = [test for test in tests if test.query]
        answers = _answers(settings, connection, [test.query for test in asked])
        for test, answer in zip(asked, answers, strict=True):
            status, message = _judged(test, answer)
            counts[status] = counts.get(status, 0) + 1
            if status == "error":
                failures.append(placed(folder, test.path, message))
            if status == "fail":
                rows = broken_rows(connection, test.of_seeds, test.stands_on, folder)
                failures.append(f"{rows} ({test.name})" if rows else f"{test.name}: {message}")
    return TestReport(counts, tuple(failures))


def concerns(test: DataTest, *, built: Collection[str], broken: Collection[str]) -> bool:
    """Whether a test stands on something that was built, and on nothing that could not be.

    Each build reads landing anew; what stands on nothing at all is always asked.
    """
    on = test.stands_on
    is_new = not on or any(it in built or it.startswith("source.") for it in on)
    return is_new and not any(it in broken for it in on)


def _answers(
    settings: Settings, connection: duckdb.DuckDBPyConnection, queries: Sequence[str]
) -> Iterable[tuple[Any, ...] | str]:
    """The row of each query, by the engine that made its tables, or what stopped it."""
    if settings.dbt_target == "spark":
        from winback.warehouse.spark import answers_of

        return answers_of(settings, connection, queries)
    return (_answer(connection, query) for query in queries)


def _answer(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...] | str:
    try:
        return connection.execute(query).fetchone() or (0, False, False)
    except duckdb.Error as error:
        return str(error)


def _judged(test: DataTest, answer: tuple[Any, ...] | str) -> tuple[str, str]:
    """As dbt judges and words it."""
    if isinstance(answer, str):
        return "error", answer
    failures, should_warn, should_error = answer
    found = f"Got {failures} result{'' if failures == 1 else 's'}, configured to"
    if test.severity == "error" and should_error:
        return "fail", f"{found} fail if {test.fails_if}"
    if should_warn:
        return "warn", f"{found} warn if {test.warns_if}"
    return "pass", ""
