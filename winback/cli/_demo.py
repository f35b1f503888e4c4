"""`winback demo`: an invented shop, lived through; or invented contacts for a loaded one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from winback.base.console import say
from winback.base.errors import WinbackError
from winback.cli._app import START, app
from winback.cli._help import examples
from winback.cli._plugins import part

if TYPE_CHECKING:
    from winback.base.settings import Settings


@app.command(
    "demo",
    rich_help_panel=START,
    epilog=examples("winback demo", "winback demo --contacts contacts"),
)
def demo_command(
    contacts: Annotated[
        Path | None,
        typer.Option(
            help="A folder: only write invented contact points of the loaded shop into it."
        ),
    ] = None,
) -> None:
    """Live through a win-back season of an invented shop, without keys; nothing is sent."""
    if contacts is None:
        part("demo")()
        return
    from winback.base.settings import Settings

    count = write_contacts(Settings.load(), contacts)
    say(f"{count:,} customers got invented contact points. Next: winback load {contacts}")


def write_contacts(settings: Settings, folder: Path) -> int:
    """Invent addresses in reserved ranges and consents for every landed customer.

    For a shop that has none, such as a public data set; returns the number of customers.
    """
    from winback.base.duck import connect
    from winback.landing import require_loaded
    from winback.rehearsal.demo import invent_contacts

    orders = require_loaded(settings)
    with connect() as connection:
        first = connection.execute(
            "select min(ordered_at) from read_parquet($1)", [str(orders)]
        ).fetchone()
        customers = connection.execute(
            "select customer_id, coalesce(country, '') from read_parquet($1) order by 1",
            [str(settings.shop_dir / "customers.parquet")],
        ).fetchall()
    if first is None or first[0] is None:
        raise WinbackError("no order is loaded. Next: winback load DIR")
    invent_contacts(customers, folder, consented_at=first[0])
    return len(customers)
