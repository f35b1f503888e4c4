"""`winback serve`: the webhook receiver and the unsubscribe page."""

from __future__ import annotations

from typing import Annotated

import typer

from winback.base.clock import WallClock
from winback.cli._app import OPERATE, app
from winback.cli._help import examples


@app.command(
    rich_help_panel=OPERATE,
    epilog=examples("winback serve", "winback serve --host 0.0.0.0 --port 8443"),
)
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8080,
) -> None:
    """Receive webhooks, show the unsubscribe page and lead on click links, until interrupted.

    The address WINBACK_PUBLIC_BASE_URL must reach it from outside.
    """
    from winback import pages
    from winback.base.settings import Settings
    from winback.ledger import open_ledger

    settings = Settings.load()
    with open_ledger(settings) as ledger:
        typer.echo(f"Receiving on http://{host}:{port}")
        pages.serve(ledger, settings, WallClock(), host=host, port=port)
