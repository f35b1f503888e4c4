"""The steps of a run as Prefect tasks. Thin: each calls one function of the engine.

No task retries and none caches: what a task sends is claimed in the ledger first, so
running the whole flow again is the safe way to finish a run that died.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import deployment

import quality
from flows import _quiet, _reconcile
from flows._context import current_stage
from flows._happenings import telling
from flows._progress import showing_progress
from flows._unforeseen import without_words
from winback import inbound, sending
from winback import reconcile as reconciling
from winback.base.clock import shop_time
from winback.base.console import tell_stage, tell_step, warn
from winback.base.errors import WinbackError
from winback.base.settings import Settings
from winback.content.preview import read_renders, write_page
from winback.conversations import series
from winback.conversations.responder import RespondReport, open_responder, reply_to_questions
from winback.conversations.series import JoinReport
from winback.ledger import export_ledger
from winback.measure import predictions
from winback.warehouse import (
    BuildReport,
    DbtResult,
    DbtRunner,
    build,
    build_outcomes,
    dbt_environment,
    has_rows,
    invoke_dbt,
    keep_decisions,
    parsed_project,
    published_rows,
    read_manifest,
    read_project,
    require_recent,
)

P = ParamSpec("P")
T = TypeVar("T")

# The rows of the last models end a moment after dbt; one that never ends holds no build.
_LAST_ROWS_SECONDS: Final = 60.0


def _task(name: str) -> Callable[[Callable[P, T]], Task[P, T]]:
    """A task that is run once."""

    def make(work: Callable[P, T]) -> Task[P, T]:
        once = task(task_run_name=name, retries=0, cache_policy=NO_CACHE)
        return once(without_words(work))

    return make


def _invoke_dbt(
    settings: Settings, arguments: Sequence[str], variables: Mapping[str, Any]
) -> DbtResult:
    """Run dbt; in a deployment's run with a row per model in the Prefect UI.

    A row costs about 0.1 s, half a minute a build: worth it for a person who watches a schedule,
    not for one who waits at a terminal.
    """
    watched = deployment.id is not None
    return invoke_dbt(
        settings,
        arguments,
        variables,
        runner=_rows_in_the_ui(settings) if watched else None,
        on_node=tell_step,
    )


def _rows_in_the_ui(settings: Settings) -> DbtRunner:
    def run(command: list[str]) -> Any:
        from dbt.cli.main import dbtRunner
        from prefect_dbt import PrefectDbtRunner, PrefectDbtSettings  # 5 s to import
        from prefect_dbt.core import runner as of_prefect

        project = parsed_project(settings)
        # There is no other way to give the project to the dbt that it starts, which would parse
        # all of it for every run (9 s).
        of_prefect.dbtRunner = partial(dbtRunner, project)
        places = dbt_environment(settings)
        runner = PrefectDbtRunner(
            manifest=project,
            settings=PrefectDbtSettings(
                project_dir=Path(places["DBT_PROJECT_DIR"]),
                profiles_dir=Path(places["DBT_PROFILES_DIR"]),
                target_path=Path(places["DBT_TARGET_PATH"]),
            ),
            raise_on_failure=False,
            disable_assets=True,
        )
        before = set(threading.enumerate())
        # Without a level of ours, dbt's runner takes Prefect's, and crashes on it.
        outcome = runner.invoke(_once_each(command), log_level="warn", log_level_file="none")
        _await_rows(set(threading.enumerate()) - before)
        return outcome

    return run


def _await_rows(started: Iterable[threading.Thread]) -> None:
    """Wait for the rows that Prefect's runner leaves behind, each in a thread of its own.

    They read all of the environment, of which dbt's part is taken back after this: a row that
    reads it meanwhile breaks, and is not shown.
    """
    until = time.monotonic() + _LAST_ROWS_SECONDS
    for thread in started:
        if thread.name.endswith("(run_task)"):
            thread.join(max(0.0, until - time.monotonic()))


def _once_each(command: list[str]) -> list[str]:
    """The command with each flag once and all its values: of a flag that stands twice Prefect
    keeps the last alone, and a build would run the unit tests on the shop's warehouse."""
    found: dict[str, list[str]] = {}
    flag = ""
    for word in command:
        flag = word if word.startswith("--") else flag
        values = found.setdefault(flag, [])
        if word != flag:
            values.append(word)
    return [word for name, values in found.items() for word in (name, *values) if word]


@_task("collect what came back")
def collect() -> inbound.CollectReport:
    """Read new callbacks into the ledger and let the ledger's changes reach landing."""
    stage = current_stage()
    tell_stage("Collecting what came back")
    return _reconcile.collect(stage)


@_task("ask the providers what became of messages")
def reconcile() -> reconciling.ReconcileReport:
    """Settle unknown messages and ask for missing callbacks; export what was learned to landing."""
    stage = current_stage()
    tell_stage("Asking the providers what became of messages")
    return _reconcile.reconcile(stage)


@_task("cancel emails whose request got no response")
def withdraw_unresolved() -> reconciling.ReconcileReport:
    """Cancel held-back email whose call got no response, while SendGrid still takes
    cancellations."""
    stage = current_stage()
    return reconciling.withdraw_unresolved(stage.ledger, stage.settings, stage.run.clock)


@_task("plan again what an interrupted run did not send")
def sweep() -> sending.SweepReport:
    """Give back the claims of runs that died, so that a plan and a send see them again."""
    stage = current_stage()
    return sending.sweep(stage.ledger, stage.run.clock)


