"""`winback reconcile`: settle messages of unknown outcome by evidence, or by hand."""

from __future__ import annotations

from typing import Annotated

import typer

from winback import reconcile as rooms
from winback.cli._app import app
from winback.cli._build import AsOf
from winback.cli._plugins import part
from winback.cli._run import ModeOption
from winback.clock import clock_at
from winback.ledger import open_ledger
from winback.settings import Settings

reconcile_app = typer.Typer(help="Settle messages of unknown outcome: by evidence, or by hand.")
app.add_typer(reconcile_app, name="reconcile")

MessageId = Annotated[
    str, typer.Argument(metavar="ID", help="As `winback reconcile list` shows it.")
]
Because = Annotated[str, typer.Option("--because", help="What you saw, and where. It is kept.")]


@reconcile_app.callback(invoke_without_command=True)
def reconcile(context: typer.Context, as_of: AsOf = None, mode: ModeOption = None) -> None:
    """Ask the providers what became of messages whose answer got lost, and of texts and opt-outs
    that nobody told of."""
    if context.invoked_subcommand is None:
        part("reconcile")(Settings.load(), mode=mode, as_of=as_of)


@reconcile_app.command(name="list")
def list_command() -> None:
    """List what is unknown: of `unknown_final` nobody will ever know unless you do."""
    with open_ledger(Settings.load()) as ledger:
        found = rooms.open_messages(ledger)
    for it in found:
        since = f"{it.started_at:%Y-%m-%d %H:%M} UTC" if it.started_at else "nobody knows when"
        typer.echo(
            f"{it.message_id}  {it.state} ({it.reason}), {it.channel} of {it.playbook_id} "
            f"{it.step} to customer {it.customer_id}, tried {since}"
        )
    typer.echo(f"{len(found)} messages may have been sent")


@reconcile_app.command()
def release(message_id: MessageId, because: Because, as_of: AsOf = None) -> None:
    """Let a message go again that you know did not leave; if it did, somebody gets it twice."""
    settings = Settings.load()
    clock = clock_at(as_of, settings.shop_timezone)
    with open_ledger(settings) as ledger:
        state = rooms.release(ledger, clock, message_id, because=because)
    typer.echo(f"{message_id} is {state}")


@reconcile_app.command()
def settle(message_id: MessageId, because: Because, as_of: AsOf = None) -> None:
    """Take a message as sent that you know did leave."""
    settings = Settings.load()
    clock = clock_at(as_of, settings.shop_timezone)
    with open_ledger(settings) as ledger:
        state = rooms.settle_as_sent(ledger, clock, message_id, because=because)
    typer.echo(f"{message_id} is {state}")
