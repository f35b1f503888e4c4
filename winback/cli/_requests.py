"""`winback requests`: what the shop's system asks on behalf of its customers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from winback.base.clock import WallClock
from winback.base.console import print_json, say
from winback.base.errors import UsageError
from winback.cli._app import PEOPLE, app
from winback.cli._help import AsJson, examples


@app.command(
    "requests",
    rich_help_panel=PEOPLE,
    epilog=examples(
        "winback requests",
        "winback requests --run",
        "winback requests --done 0123456789abcdef",
        "winback requests --json",
        keys="requests, notes",
    ),
)
def requests_command(
    *,
    run: Annotated[
        bool, typer.Option("--run", help="Do the erasures and exports that wait.")
    ] = False,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="With --run: also very many erasures at once.")
    ] = False,
    done: Annotated[
        str, typer.Option(metavar="ID", help="Note that you have done what this request asks.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """List what Shopify asks on behalf of its customers, and do it.

    The webhook /webhooks/shopify keeps each request; the deployment `requests`
    does them each hour. Whether all that is held of a shop goes, a person
    decides: that is never done by itself.
    """
    from winback.base.settings import Settings
    from winback.people.requests import finish_request, serve_requests, tell_requests

    settings, clock = Settings.load(), WallClock()
    if confirm and not run:
        raise UsageError("--confirm goes with --run")
    if done:
        finish_request(settings, clock, done)
    notes = serve_requests(settings, clock, is_confirmed=confirm).notes if run else ()
    told = tell_requests(settings)
    if as_json:
        print_json({"requests": [asdict(it) for it in told], "notes": list(notes)})
        return
    for it in told:
        say(f"{it.request_id}  {it.received}  {it.asks}: {it.state}")
    for note in notes:
        say(note)
    if not told:
        say("Nobody has asked for anything")
