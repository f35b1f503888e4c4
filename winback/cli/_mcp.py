"""`winback mcp`: what an analyst's assistant may ask."""

from __future__ import annotations

from typing import Annotated

import typer

from winback.base.errors import WinbackError
from winback.cli._app import LOOK, app
from winback.cli._help import examples


@app.command("mcp", rich_help_panel=LOOK, epilog=examples("winback mcp", "winback mcp --tools"))
def mcp_command(
    *,
    tools: Annotated[
        bool, typer.Option("--tools", help="List what it can be asked, and end.")
    ] = False,
) -> None:
    """Serve what is published to an assistant, by the Model Context Protocol on stdio.

    It only reads: why a customer got what they got, the funnel, results, stored
    backtests and the documents. It tells ids and never an address. It needs
    the package mcp, which is no part of the default install: see docs/mcp.md.
    """
    from winback.base.settings import Settings

    try:
        from winback.measure.assistant.server import make_server
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in {"mcp", "mcp_types"}:
            raise
        raise WinbackError(
            "the package mcp is not installed. Next: pip install 'winback[mcp]' where winback is"
        ) from None
    server = make_server(Settings.load())
    if tools:
        import asyncio

        for tool in asyncio.run(server.list_tools()):
            typer.echo(f"{tool.name:<14}{tool.description}")
        return
    server.run("stdio")
