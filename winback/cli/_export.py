"""`winback export`: a person's right to what is held of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from winback.base.clock import WallClock
from winback.base.console import print_json
from winback.cli._app import PEOPLE, app
from winback.cli._help import AsJson, examples


@app.command(
    "export",
    rich_help_panel=PEOPLE,
    epilog=examples(
        "winback export 17",
        "winback export 17 --out answer",
        "winback export 17 --json",
        keys="customer_id, ids, data, page, rows, withheld",
    ),
)
def export_command(
    customer_id: Annotated[
        str, typer.Argument(metavar="CUSTOMER_ID", help="The shop's id of the person.")
    ],
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="The folder to write to; without it a folder under WINBACK_HOME.",
            file_okay=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write all that is held of a person, as a page and as JSON.

    Only the owner of the files can read them. Ids that the shop has merged
    are one person. What somebody else wrote of the person is counted and left
    out, and so is everybody else's address. The shop's own system has more.
    """
    from winback.base.settings import Settings
    from winback.people.export import export_person

    done = export_person(Settings.load(), WallClock(), customer_id, out=out)
    if as_json:
        facts = {
            "customer_id": done.customer_id,
            "ids": list(done.ids),
            "data": str(done.data),
            "page": str(done.page),
            "rows": done.rows,
            "withheld": done.withheld,
        }
        print_json(facts)
        return
    for place, rows in done.rows.items():
        typer.echo(f"{place:<36}{rows:>10,}")
    if len(done.ids) > 1:
        typer.echo(f"the shop has merged the ids {', '.join(done.ids)}: they are one person")
    if done.withheld:
        typer.echo(
            f"{done.withheld:,} times somebody else's words name the person: those are left out"
        )
    typer.echo(f"{sum(done.rows.values()):,} rows. Next: look through the page, then hand it over")
    typer.echo(str(done.data))
    typer.echo(str(done.page))
