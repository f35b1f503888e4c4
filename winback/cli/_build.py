"""`winback build`: what an analyst runs after editing a segment."""

from __future__ import annotations

from typing import Annotated

import typer

from winback import report
from winback.cli._app import app
from winback.cli._plugins import part
from winback.clock import clock_at
from winback.console import print_rows, say, tell_step, telling
from winback.running import at_work
from winback.settings import Settings
from winback.warehouse import build, invoke_dbt

AsOf = Annotated[
    str | None,
    typer.Option("--as-of", help="The instant to stand on; a date is that day's end in the shop."),
]


@app.command(name="build")
def build_command(
    as_of: AsOf = None,
    accept_volume: Annotated[
        bool, typer.Option("--accept-volume", help="A feed that shrank is right this time.")
    ] = False,
) -> None:
    """Gate the data, build every model, publish: no Prefect needed."""
    settings = Settings.load()
    at = clock_at(as_of, settings.shop_timezone).now()
    with at_work(settings), telling() as teller:
        teller.stage("Building")
        built = build(
            settings,
            at,
            gate=part("gate")(sends=False, accept_volume=accept_volume),
            invoke=lambda s, arguments, variables: invoke_dbt(
                s, arguments, variables, on_node=tell_step
            ),
        )
    for warning in built.warnings:
        say(f"warning: {warning}")
    print_rows("Segments", report.segments(built.published))
    counts = built.manifest.row_counts
    say(
        f"Published {counts['customers']:,} customers as of {built.manifest.as_of} "
        f"to {built.published}"
    )
