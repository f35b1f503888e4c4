"""`winback sandbox`: a SendGrid and a Twilio on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from winback.base.clock import WallClock
from winback.cli._app import SEND, app
from winback.cli._help import examples


@app.command(
    rich_help_panel=SEND,
    epilog=examples(
        "winback sandbox",
        "winback sandbox --webhooks http://127.0.0.1:8080",
        "winback sandbox --faults seed=7,drop=0.02,webhook.duplicate=0.1",
    ),
)
def sandbox(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 4010,
    webhooks: Annotated[
        str, typer.Option(help="The receiver's base URL; without it, WINBACK_PUBLIC_BASE_URL.")
    ] = "",
    faults: Annotated[
        str,
        typer.Option(
            help="The faults that happen by chance, such as seed=7,drop=0.02,webhook.duplicate=0.1."
        ),
    ] = "",
) -> None:
    """Run a local SendGrid and Twilio, which keep each message and send signed webhooks.

    The command prints the settings that the run and the receiver need. A
    request can ask for a fault too.
    """
    from winback.base.settings import Settings
    from winback.rehearsal import sandbox as providers

    settings = Settings.load()
    wanted = providers.parse_faults(faults) if faults else None
    credentials = providers.load_or_create(providers.sandbox_dir(settings))
    typer.echo("# Made-up keys of this sandbox. For the run and the receiver:")
    for name, value in providers.client_settings(f"http://{host}:{port}", credentials).items():
        typer.echo(f"export WINBACK_{name.upper()}='{value}'")
    target = webhooks or settings.public_base_url
    receiver = target or "http://127.0.0.1:8080"
    typer.echo(f"export WINBACK_PUBLIC_BASE_URL='{receiver}'  # winback serve")
    typer.echo(f"# Webhooks go to {target}" if target else "# Webhooks: none (give --webhooks URL)")
    providers.serve(
        settings, WallClock(), host=host, port=port, webhooks_url=webhooks, faults=wanted
    )