@_task("build the audience")
def build_audience() -> BuildReport:
    """Gate the sources, build what can have changed, gate the decisions, publish; nothing, while
    what is published stands."""
    stage = current_stage()
    name = "current" if stage.run.sends else "dry-run"
    found = _quiet.standing(stage.run)
    if not isinstance(found, str):
        return found
    tell_stage(f"Building the audience: {found}")
    gate = quality.gate(sends=True)
    with gate.beside():
        read_project(stage.settings)
        return build(
            stage.settings,
            stage.run.as_of,
            gate=telling(gate),
            invoke=_invoke_dbt,
            with_entrants=True,
            name=name,
            leaves_standing=True,
        )


@_task("move by what the arms brought")
def move_bandits(published: Path) -> list[str]:
    """Write the moves of steps that learn and are due for one, before anybody is dealt by them;
    the moves in words."""
    from winback.measure import bandit

    stage = current_stage()
    tell_stage("Moving by what the arms brought")
    made = bandit.deal(
        stage.ledger, published, at=stage.run.as_of, zone=stage.settings.shop_timezone
    )
    # SQL deals by them in the build that follows.
    export_ledger(stage.ledger, stage.settings.ledger_landing_dir)
    return [f"{it.playbook_id} step {it.step}: {it.move.why}" for it in made]


@_task("enroll who enters a playbook")
def enroll(published: Path) -> int:
    """Write this run's entrants and exits to the ledger, each once ever; keep the decisions."""
    stage = current_stage()
    tell_stage("Enrolling who enters a playbook")
    keep_decisions(stage.settings, published)
    # A set that an earlier version published has neither plans nor ends.
    if (published / "experiment_starts.parquet").exists():
        sending.start_experiments(stage.ledger, published_rows(published, "experiment_starts"))
    counts = sending.enroll(stage.ledger, published_rows(published, "entrants"))
    if (published / "enrollment_ends.parquet").exists():
        sending.end_enrollments(stage.ledger, published_rows(published, "enrollment_ends"))
    if has_rows(published, "bandit_choices"):
        from winback.measure import bandit

        bandit.keep_choices(stage.ledger, published)
    return counts["treatment"] + counts["holdout"]


@_task("plan the messages")
def plan(published: Path) -> sending.PlanReport:
    """Render what SQL decided, in a dry run without the ledger; blocked messages are kept there
    too."""
    stage = current_stage()
    tell_stage("Writing the messages")
    rows = published_rows(published, "outbox")
    if not stage.run.sends:
        renders = published / "renders.parquet"
        planned = sending.dry_run_plan(rows, stage.settings, keep_in=renders)
        write_page(
            read_renders(renders),
            stage.settings.preview_dir / "dry-run.html",
            title=f"{stage.settings.brand_name}: what the dry run would send",
            intro=f"As of {shop_time(stage.run.as_of, stage.settings.shop_timezone)}. Of each "
            "message the page has one example; nothing was sent.",
        )
        return planned
    manifest = read_manifest(published)
    return sending.plan(
        stage.ledger,
        rows,
        stage.settings,
        stage.run.clock,
        load_id=manifest.load_id if manifest else "",
        decided_by=manifest.decided_by if manifest else "",
    )


@_task("reply to who asks")
def reply() -> RespondReport | None:
    """Let the responder reply to open questions, if one is set and the published set is fresh."""
    stage = current_stage()
    responder = open_responder(stage.settings)
    if responder is None:
        return None
    published = (stage.settings.published_dir / "current").resolve()
    try:
        require_recent(published, stage.run.as_of)
    except WinbackError as stale:
        # No reply is written from old prices and offers; a planned one may leave all the same.
        warn(f"nobody gets a reply: {stale}")
        return None
    tell_stage("Replying to who asks")
    return reply_to_questions(
        stage.ledger, stage.settings, stage.run.clock, responder, published=published
    )


@_task("confirm who joins a series")
def acknowledge_joins() -> JoinReport:
    """Ask people who texted the keyword of a series for their yes; welcome those who gave it."""
    stage = current_stage()
    tell_stage("Confirming who joins a series")
    report = series.acknowledge_joins(stage.ledger, stage.settings, stage.run.clock)
    if report.blocked:
        warn(f"replies to joins: {report.summary()}")
    return report


@_task("send {playbook} step {step}")
def send(playbook: str, step: int) -> sending.SendReport:
    """Send the due messages of one step: each is claimed before, recorded after, and never
    repeated."""
    stage = current_stage()
    tell_stage(f"Sending {playbook} step {step}")
    with showing_progress(playbook, step) as show:

        def tell(done: int, total: int) -> None:
            tell_step(done, total)
            show(done, total)

        return sending.send_due(
            stage.ledger,
            stage.settings,
            stage.run.clock,
            playbook_id=playbook,
            step=step,
            on_progress=tell,
        )


@_task("measure outcomes")
def measure() -> BuildReport:
    """Build what depends on messages and events, where the audience's build did not see it all;
    gate the outcomes, publish.

    As of now, not of the run's start: what the run has sent since would not exist yet.
    """
    stage = current_stage()
    tell_stage("Measuring outcomes")
    gate = quality.gate(sends=True)
    with gate.beside():
        report = build_outcomes(
            stage.settings,
            stage.run.clock.now(),
            gate=telling(gate),
            invoke=_invoke_dbt,
            leaves_standing=True,
        )
    keep_decisions(stage.settings, report.published, measured=True)
    return report


@_task("fit predictions")
def fit_predictions(published: Path) -> int:
    """Fit the models of orders and spend where a week has passed; how many new fits landed.

    The next build that counts days anew reads them.
    """
    return len(predictions.fit_predictions(current_stage().settings, published))
