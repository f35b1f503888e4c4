"""`winback print`: the files for the print shop, and what came back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from winback.base.clock import WallClock
from winback.base.console import print_json
from winback.cli._app import SEND, app
from winback.cli._help import AsJson, examples

print_app = typer.Typer(
    epilog=examples(
        "winback print",
        "winback print returned returned.csv",
        "winback print --json",
        keys="files",
    )
)
app.add_typer(print_app, name="print", rich_help_panel=SEND)


@print_app.callback(invoke_without_command=True)
def print_command(context: typer.Context, as_json: AsJson = False) -> None:
    """List the files that the print shop may take, the oldest first.

    A run makes one for each step of direct mail that is due. Give the print shop
    each of them once.
    """
    if context.invoked_subcommand is not None:
        return
    from winback.base.settings import Settings
    from winback.providers import handed_over, read_print_rows

    settings = Settings.load()
    files = [
        {"file": str(path), "cards": sum(1 for _ in read_print_rows(path))}
        for path in handed_over(settings.print_dir)
    ]
    if as_json:
        print_json({"files": files})
        return
    for it in files:
        typer.echo(f"{it['file']}: {it['cards']:,} cards")
    if not files:
        typer.echo(f"There are no files in {settings.print_dir}.")


@print_app.command(
    "returned",
    epilog=examples(
        "winback print returned returned.csv",
        "winback print returned returned.csv --json",
        keys="read, new, unknown",
    ),
)
def returned_command(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A CSV with a column message_id."),
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Take in which cards came back: their addresses get no more.

    The same file again changes nothing.
    """
    from winback.base.settings import Settings
    from winback.inbound import take_returned
    from winback.ledger import open_ledger

    settings = Settings.load()
    with open_ledger(settings) as ledger:
        report = take_returned(ledger, settings, WallClock(), file)
    if as_json:
        print_json(asdict(report))
        return
    typer.echo(
        f"{report.read:,} cards read: {report.new:,} came back and get no more, "
        f"{report.unknown:,} are none of ours"
    )
