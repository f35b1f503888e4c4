"""`winback move-ledger`: the ledger goes into another database, and sends from there alone."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from winback.base.clock import clock_at
from winback.base.console import print_json, say
from winback.cli._app import OPERATE, app
from winback.cli._build import AsOf
from winback.cli._help import AsJson, examples


@app.command(
    "move-ledger",
    rich_help_panel=OPERATE,
    epilog=examples(
        "winback move-ledger postgresql://db.example/winback",
        "winback move-ledger sqlite:////srv/winback/ledger.db",
        keys="place, rows",
    ),
)
def move_ledger_command(
    url: Annotated[
        str,
        typer.Argument(
            metavar="URL",
            help="The empty database to move to; leave a password to PGPASSWORD or ~/.pgpass.",
        ),
    ],
    *,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Move the ledger between SQLite and PostgreSQL, in mid-season, and back.

    Stop the workers first. All rows are copied and compared; then the old
    ledger is closed for good, and the new one sends. A move that is killed
    leaves one of them that sends, never both: the same command goes on.
    """
    from winback import backup
    from winback.base.settings import Settings

    settings = Settings.load()
    moved = backup.move_ledger(settings, clock_at(as_of, settings.shop_timezone), url)
    if as_json:
        print_json(asdict(moved))
        return
    say(f"The ledger is at {moved.place}: {sum(moved.rows.values()):,} rows, each as it was.")
    say(
        "Next: set WINBACK_LEDGER_URL to it on every machine, then winback doctor. The old one "
        "sends nothing any more, and still holds what it held: delete it when all goes well"
    )
