"""`winback mode`: what the house may do, for every deployment at once."""

from __future__ import annotations

from typing import Annotated

import typer

from winback.cli._app import OPERATE, app
from winback.cli._help import AsJson, examples
from winback.cli._plugins import part


@app.command(
    "mode",
    rich_help_panel=OPERATE,
    epilog=examples(
        "winback mode",
        "winback mode sandbox",
        "winback mode --json",
        keys="mode, set_by, set_at, why",
    ),
)
def mode_command(
    wanted: Annotated[
        str | None,
        typer.Argument(metavar="[MODE]", help="dry-run, sandbox or live; without it, show it."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show or set the mode of the house: what the runs of Prefect's deployments may do.

    A deployment or a run may do less, never more. The mode live is refused while
    doctor finds something missing. While the mode can't be read, runs are dry
    runs. The commands of a terminal, such as `winback run`, go by --mode.
    """
    from winback.base.settings import Settings

    part("mode")(Settings.load(), wanted, as_json=as_json)
