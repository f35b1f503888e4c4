"""The command line: thin commands over the rooms; a user's mistake is one line."""

from __future__ import annotations

import sys

import typer

from winback.errors import WinbackError

app = typer.Typer(
    name="winback",
    help="Bring lapsed customers back.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run a command; exit 0 on a normal end, 1 on a refusal, 2 on wrong usage."""
    try:
        app()
    except WinbackError as error:
        typer.secho(f"winback: {error}", fg="red", err=True)
        sys.exit(error.exit_code)
