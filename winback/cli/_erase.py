"""`winback erase`: a person's right to be forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from winback.base.clock import WallClock
from winback.base.console import print_json
from winback.base.errors import UsageError
from winback.cli._app import PEOPLE, app
from winback.cli._help import AsJson, examples

if TYPE_CHECKING:
    from winback.base.settings import Settings


@app.command(
    "erase",
    rich_help_panel=PEOPLE,
    epilog=examples(
        "winback erase 17 --dry-run",
        "winback erase 17",
        "winback erase 17 --dry-run --json",
        "winback erase --deleted",
        keys="customer_id, dry_run, rows, addresses, shared, pseudonym",
    ),
)
def erase_command(
    customer_id: Annotated[
        str, typer.Argument(metavar="[CUSTOMER_ID]", help="The shop's id of the person.")
    ] = "",
    *,
    deleted: Annotated[
        bool,
        typer.Option(
            "--deleted", help="All whom the shop's system has deleted, however many they are."
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be erased, and change nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Erase a person from WINBACK_HOME and the ledger.

    The person stays opted out by a keyed hash of the address. Counted rows
    stay, without a name. A load erases whom the shop's system has deleted, unless
    they are very many at once: then they wait for --deleted, and nobody writes to them.
    """
    from winback.base.settings import Settings
    from winback.people.erasure import erase

    settings = Settings.load()
    if deleted == bool(customer_id) or (deleted and dry_run):
        raise UsageError("Name a customer, or --deleted alone.")
    if deleted:
        _erase_deleted(settings, as_json=as_json)
        return
    report = erase(settings, WallClock(), customer_id, dry_run=dry_run)
    if as_json:
        facts = {
            "customer_id": customer_id,
            "dry_run": dry_run,
            "rows": report.changed,
            "addresses": report.addresses,
            "shared": report.shared,
            "pseudonym": report.pseudonym,
        }
        print_json(facts)
        return
    verb = "would change" if dry_run else "changed"
    for place, rows in report.changed.items():
        if rows:
            typer.echo(f"{place:<28}{rows:>12,}")
    total = sum(report.changed.values())
    typer.echo(
        f"{total:,} rows {verb}; {report.addresses} addresses, suppressed for good as keyed hashes"
    )
    if report.shared:
        typer.echo(
            f"{report.shared:,} messages to these addresses are another customer's: "
            "their rows keep them. Next: winback erase THEIR_ID, if they ask too"
        )
    if dry_run:
        typer.echo(f"nothing was changed. Next: winback erase {customer_id}")
    else:
        typer.echo(
            f"what is left is called {report.pseudonym}; the shop and its providers have to "
            "forget them too. Next: winback build"
        )


def _erase_deleted(settings: Settings, *, as_json: bool) -> None:
    from winback.people.erasure import erase_deleted

    done = erase_deleted(settings, WallClock(), is_confirmed=True)
    if as_json:
        print_json({"erased": done.erased, "waiting": done.waiting})
        return
    for line in done.notes():
        typer.echo(line)
    if not (done.erased or done.waiting):
        typer.echo("Nobody whom the shop's system has deleted waits to be erased")
