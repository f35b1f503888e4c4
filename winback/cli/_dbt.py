"""`winback dbt`: dbt itself, with this project's vars and places."""

from __future__ import annotations

from typing import Annotated

import typer

from winback.base.clock import clock_at
from winback.cli._app import OPERATE, app


@app.command(
    name="dbt",
    rich_help_panel=OPERATE,
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
