"""`winback up`: everything that runs, as children of one process."""

from __future__ import annotations

from typing import Annotated

import typer

from winback.cli._app import OPERATE, app
from winback.cli._help import examples
from winback.cli._plugins import part


@app.command(
    "up",
    rich_help_panel=OPERATE,
    epilog=examples("winback up", "winback up --sandbox", "winback up --port 4300"),
)
def up_command(
    with_sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Start a local SendGrid and Twilio too.")
    ] = False,
    port: Annotated[int, typer.Option(help="The port of Prefect's server.")] = 4200,
    receiver_port: Annotated[int, typer.Option(help="The port of `winback serve`.")] = 8080,
    sandbox_port: Annotated[int, typer.Option(help="The port of `winback sandbox`.")] = 4010,
) -> None:
    """Start Prefect's server, the deployments, a worker and the receiver, until interrupted.

    All of them end together. A server that is there already is used; a second call
    says where the first one is. The mode of the house says what runs may do: it is
    a dry run until you set it (winback mode). Logs are in control-room/logs under
    WINBACK_HOME.
    """
    from winback.base.settings import Settings

    part("up")(
        Settings.load(),
        server=port,
        receiver=receiver_port,
        sandbox_port=sandbox_port if with_sandbox else None,
    )
