"""The command line: thin commands over the rooms; a user's mistake is one line."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer

from winback.base.errors import WinbackError
from winback.cli._interrupted import interruptible

app = typer.Typer(
    name="winback",
    help="Bring lapsed customers back.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run a command; exit 0 on a normal end, 1 on a refusal, 2 on wrong usage.

    An interrupted command ends with 130 (SIGINT) or 143 (SIGTERM).
    """
    command = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    try:
        with interruptible(command):
            app()
    except WinbackError as error:
        _end(_trouble(error) or str(error), error.exit_code)
    except Exception as error:
        line = _trouble(error)
        if not line:
            raise
        _end(line, 1)


def _trouble(error: Exception) -> str:
    """The line for what is no defect of ours, but of a disk or a file; empty for others."""
    from winback.cli._broken import broken_file
    from winback.cli._trouble import disk_trouble

    return disk_trouble(error) or broken_file(error)


def _end(line: str, code: int) -> NoReturn:
    typer.secho(f"winback: {line}", fg="red", err=True)
    sys.exit(code)
