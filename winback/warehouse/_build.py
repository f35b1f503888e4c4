"""The build that analysts run and flows schedule: gate, dbt, gate, publish."""

from __future__ import annotations

import fcntl
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from winback.base.settings import Settings
from winback.warehouse._damaged import damage_told, discard_damaged
from winback.warehouse._dbt import (
    DbtResult,
    dbt_vars,
    invoke_dbt,
    prepare_inputs,
    seeds_digest,
    segment_names,
)
from winback.warehouse._elsewhere import publish_elsewhere
from winback.warehouse._publish import Manifest, new_run_id, publish, read_manifest
from winback.warehouse._shared import share_published
from winback.warehouse._standing import (
    Standing,
    find_standing,
    forget_warehouse,
    last_whole_build,
    read_inputs,
    remember_warehouse,
    standing_in_warehouse,
)
from winback.warehouse._tested import DbtInvoker, build_tested


class Gate(Protocol):
    """A gate: returns its warnings, or raises GateFailure."""

    def __call__(self, name: str, settings: Settings, as_of: datetime) -> Sequence[str]: ...


@dataclass(frozen=True)
class BuildReport:
    """What a build published."""

    published: Path
    manifest: Manifest
    dbt: DbtResult
    warnings: tuple[str, ...]
    # None where something was built. Else nothing was: what is published stands, until then.
    stands_until: datetime | None = None


# Unit tests pin the models in `make test`; a build over a shop's data runs the data tests.
# dbt's files of results and of the compiled project are nobody's here, and cost a second.
BUILD_ALL = ("build", "--no-write-json", "--exclude-resource-type", "unit_test")
# Seeds and the tests that stand on them, a third of a build, where they are as they were.
WITHOUT_SEEDS = ("--exclude", "resource_type:seed")
BUILD_SEEDS = (
    *BUILD_ALL,
    *("--select", "resource_type:seed", "--indirect-selection", "buildable"),
)
# What the ledger's news can change, and the two models beside it whose every row grows old by
# itself. All other models are as they were (`last_whole_build`).
BUILD_NEWS = (
    *BUILD_ALL,
    *("--select", "source:ledger.*+", "int_customers__browsing", "int_customers__interests"),
    *("--indirect-selection", "buildable"),
)
# Models that change between the audience and the report of one run, by sends and events alone.
BUILD_OUTCOMES = (*BUILD_ALL, "--select", "tag:outcomes", "--indirect-selection", "buildable")


def build(
    settings: Settings,
    as_of: datetime,
    *,
    gate: Gate,
    invoke: DbtInvoker = invoke_dbt,
    with_entrants: bool = False,
    name: str = "current",
    leaves_standing: bool = False,
) -> BuildReport:
    """Gate the sources, build every model, gate the decisions, publish as `published/<name>`.

    `with_entrants` lets the decisions cover who enters a playbook in this run; a plain
    build shows what the ledger knows. With `leaves_standing`, models that nothing new can have
    changed stay as the last build made them. Raises GateFailure or BuildFailure; then nothing
    that was published before has changed.
    """
    from winback.landing import newest_load, refresh_landing, require_loaded
    from winback.ledger._fold import fold_parts

    shared = refresh_landing(settings)
    require_loaded(settings)
    with warehouse_lock(settings):
        load_id = newest_load(settings)
        prepare_inputs(settings)
        fold_parts(settings.ledger_landing_dir)
        inputs = read_inputs(settings, with_entrants=with_entrants)
        warnings = [*shared, *discard_damaged(settings), *gate("sources", settings, as_of)]
        variables = dbt_vars(settings, as_of, with_entrants=with_entrants)
        with _seeds_loaded(settings) as already, damage_told(settings):
            before = last_whole_build(settings, as_of, inputs, name=name)
            if not (already and leaves_standing):
                before = None
            forget_warehouse(settings)
            _last_build(settings).write_text(name)
            if before is not None:
                result = build_tested(settings, BUILD_NEWS, variables, invoke)
            elif already:
                result = build_tested(settings, (*BUILD_ALL, *WITHOUT_SEEDS), variables, invoke)
            else:
                # New seeds are tested before models stand on them: a bad row is told by its rule.
                result = _build_with_seeds(settings, variables, invoke)
        warnings += gate("decisions", settings, as_of)
        return _publish(
            settings,
            as_of,
            name,
            result,
            warnings,
            load_id=load_id,
            inputs=inputs,
            whole_as_of=before or as_of.isoformat(),
        )


