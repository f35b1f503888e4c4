"""`winback codes`: pools of codes in, codes given out, new codes for the shop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from winback.base.clock import WallClock, clock_at
from winback.base.console import print_json
from winback.base.errors import UsageError, WinbackError
from winback.cli._app import SEND, app
from winback.cli._help import AsJson, examples

if TYPE_CHECKING:
    from winback.base.settings import Settings
    from winback.ledger import Ledger

codes_app = typer.Typer(
    epilog=examples(
        "winback codes",
        "winback codes import codes.csv --offer welcome_back_20 --until 2026-12-31",
        "winback codes --json",
        keys="pools",
    )
)
app.add_typer(codes_app, name="codes", rich_help_panel=SEND)

Until = Annotated[
    str, typer.Option(metavar="DATE", help="The day at whose end a code ends at the shop.")
]


@contextmanager
def _ledger() -> Iterator[tuple[Ledger, Settings]]:
    from winback.base.settings import Settings
    from winback.ledger import open_ledger

    settings = Settings.load()
    with open_ledger(settings) as ledger:
        yield ledger, settings


@codes_app.callback(invoke_without_command=True)
def codes(
    context: typer.Context,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Count as of then; without it, as of now.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the pools of codes: what is left, needed this week, given and redeemed.

    A pool is of an offer whose code_source is own in offers.csv: each customer
    gets a code of their own from it. Redeemed codes are those that the last
    build found in orders.
    """
    if context.invoked_subcommand is not None:
        return
    from winback.codes import pool_lines

    with _ledger() as (ledger, settings):
        at = clock_at(as_of, settings.shop_timezone).now()
        lines = pool_lines(ledger, settings, at=at)
    if as_json:
        print_json({"pools": [asdict(line) for line in lines]})
        return
    for line in lines:
        redeemed = "?" if line.redeemed is None else f"{line.redeemed:,}"
        leaked = f" ({line.by_strangers:,} by others)" if line.by_strangers else ""
        unused = "" if line.is_in_use else "; not in use: its code_source is not own"
        ended = f", {line.ended:,} ended unused" if line.ended else ""
        typer.echo(
            f"{line.offer_id}: {line.left:,} left (some {line.needed:,} needed this week), "
            f"{line.given:,} given, {redeemed} redeemed{leaked}{ended}{unused}"
        )
    if not lines:
        typer.echo("There are no pools: every offer has one code for everybody.")


@codes_app.command(
    "import",
    epilog=examples(
        "winback codes import codes.csv",
        "winback codes import codes.txt --offer welcome_back_20 --until 2026-12-31",
        "winback codes import codes.csv --json",
        keys="read, new, known, rejected, rejected_file",
    ),
)
def import_command(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A CSV with a column code, or one code a line."),
    ],
    *,
    offer: Annotated[str, typer.Option(help="The offer of rows that name none.")] = "",
    until: Until = "",
    as_json: AsJson = False,
) -> None:
    """Add the shop's codes to the pools that customers get their own from.

    The columns offer_id and ends_at are optional. A row that can't be used is set
    aside. The same file again changes nothing.
    """
    from winback.codes import import_codes

    with _ledger() as (ledger, settings):
        report = import_codes(ledger, settings, WallClock(), file, offer=offer, until=until)
    aside = report.rejected.total()
    if as_json:
        print_json(vars(report))
    else:
        typer.echo(
            f"{report.read:,} rows read: {report.new:,} codes new, {report.known:,} known, "
            f"{aside:,} rows set aside"
        )
        for why, count in report.rejected.most_common():
            typer.echo(f"    {count:>10,}  {why}")
        if report.rejected_file is not None:
            typer.echo(f"The rows set aside: {report.rejected_file}")
    if aside and not report.new + report.known:
        raise WinbackError(f"no row of {file.name} could be used: see {report.rejected_file}")


@codes_app.command(
    "export",
    epilog=examples(
        "winback codes export given.csv", "winback codes export given.csv --json", keys="written"
    ),
)
def export_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The CSV file to write.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Write the codes that were given, with customer, moment and end, as CSV."""
    from winback.codes import export_codes

    with _ledger() as (ledger, _):
        written = export_codes(ledger, file)
    if as_json:
        print_json({"written": written})
        return
    typer.echo(f"{written:,} codes written to {file}")


@codes_app.command(
    "make",
    epilog=examples(
        "winback codes make welcome_back_20 --count 500 --prefix COME --until 2026-12-31 "
        "--out codes.csv",
        "winback codes import codes.csv",
        keys="made, file",
    ),
)
def make_command(
    offer: Annotated[str, typer.Argument(metavar="OFFER", help="The offer they are for.")],
    *,
    count: Annotated[int, typer.Option(help="How many.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The CSV file to write.")],
    prefix: Annotated[str, typer.Option(help="What each begins with.")] = "",
    until: Until = "",
    as_json: AsJson = False,
) -> None:
    """Make codes that nobody can guess, as a file to upload to the shop.

    They count only once `winback codes import` has read the file: do that when the
    shop takes them.
    """
    from winback.codes import make_codes

    with _ledger() as (ledger, settings):
        made = make_codes(ledger, settings, offer, out, count=count, prefix=prefix, until=until)
    if as_json:
        print_json({"made": made, "file": out})
        return
    typer.echo(
        f"{made:,} codes written to {out}. Next: upload them to the shop, then winback codes "
        f"import {out}"
    )


@codes_app.command(
    "push",
    epilog=examples(
        "winback codes push shopify welcome_back_20 --fill 500",
        "winback codes push woocommerce welcome_back_20 --fill 500 --until 2026-12-31",
        keys="shop, offer_id, had, resumed, made, confirmed, refused, ends_at",
    ),
)
def push_command(
    shop: Annotated[str, typer.Argument(metavar="SHOP", help="shopify or woocommerce.")],
    offer: Annotated[str, typer.Argument(metavar="OFFER", help="The offer they are for.")],
    *,
    fill: Annotated[int, typer.Option(help="How many codes the pool is to have.")],
    prefix: Annotated[str, typer.Option(help="What each begins with.")] = "",
    until: Until = "",
    as_json: AsJson = False,
) -> None:
    """Make the codes that a pool lacks, and hand them to the shop by its API.

    A code is in the pool once the shop has confirmed it. With a full pool it does
    nothing, so it may run every day. One that broke off goes on with its codes.
    """
    from winback.codes.push import SHOPS, push_codes

    if shop not in SHOPS:
        raise UsageError(f"{shop!r} is no shop that takes codes: {', '.join(SHOPS)}.")
    with _ledger() as (ledger, settings):
        report = push_codes(
            ledger, settings, WallClock(), shop, offer, fill=fill, until=until, prefix=prefix
        )
    if as_json:
        print_json(asdict(report))
        return
    refused = f", {report.refused:,} that the shop has for something else" if report.refused else ""
    resumed = f", {report.resumed:,} of an earlier push" if report.resumed else ""
    ends = ", ".join(f"{end:%Y-%m-%d %H:%M} UTC" for end in report.ends_at)
    holds = f"; they end {ends}" if ends else ""
    typer.echo(
        f"{report.shop} has {report.confirmed:,} codes more of {report.offer_id} ({report.made:,} "
        f"made{resumed}{refused}); the pool had {report.had:,}{holds}"
    )
