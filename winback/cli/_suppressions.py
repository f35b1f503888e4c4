"""`winback suppressions`: lists of opt-outs in and out, and the holds that wait for a person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from winback.base.clock import WallClock, shop_time
from winback.base.console import print_json
from winback.base.errors import UsageError, WinbackError
from winback.cli._app import PEOPLE, app
from winback.cli._help import AsJson, examples

if TYPE_CHECKING:
    from winback.base.settings import Settings
    from winback.ledger import ChannelGroup, Ledger
    from winback.people import optouts

commands = typer.Typer(
    no_args_is_help=True,
    help="Import and export opt-outs, and release holds.",
    epilog=examples(
        "winback suppressions import unsubscribed.csv --reason unsubscribe",
        "winback suppressions export opt-outs.csv",
        "winback suppressions holds",
    ),
)
app.add_typer(commands, name="suppressions", rich_help_panel=PEOPLE)

_GROUPS: dict[str, ChannelGroup | None] = {
    "": None, "email": "email", "phone": "phone", "post": "post"
}  # fmt: skip


@contextmanager
def _ledger() -> Iterator[tuple[Ledger, Settings]]:
    from winback.base.settings import Settings
    from winback.ledger import open_ledger

    settings = Settings.load()
    with open_ledger(settings) as ledger:
        yield ledger, settings


@commands.command(
    "import",
    epilog=examples(
        "winback suppressions import unsubscribed.csv",
        "winback suppressions import stops.txt --reason unsubscribe --country GB",
        "winback suppressions import unsubscribed.csv --json",
        keys="read, new, known, undated, stopped_messages, left_out, rejected, rejected_file",
    ),
)
def import_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The list, as CSV, text or Excel.")],
    *,
    reason: Annotated[str, typer.Option(help="The reason of rows that have no known reason.")] = "",
    source: Annotated[str, typer.Option(help="The source of rows that have none.")] = "import",
    country: Annotated[
        str, typer.Option(help="The country of numbers without a calling code, such as GB.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Suppress the people in another tool's list, and cancel the messages planned to them.

    The list may hold hashes of addresses. A line that can't be read is set
    aside, and the command ends with exit code 1.
    """
    from winback.people import optouts

    with _ledger() as (ledger, settings):
        report = optouts.import_list(
            ledger, settings, WallClock(), file, reason=reason, source=source, country=country
        )
    if as_json:
        print_json(vars(report))
    else:
        _tell_import(report)
    _refuse_unread(report, file)


def _tell_import(report: optouts.ImportReport) -> None:
    typer.echo(
        f"{report.read:,} rows read: {report.new:,} opt-outs new, {report.known:,} known, "
        f"{report.rejected.total():,} rows set aside; {report.stopped_messages:,} messages stopped"
    )
    if report.undated:
        typer.echo(f"{report.undated:,} have no readable date: they count from now")
    for why, count in report.rejected.most_common():
        typer.echo(f"    {count:>10,}  {why}")
    for why, count in report.left_out.most_common():
        typer.echo(f"{count:,} rows {why}: not imported")


def _refuse_unread(report: optouts.ImportReport, file: Path) -> None:
    """Raise WinbackError where rows may name people who are still written to."""
    if report.rejected_file is not None:
        raise WinbackError(
            f"{report.rejected.total():,} rows could not be read, so whom they name may still be "
            f"written to: see {report.rejected_file}. Next: mend them in {file.name} and import "
            f"it again, which changes nothing else{_hint(report)}"
        )
    if report.left_out and not report.new + report.known:
        raise WinbackError(
            f"none of the {report.read:,} rows of {file.name} is an opt-out by its own words. "
            "Next: if all of them are, import it without the column that says otherwise"
        )


def _hint(report: optouts.ImportReport) -> str:
    numbers = sum(count for why, count in report.rejected.items() if "is not a number" in why)
    return "; --country reads numbers without a calling code" if numbers else ""


@commands.command(
    "export",
    epilog=examples(
        "winback suppressions export opt-outs.csv",
        "winback suppressions export emails.csv --group email --json",
        keys="written, holds, erased",
    ),
)
def export_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The CSV file to write.")],
    *,
    group: Annotated[str, typer.Option(help="email, phone or post; without it, all.")] = "",
    as_json: AsJson = False,
) -> None:
    """Write the addresses that must get no messages as CSV, for another tool."""
    from winback.people import optouts

    if group not in _GROUPS:
        raise UsageError(f"--group {group!r} is none of email, phone and post.")
    with _ledger() as (ledger, _):
        report = optouts.export_list(ledger, file, group=_GROUPS[group])
    if as_json:
        print_json(vars(report))
        return
    typer.echo(
        f"{report.written:,} opt-outs written to {file}; left out: {report.holds:,} holds, "
        f"{report.erased:,} of erased addresses"
    )


@commands.command(
    "holds",
    epilog=examples(
        "winback suppressions holds", "winback suppressions holds --json", keys="holds"
    ),
)
def holds_command(as_json: AsJson = False) -> None:
    """List the holds: replies whose writers get no messages until a person has read them."""
    from winback.people import optouts

    with _ledger() as (ledger, settings):
        waiting = optouts.waiting_holds(ledger)
    if as_json:
        print_json({"holds": [asdict(hold) for hold in waiting]})
        return
    for hold in waiting:
        who = ", ".join(hold.customer_ids) or "somebody we never wrote to"
        since = shop_time(hold.held_at, settings.shop_timezone)
        typer.echo(f"{hold.hold_id}  {since}  {hold.group:<5}  {who}")
    typer.echo(f"{len(waiting):,} holds wait")


@commands.command(
    "release",
    epilog=examples("winback suppressions release 3f1c9a2e", "winback suppressions holds"),
)
def release_command(
    hold_ids: Annotated[
        list[str],
        typer.Argument(
            metavar="ID...", help="The holds, as `winback suppressions holds` lists them."
        ),
    ],
) -> None:
    """Release holds, because their replies were no opt-outs; other opt-outs stay."""
    from winback.people import optouts

    with _ledger() as (ledger, _):
        released = optouts.release(ledger, WallClock(), hold_ids)
    typer.echo(f"{released:,} holds released; other opt-outs of theirs stay")
