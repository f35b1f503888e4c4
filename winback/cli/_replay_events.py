"""`winback replay-events`: the ledger's events beside the raw callbacks they came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from winback.base.clock import WallClock
from winback.base.errors import WinbackError
from winback.cli._app import OPERATE, app

if TYPE_CHECKING:
    from winback.inbound import Difference, ReplayReport


@app.command(rich_help_panel=OPERATE)
def replay_events(
    write: Annotated[
        bool, typer.Option(help="Add missing rows and correct different ones; remove none.")
    ] = False,
) -> None:
    """Read all raw callbacks anew, and compare the result with the ledger's events and opt-outs."""
    from winback.base.settings import Settings
    from winback.inbound import replay_events as replay
    from winback.ledger import open_ledger

    settings = Settings.load()
    with open_ledger(settings) as ledger:
        report = replay(ledger, settings, WallClock(), write=write)
    _tell(report)
    if write:
        typer.echo(f"written: {report.can_be_written:,} rows")
    elif report.differences:
        raise WinbackError(
            f"the ledger differs from the raw callbacks in {report.differences:,} rows, of which "
            f"{report.can_be_written:,} can be mended. Next: winback replay-events --write"
        )


def _tell(report: ReplayReport) -> None:
    typer.echo(f"parts of the event log read: {report.parts:,}")
    if report.missing_parts:
        typer.echo(f"parts that were collected and are not there: {report.missing_parts:,}")
    if report.unreadable:
        typer.echo(f"callbacks that make no sense: {report.unreadable:,}")
    typer.echo(f"events: {_line(report.events)}")
    typer.echo(f"opt-outs: {_line(report.suppressions)}")


def _line(difference: Difference) -> str:
    columns = ", ".join(f"{name} {count:,}" for name, count in sorted(difference.columns.items()))
    return (
        f"{difference.same:,} the same, {len(difference.missing):,} missing, "
        f"{difference.only_in_ledger:,} only in the ledger, "
        f"{len(difference.different):,} different" + (f" ({columns})" if columns else "")
    )
