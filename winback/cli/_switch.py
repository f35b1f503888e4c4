"""`winback stop` and `winback go`: the switch that silences every worker, and its way back."""

from __future__ import annotations

from typing import Annotated

import typer

from winback.base.clock import WallClock, shop_time
from winback.base.console import say
from winback.base.errors import UsageError
from winback.cli._app import OPERATE, app
from winback.cli._help import examples


@app.command(
    "stop",
    rich_help_panel=OPERATE,
    epilog=examples("winback stop", "winback stop --because 'the wrong offer went out'"),
)
def stop_command(
    *,
    because: Annotated[str, typer.Option(help="The reason, for the next person who looks.")] = "",
) -> None:
    """Stop every worker of this ledger, on any machine and channel, until `winback go`.

    No worker begins another call. A file STOP under WINBACK_HOME stops that
    machine alone.
    """
    from winback.base.settings import Settings
    from winback.ledger import open_ledger
    from winback.sending import held_at_provider, stop_all

    now = WallClock().now()
    settings = Settings.load()
    with open_ledger(settings) as ledger, ledger.write() as connection:
        stop_all(connection, reason=because, now=now)
        held = held_at_provider(connection, now=now)
    say("Stopped: no worker of this ledger begins another call. Next: winback go")
    if held.until is not None:
        say(
            f"{held.messages:,} emails are with SendGrid, which sends the last of them at "
            f"{shop_time(held.until, settings.shop_timezone)}. Next: pause them there (scheduled "
            "sends), if they must not leave"
        )


@app.command("go", rich_help_panel=OPERATE, epilog=examples("winback go", "winback go sms"))
def go_command(
    channel: Annotated[
        str, typer.Argument(metavar="CHANNEL", help="The channel to release; without it, all.")
    ] = "",
) -> None:
    """Release what was stopped: by `winback stop`, by a provider's response, or by a rate.

    The rates are those of spam reports and of filtered texts.
    """
    from winback.base.settings import CHANNELS, Settings
    from winback.ledger import open_ledger
    from winback.sending import release_stops

    settings = Settings.load()
    if channel and channel not in CHANNELS:
        raise UsageError(f"there is no channel {channel!r}; there are {', '.join(CHANNELS)}")
    with open_ledger(settings) as ledger, ledger.write() as connection:
        released = release_stops(connection, channel=channel or None)
    for stop in released:
        say(f"goes on: {stop} ({stop.reason.removesuffix('. Next: winback go')})")
    if not released:
        say("Nothing was stopped.")
    if settings.stop_file.exists():
        say(f"Still stopped: {settings.stop_file} exists. Remove it to send.")
        raise typer.Exit(1)
