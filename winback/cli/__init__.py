"""The `winback` console command."""

from winback.cli._app import main

__all__ = ["main"]
