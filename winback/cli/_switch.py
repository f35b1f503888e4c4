"""`winback stop` and `winback go`: the switch that silences every worker, and its way back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from winback.base.clock import WallClock, shop_time
from winback.base.console import print_json, say
from winback.base.errors import UsageError
from winback.cli._app import OPERATE, app
from winback.cli._help import AsJson, examples


@app.command(
    "stop",
    rich_help_panel=OPERATE,
    epilog=examples(
        "winback stop",
        "winback stop --because 'the wrong offer went out'",
        keys="stopped_at, because, held_emails, held_until",
    ),
)
def stop_command(
    *,
    because: Annotated[str, typer.Option(help="The reason, for the next person who looks.")] = "",
    as_json: AsJson = False,
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
    if as_json:
        facts = {"held_emails": held.messages, "held_until": held.until}
        print_json({"stopped_at": now, "because": because, **facts})
        return
    say("Stopped: no worker of this ledger begins another call. Next: winback go")
    if held.until is not None:
        say(
            f"{held.messages:,} emails are with SendGrid, which sends the last of them at "
            f"{shop_time(held.until, settings.shop_timezone)}. Next: pause them there (scheduled "
            "sends), if they must not leave"
        )


@app.command(
    "go",
    rich_help_panel=OPERATE,
    epilog=examples("winback go", "winback go sms", keys="released, stop_file"),
)
def go_command(
    channel: Annotated[
        str, typer.Argument(metavar="CHANNEL", help="The channel to release; without it, all.")
    ] = "",
    as_json: AsJson = False,
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
    stop_file = settings.stop_file if settings.stop_file.exists() else None
    if as_json:
        print_json({"released": [asdict(stop) for stop in released], "stop_file": stop_file})
    else:
        for stop in released:
            say(f"goes on: {stop} ({stop.reason.removesuffix('. Next: winback go')})")
        if not released:
            say("Nothing was stopped.")
        if stop_file:
            say(f"Still stopped: {stop_file} exists. Remove it to send.")
    if stop_file:
        raise typer.Exit(1)
