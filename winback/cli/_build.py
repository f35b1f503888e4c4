"""`winback build`: what an analyst runs after editing a segment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from winback.base.clock import Clock, WallClock, clock_at, shop_time
from winback.base.console import print_json, print_rows, say, tell_step, telling
from winback.cli._app import START, app
from winback.cli._help import AsJson, examples
from winback.cli._plugins import part

if TYPE_CHECKING:
    from winback.base.settings import Settings

AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        help="The instant to compute for, or a date: the end of that day in the shop's zone. "
        "Without it, now.",
    ),
]


@app.command(
    "build",
    rich_help_panel=START,
    epilog=examples(
        "winback build",
        "winback build --as-of 2026-03-31",
        "winback build --target spark",
        "winback build --json",
        keys="as_of, published, warnings, segments, row_counts",
    ),
)
def build_command(
    as_of: AsOf = None,
    accept_volume: Annotated[
        bool, typer.Option("--accept-volume", help="Accept this once that the feed has shrunk.")
    ] = False,
    no_collect: Annotated[
        bool,
        typer.Option("--no-collect", help="Leave stored callbacks and the ledger as they are."),
    ] = False,
    target: Annotated[
        str | None,
        typer.Option(
            "--target",
            help="The engine that makes the rows, duckdb or spark; without it, WINBACK_DBT_TARGET.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check the data, build every model and publish the tables; this needs no Prefect.

    The tables are then in published/current under WINBACK_HOME. Stale or broken
    data stops the build.
    """
    gate = part("gate")(sends=False, accept_volume=accept_volume)
    with gate.beside():
        _build(gate, as_of, target, collects=not no_collect, as_json=as_json)


def _build(
    gate: Any, as_of: str | None, target: str | None, *, collects: bool, as_json: bool
) -> None:
    from winback.base.running import at_work
    from winback.base.settings import Settings
    from winback.measure import report
    from winback.warehouse import build, invoke_dbt, read_project

    settings = Settings.load(**({"dbt_target": target} if target else {}))
    at = clock_at(as_of, settings.shop_timezone).now()
    with at_work(settings), telling() as teller:
        if collects:
            _take_in(settings, WallClock())
        teller.stage("Building")
        read_project(settings)
        built = build(
            settings,
            at,
            gate=gate,
            invoke=lambda s, arguments, variables: invoke_dbt(
                s, arguments, variables, on_node=tell_step
            ),
        )
    if as_json:
        facts = {
            "as_of": built.manifest.as_of,
            "published": built.published,
            "warnings": built.warnings,
            "segments": report.segments(built.published),
            "row_counts": built.manifest.row_counts,
        }
        print_json(facts)
        return
    for warning in built.warnings:
        say(f"warning: {warning}")
    print_rows("Segments", report.segments(built.published))
    counts = built.manifest.row_counts
    when = shop_time(at, settings.shop_timezone)
    say(f"Published {counts['customers']:,} customers as of {when} to {built.published}")


def _take_in(settings: Settings, clock: Clock) -> None:
    """Collect stored callbacks and export the ledger's changes: what was acknowledged shows."""
    from winback.inbound import collect
    from winback.ledger import export_ledger, open_ledger

    with open_ledger(settings) as ledger:
        collect(ledger, settings, clock)
        export_ledger(ledger, settings.ledger_landing_dir)
