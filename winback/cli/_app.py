"""The command line: thin commands over the rooms; a user's mistake is one line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Any, Final, NoReturn

import typer
from typer.core import TyperGroup

from winback import __version__
from winback.base.errors import UsageError, WinbackError
from winback.cli._help import examples
from winback.cli._interrupted import interruptible

# What a person wants when they look for a command: the groups of `winback --help`.
START: Final = "Start"
LOOK: Final = "Look"
SEND: Final = "Send"
PEOPLE: Final = "People"
OPERATE: Final = "Operate"
_ORDER: Final = (START, LOOK, SEND, PEOPLE, OPERATE)


class _Grouped(TyperGroup):
    """Lists the groups in the order in which a newcomer needs them."""

    def list_commands(self, ctx: Any) -> list[str]:
        names = super().list_commands(ctx)
        return sorted(names, key=lambda name: _ORDER.index(_panel(self.commands[name])))


def _panel(command: Any) -> str:
    return str(command.rich_help_panel)


app = typer.Typer(
    name="winback",
    cls=_Grouped,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def _tell_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"winback {__version__}")
        raise typer.Exit


@app.callback(
    epilog=examples("winback demo", "winback load exports", "winback run", "winback why 17")
)
def root(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_tell_version, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Bring lapsed customers back."""


def main() -> None:
    """Run a command; exit 0 on a normal end, 1 on a refusal, 2 on wrong usage.

    An interrupted command ends with 130 (SIGINT) or 143 (SIGTERM).
    """
    command = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    try:
        _require_text(sys.argv[1:])
        with interruptible(command):
            app()
    except WinbackError as error:
        _end(_trouble(error) or str(error), error.exit_code)
    except Exception as error:
        line = _trouble(error)
        if not line:
            raise
        _end(line, 1)


def _require_text(words: Sequence[str]) -> None:
    """Raise UsageError for bytes that are no text: no ledger and no engine could keep them."""
    for place, word in enumerate(words, start=1):
        try:
            word.encode()
        except UnicodeEncodeError:
            raise UsageError(f"word {place} after winback is not UTF-8") from None


def _trouble(error: Exception) -> str:
    """The line for what is no defect of ours, but of a disk or a file; empty for others."""
    from winback.cli._broken import broken_file
    from winback.cli._trouble import disk_trouble

    return disk_trouble(error) or broken_file(error)


def _end(line: str, code: int) -> NoReturn:
    typer.secho(f"winback: {line}", fg="red", err=True)
    sys.exit(code)
