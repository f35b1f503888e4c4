"""`winback doctor`: what is missing before going live."""

from __future__ import annotations

import typer

from winback.cli._app import app
from winback.console import say
from winback.doctor import findings
from winback.settings import Settings


@app.command(name="doctor")
def doctor_command() -> None:
    """Say what is missing before a real message may leave."""
    lines = findings(Settings.load())
    for line in lines:
        say(f"missing: {line}")
    if lines:
        raise typer.Exit(1)
    say("Ready: nothing is missing.")