def _build_with_seeds(
    settings: Settings, variables: dict[str, Any], invoke: DbtInvoker
) -> DbtResult:
    """Build seeds and models, with the tests of what is done before what stands on it.

    Spark takes as long to begin with a test as with many: there the tests of models come last.
    """
    if settings.dbt_target == "duckdb":
        return invoke(settings, BUILD_ALL, variables)
    seeds = invoke(settings, BUILD_SEEDS, variables)
    rest = build_tested(settings, (*BUILD_ALL, *WITHOUT_SEEDS), variables, invoke)
    counts = dict(Counter(seeds.counts) + Counter(rest.counts))
    return DbtResult(counts, seeds.built | rest.built, rest.broken)


def why_build(settings: Settings, as_of: datetime, *, name: str) -> BuildReport | str:
    """The first reason for a run to build, in words; where there is none, what stands."""
    from winback.landing import refresh_landing

    # What another machine has landed is news here too.
    shared = refresh_landing(settings)
    found = find_standing(settings, as_of, name=name)
    if isinstance(found, str):
        return found
    return _left(found, shared)


def _left(standing: Standing, warnings: Sequence[str] = ()) -> BuildReport:
    """What stands, in place of what a build would publish."""
    published, manifest, until = standing.published, standing.manifest, standing.until
    return BuildReport(published, manifest, DbtResult(), tuple(warnings), stands_until=until)


def build_outcomes(
    settings: Settings,
    as_of: datetime,
    *,
    gate: Gate,
    invoke: DbtInvoker = invoke_dbt,
    leaves_standing: bool = False,
) -> BuildReport:
    """Build again what depends on messages and events, gate the outcomes, publish.

    The decisions stay those of the last build. After a dry run the warehouse holds what was
    only tried out: then everything is built. With `leaves_standing`, nothing is built and
    published where the last build read the same: its outcomes pass the gate.
    """
    with warehouse_lock(settings):
        if leaves_standing and (standing := standing_in_warehouse(settings, as_of)):
            warnings = gate("outcomes", settings, as_of)
            # What did not get to the URL is taken up again.
            copied = share_published(settings, standing.published)
            return _left(standing, (*warnings, *copied))
        discarded = discard_damaged(settings)
        memory = _last_build(settings)
        is_current = memory.exists() and memory.read_text() == "current"
        memory.write_text("current")
        variables = dbt_vars(settings, as_of)
        forget_warehouse(settings)
        with damage_told(settings):
            if is_current:
                result = build_tested(settings, BUILD_OUTCOMES, variables, invoke)
            else:
                result = _build_with_seeds(settings, variables, invoke)
        warnings = [*discarded, *gate("outcomes", settings, as_of)]
        current = (settings.published_dir / "current").resolve()
        decided = current if is_current and current.exists() else None
        return _publish(settings, as_of, "current", result, warnings, decided=decided)


def _publish(
    settings: Settings,
    as_of: datetime,
    name: str,
    result: DbtResult,
    warnings: Sequence[str],
    *,
    decided: Path | None = None,
    **origin: Any,
) -> BuildReport:
    published = publish(
        settings,
        run_id=new_run_id(as_of),
        as_of=as_of,
        segments=segment_names(),
        name=name,
        decided=decided,
        **origin,
    )
    manifest = read_manifest(published)
    assert manifest is not None  # noqa: S101 - publish just wrote it
    remember_warehouse(settings, manifest.run_id)
    # A dry run's tables are nobody's report.
    is_report = name == "current"
    copied = [*publish_elsewhere(settings, published)] if is_report else []
    copied += share_published(settings, published) if is_report else ()
    return BuildReport(published, manifest, result, (*warnings, *copied))


def _last_build(settings: Settings) -> Path:
    """Remembers whether the warehouse holds `current` or a dry run."""
    return settings.warehouse_path.with_name("last_build")


@contextmanager
def _seeds_loaded(settings: Settings) -> Iterator[bool]:
    """Whether the warehouse holds the seeds as they are, tested; remembers it after success."""
    memory = settings.warehouse_path.with_name("seeds.sha256")
    digest = seeds_digest()
    if settings.warehouse_path.exists() and memory.exists() and memory.read_text() == digest:
        yield True
        return
    # A build that fails half way may leave new seeds behind: nothing is known of them.
    memory.unlink(missing_ok=True)
    yield False
    memory.write_text(digest)


@contextmanager
def warehouse_lock(settings: Settings) -> Iterator[None]:
    """Hold the warehouse: one build at a time. The system frees it when its holder dies."""
    folder = settings.warehouse_path.parent
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
