"""`winback why`: one person's story, with every rule that failed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from winback.base.errors import WinbackError
from winback.cli._app import LOOK, app
from winback.cli._help import AsJson, examples

# Longer lines are hard to read.
_WIDEST = 110


@app.command(
    "why",
    rich_help_panel=LOOK,
    epilog=examples(
        "winback why 17",
        "winback why 17 --json",
        keys="customer_id, as_of, is_dry_run, person, lapse, segments, channels, hours, "
        "candidates, enrollments, decisions, messages, reactivations, joins, series, unread, "
        "rules, sources, held",
    ),
)
def why_command(
    customer_id: Annotated[
        str, typer.Argument(metavar="CUSTOMER_ID", help="The shop's id of the person.")
    ],
    as_json: AsJson = False,
) -> None:
    """Tell one person's story: every decision over time, its reasons, and the rules' sources."""
    from winback.base.console import console, print_json
    from winback.base.settings import Settings
    from winback.measure.why import tell, why
    from winback.people.erasure import erased_at

    settings = Settings.load()
    when = erased_at(settings, customer_id)
    if when is not None:
        typer.echo(
            f"customer {customer_id} was erased on {when:%Y-%m-%d}: nobody writes to the addresses "
            "that they had, and what is left of them bears no name",
            err=as_json,
        )
    try:
        story = why(settings, customer_id)
    except WinbackError:
        if when is None:
            raise
        return
    if as_json:
        print_json(asdict(story))
        return
    width = min(console.width, _WIDEST)
    for line in tell(story, shop_timezone=settings.shop_timezone, width=width):
        typer.echo(line)
