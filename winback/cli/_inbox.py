"""`winback inbox`: who waits for a human's answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated

import typer

from winback import inbox as rooms
from winback.cli._app import app
from winback.clock import WallClock
from winback.inbox import Thread
from winback.ledger import open_ledger
from winback.settings import Settings

# Of each conversation; the rest is asked for.
LAST_LINES = 3

inbox_app = typer.Typer(help="Who waits for a human's answer: list them, close them.")
app.add_typer(inbox_app, name="inbox")

Reference = Annotated[str, typer.Argument(metavar="REF", help="As `winback inbox` shows it.")]


@inbox_app.callback(invoke_without_command=True)
def inbox(
    context: typer.Context,
    whole: Annotated[bool, typer.Option("--whole", help="All lines, not the last three.")] = False,
) -> None:
    """List who waits for an answer, the longest waiting first; their words show here alone."""
    if context.invoked_subcommand is not None:
        return
    with open_ledger(Settings.load()) as ledger:
        found = rooms.threads(ledger, WallClock())
    for thread in found:
        for line in _told(thread, whole=whole):
            typer.echo(line)
    typer.echo(f"{len(found)} wait for an answer")


@inbox_app.command()
def resolve(reference: Reference) -> None:
    """Close a conversation: nobody waits any more, and its hold is released."""
    with open_ledger(Settings.load()) as ledger:
        done = rooms.resolve(ledger, WallClock(), reference)
    released = ", the hold is released" if done.released_holds else ""
    typer.echo(f"{reference} is resolved{released}")
    if done.is_suppressed:
        typer.echo("the address stays suppressed: they opted out, or it is bad")


def _told(thread: Thread, *, whole: bool) -> Iterator[str]:
    who = f"customer {thread.customer_id}" if thread.customer_id else "nobody we wrote to"
    about = f", on {thread.about}" if thread.about else ""
    yield (
        f"{thread.reference}  {thread.intent}, waits {_age(thread.waits)}: {who}, "
        f"{thread.channel_group} {thread.masked_address}{about}"
    )
    lines = thread.lines if whole else thread.lines[-LAST_LINES:]
    if len(lines) < len(thread.lines):
        yield f"    ({len(thread.lines) - len(lines)} earlier lines: --whole)"
    for line in lines:
        yield f"    {line.at:%Y-%m-%d %H:%M} UTC {line.said_by}: {line.text}"
    yield ""


def _age(waits: timedelta) -> str:
    hours = max(0, int(waits.total_seconds() // 3600))
    return f"{hours // 24} d {hours % 24} h" if hours >= 24 else f"{hours} h"
