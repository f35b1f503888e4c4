"""`winback dbt`: dbt itself, with this project's vars and places."""

from __future__ import annotations

from typing import Annotated

import typer

from winback.base.clock import clock_at
from winback.cli._app import OPERATE, app
from winback.cli._help import examples


@app.command(
    name="dbt",
    rich_help_panel=OPERATE,
    epilog=examples(
        "winback dbt build --select lapsed_30_45",
        "winback dbt docs generate",
        "winback dbt --as-of 2026-03-31 show --select lapse_status",
    ),
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)
def dbt_command(
    context: typer.Context,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="The instant to compute for; without it, now.")
    ] = None,
) -> None:
    """Run dbt itself with the vars that a build sets, such as `winback dbt docs generate`."""
    from winback.base.settings import Settings
    from winback.warehouse import run_dbt

    settings = Settings.load()
    at = clock_at(as_of, settings.shop_timezone).now()
    if not run_dbt(settings, context.args, at):
        raise typer.Exit(1)
