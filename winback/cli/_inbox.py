"""`winback inbox`: who waits for a human's reply."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from winback.base.clock import WallClock, shop_time
from winback.base.console import print_json
from winback.base.errors import UsageError
from winback.cli._app import PEOPLE, app
from winback.cli._help import AsJson, examples

if TYPE_CHECKING:
    from winback.conversations.inbox import Thread

# Of each conversation; the rest is asked for.
LAST_LINES = 3

inbox_app = typer.Typer(
    epilog=examples(
        "winback inbox",
        "winback inbox --whole",
        "winback inbox --json",
        keys="closed, conversations",
    )
)
app.add_typer(inbox_app, name="inbox", rich_help_panel=PEOPLE)

Reference = Annotated[
    str, typer.Argument(metavar="REF", help="The conversation, as `winback inbox` shows it.")
]


@inbox_app.callback(invoke_without_command=True)
def inbox(
    context: typer.Context,
    whole: Annotated[
        bool, typer.Option("--whole", help="Show all lines, not only the last three.")
    ] = False,
    closed: Annotated[
        bool, typer.Option("--closed", help="List conversations in which nobody waits any more.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the conversations that wait for a human, the longest waiting first.

    Their words show here alone. The address is masked.
    """
    if context.invoked_subcommand is not None:
        return
    from winback.base.settings import Settings
    from winback.conversations import inbox as rooms
    from winback.ledger import open_ledger

    settings = Settings.load()
    with open_ledger(settings) as ledger:
        found = rooms.threads(ledger, WallClock(), closed=closed)
    if as_json:
        print_json({"closed": closed, "conversations": [asdict(thread) for thread in found]})
        return
    for thread in found:
        for line in _lines(thread, settings.shop_timezone, whole=whole):
            typer.echo(line)
    typer.echo(f"{len(found)} {'closed lately' if closed else 'wait for a reply'}")


@inbox_app.command(epilog=examples("winback inbox resolve 3f1c9a2e.2", "winback inbox"))
def resolve(reference: Reference) -> None:
    """Close a conversation and release its hold."""
    from winback.base.settings import Settings
    from winback.conversations import inbox as rooms
    from winback.ledger import open_ledger

    with open_ledger(Settings.load()) as ledger:
        done = rooms.resolve(ledger, WallClock(), reference)
    released = ", the hold is released" if done.released_holds else ""
    typer.echo(f"{reference} is resolved{released}")
    if done.is_suppressed:
        typer.echo("the address stays suppressed: they opted out, or it is bad")


@inbox_app.command("answer", hidden=True)  # its name before
@inbox_app.command(
    epilog=examples(
        "winback inbox reply 3f1c9a2e.2 --text 'Yes, until Friday.'",
        "winback inbox reply 3f1c9a2e.2 --mode sandbox < reply.txt",
    )
)
def reply(
    reference: Reference,
    text: Annotated[str, typer.Option("--text", help="The reply; without it, stdin is read.")] = "",
    mode: Annotated[
        str | None, typer.Option("--mode", help="sandbox or live; without it, WINBACK_MODE.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Send one more reply to a person who already got one.")
    ] = False,
) -> None:
    """Send one reply to a person who waits.

    A reply is no marketing. A person who opted out gets none.
    """
    from winback.base.settings import Settings
    from winback.conversations import inbox as rooms
    from winback.ledger import dedicate, open_ledger
    from winback.readiness.modes import resolve_run, sandbox_settings

    run = resolve_run(Settings.load(), mode=mode)
    if not run.sends:
        raise UsageError("a reply is sent: it needs --mode sandbox or --mode live")
    settings = run.settings
    if run.mode == "sandbox":
        if not settings.sends_to_loopback_only:
            raise UsageError("no sandbox of this machine is set. Next: winback sandbox")
        settings = sandbox_settings(settings)
    words = text or sys.stdin.read()
    with open_ledger(settings) as ledger:
        dedicate(ledger, run.mode, is_rehearsal=settings.sends_to_loopback_only)
        done = rooms.reply(ledger, settings, run.clock, reference, words, again=again)
    typer.echo(f"{reference}: {done.state}" + (f" ({done.reason})" if done.reason else ""))
    if done.is_open:
        typer.echo("it still waits. Next: winback inbox")
    if done.state != "sent":
        raise typer.Exit(1)


def _lines(thread: Thread, zone: str, *, whole: bool) -> Iterator[str]:
    who = f"customer {thread.customer_id}" if thread.customer_id else "nobody we wrote to"
    about = f", on {thread.about}" if thread.about else ""
    yield (
        f"{thread.reference}  {thread.intent}, {_state(thread.waits)}: {who}, "
        f"{thread.channel_group} {thread.masked_address}{about}"
    )
    lines = thread.lines if whole else thread.lines[-LAST_LINES:]
    if len(lines) < len(thread.lines):
        yield f"    ({len(thread.lines) - len(lines)} earlier lines: --whole)"
    for line in lines:
        yield f"    {shop_time(line.at, zone)} {line.said_by}: {line.text}"
    yield ""


def _state(waits: timedelta | None) -> str:
    if waits is None:
        return "closed"
    hours = max(0, int(waits.total_seconds() // 3600))
    return f"waits {hours // 24} d {hours % 24} h" if hours >= 24 else f"waits {hours} h"
