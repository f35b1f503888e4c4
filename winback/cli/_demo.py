"""`winback demo`: an invented shop, lived through."""

from __future__ import annotations

from winback.cli._app import app
from winback.cli._plugins import part


@app.command(name="demo")
def demo_command() -> None:
    """Live through a win-back season of an invented shop: no keys, nothing leaves."""
    part("demo")()
