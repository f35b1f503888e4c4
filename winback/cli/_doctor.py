"""`winback doctor`: what is missing before going live."""

from __future__ import annotations

import typer

from winback.cli._app import app
from winback.clock import WallClock
from winback.console import say
from winback.doctor import findings
from winback.ledger import open_ledger
from winback.sending import OpenGate, open_gates
from winback.settings import Settings


@app.command(name="doctor")
def doctor_command() -> None:
    """Say what is missing before a real message may leave."""
    settings = Settings.load()
    for gate in _open_gates(settings):
        say(f"stopped: {gate}: {gate.reason}")
    lines = findings(settings)
    for line in lines:
        say(f"missing: {line}")
    if lines:
        raise typer.Exit(1)
    say("Ready: nothing is missing.")


def _open_gates(settings: Settings) -> list[OpenGate]:
    """What is stopped now; nothing where there is no ledger yet."""
    if not settings.has_ledger:
        return []
    with open_ledger(settings) as ledger, ledger.read() as connection:
        return open_gates(connection, now=WallClock().now())
