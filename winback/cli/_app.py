"""The command line: thin commands over the rooms; a user's mistake is one line."""

from __future__ import annotations

import errno
import sys
from typing import Final

import typer

from winback.errors import WinbackError

app = typer.Typer(
    name="winback",
    help="Bring lapsed customers back.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

# What is no defect of ours but of a disk: full, read-only, not this user's, or no folder.
_DISK: Final = frozenset(
    {
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.ENOSPC,
        errno.EDQUOT,
        errno.ENOTDIR,
        errno.EEXIST,
    }
)


def main() -> None:
    """Run a command; exit 0 on a normal end, 1 on a refusal, 2 on wrong usage."""
    try:
        app()
    except WinbackError as error:
        typer.secho(f"winback: {error}", fg="red", err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        if error.errno not in _DISK or error.filename is None:
            raise
        what = f"{error.filename}: {error.strerror}"
        typer.secho(f"winback: {what}. Next: see to it, then run it again", fg="red", err=True)
        sys.exit(1)
