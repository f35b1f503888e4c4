"""`winback replay-events`: the ledger's events beside the raw callbacks they came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from winback.base.clock import WallClock
from winback.base.console import print_json
from winback.base.errors import WinbackError
from winback.cli._app import OPERATE, app
from winback.cli._help import AsJson, examples

if TYPE_CHECKING:
    from winback.inbound import Difference, ReplayReport


@app.command(
    rich_help_panel=OPERATE,
    epilog=examples(
        "winback replay-events",
        "winback replay-events --write",
        "winback replay-events --json",
        keys="parts, missing_parts, unreadable, events, opt_outs, can_be_written, written",
    ),
)
def replay_events(
    write: Annotated[
        bool, typer.Option(help="Add missing rows and correct different ones; remove none.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read all raw callbacks anew, and compare the result with the ledger's events and opt-outs."""
    from winback.base.settings import Settings
    from winback.inbound import replay_events as replay
    from winback.ledger import open_ledger

    settings = Settings.load()
    with open_ledger(settings) as ledger:
        report = replay(ledger, settings, WallClock(), write=write)
    if as_json:
        print_json(_facts(report, write=write))
    else:
        _tell(report)
    if write and not as_json:
        typer.echo(f"written: {report.can_be_written:,} rows")
    if report.differences and not write:
        raise WinbackError(
            f"the ledger differs from the raw callbacks in {report.differences:,} rows, of which "
            f"{report.can_be_written:,} can be mended. Next: winback replay-events --write"
        )


def _facts(report: ReplayReport, *, write: bool) -> dict[str, object]:
    """Counts alone: the keys of rows may hold addresses."""
    return {
        "parts": report.parts,
        "missing_parts": report.missing_parts,
        "unreadable": report.unreadable,
        "events": _counts(report.events),
        "opt_outs": _counts(report.suppressions),
        "can_be_written": report.can_be_written,
        "written": report.can_be_written if write else 0,
    }


def _counts(difference: Difference) -> dict[str, object]:
    return {
        "same": difference.same,
        "missing": len(difference.missing),
        "only_in_ledger": difference.only_in_ledger,
        "different": len(difference.different),
        "columns": difference.columns,
    }


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
