"""`winback reconcile`: settle messages of unknown outcome by evidence, or by hand."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from winback.base.clock import clock_at, shop_time
from winback.base.console import print_json
from winback.cli._app import OPERATE, app
from winback.cli._build import AsOf
from winback.cli._help import AsJson, examples
from winback.cli._plugins import part
from winback.cli._run import ModeOption

reconcile_app = typer.Typer(
    epilog=examples(
        "winback reconcile --mode sandbox",
        "winback reconcile list",
        "winback reconcile --mode live --json",
        keys="mode, as_of, accepted, planned_again, expired, unknown_final, waiting, "
        "next_look_at, sent_twice, polled, news, priced, suppressed, unreadable, "
        "unknown",
    )
)
app.add_typer(reconcile_app, name="reconcile", rich_help_panel=OPERATE)

MessageId = Annotated[
    str,
    typer.Argument(metavar="ID", help="The message's id, as `winback reconcile list` shows it."),
]
Because = Annotated[
    str, typer.Option("--because", help="What you saw, and where; the ledger keeps this.")
]


@reconcile_app.callback(invoke_without_command=True)
def reconcile(
    context: typer.Context, as_of: AsOf = None, mode: ModeOption = None, as_json: AsJson = False
) -> None:
    """Ask the providers about messages whose outcome is unknown, or settle one by hand.

    The providers are also asked about texts without a final status, and about
    the addresses that they suppress.
    """
    if context.invoked_subcommand is None:
        from winback.base.settings import Settings

        part("reconcile")(Settings.load(), mode=mode, as_of=as_of, as_json=as_json)


@reconcile_app.command(
    name="list",
    epilog=examples("winback reconcile list", "winback reconcile list --json", keys="messages"),
)
def list_command(as_json: AsJson = False) -> None:
    """List the messages whose outcome is unknown.

    The providers have nothing more to say about a message in the state
    `unknown_final`: you can settle or release it by hand.
    """
    from winback import reconcile as rooms
    from winback.base.settings import Settings
    from winback.ledger import open_ledger

    settings = Settings.load()
    with open_ledger(settings) as ledger:
        found = rooms.open_messages(ledger)
    if as_json:
        print_json({"messages": [asdict(it) for it in found]})
        return
    for it in found:
        tried = shop_time(it.started_at, settings.shop_timezone) if it.started_at else ""
        since = tried or "nobody knows when"
        typer.echo(
            f"{it.message_id}  {it.state} ({it.reason}), {it.channel} of {it.playbook_id} "
            f"{it.step} to customer {it.customer_id}, tried {since}"
        )
    typer.echo(f"{len(found)} messages may have been sent")


@reconcile_app.command(
    epilog=examples(
        "winback reconcile release 5b1d0c --because 'not in the activity feed of SendGrid'",
        "winback reconcile list",
    )
)
def release(message_id: MessageId, because: Because, as_of: AsOf = None) -> None:
    """Allow a message to be sent again, because you know that it did not leave.

    If it did leave, its reader gets it twice.
    """
    from winback import reconcile as rooms
    from winback.base.settings import Settings
    from winback.ledger import open_ledger

    settings = Settings.load()
    clock = clock_at(as_of, settings.shop_timezone)
    with open_ledger(settings) as ledger:
        state = rooms.release(ledger, clock, message_id, because=because)
    typer.echo(f"{message_id} is {state}")


@reconcile_app.command(
    epilog=examples(
        "winback reconcile settle 5b1d0c --because 'seen in the log of Twilio'",
        "winback reconcile list",
    )
)
def settle(message_id: MessageId, because: Because, as_of: AsOf = None) -> None:
    """Mark a message as sent, because you know that it did leave."""
    from winback import reconcile as rooms
    from winback.base.settings import Settings
    from winback.ledger import open_ledger

    settings = Settings.load()
    clock = clock_at(as_of, settings.shop_timezone)
    with open_ledger(settings) as ledger:
        state = rooms.settle_as_sent(ledger, clock, message_id, because=because)
    typer.echo(f"{message_id} is {state}")
