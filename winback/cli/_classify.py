"""`winback classify`: try the phrase lists on replies of your own."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from winback.cli._app import LOOK, app
from winback.cli._help import examples


@app.command(
    rich_help_panel=LOOK,
    epilog=examples(
        "echo 'please stop texting me' | winback classify", "winback classify --whole < reply.txt"
    ),
)
def classify(
    whole: Annotated[
        bool,
        typer.Option(
            "--whole", help="Read all of stdin as one reply, such as a mail with a quote."
        ),
    ] = False,
) -> None:
    """Read replies from stdin, one a line, and print the intent of each."""
    from winback.replies import classify as intent_of

    for line in [sys.stdin.read()] if whole else sys.stdin:
        typer.echo(intent_of(line.rstrip("\n")))
