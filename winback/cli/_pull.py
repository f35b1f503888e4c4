"""`winback pull`: a shop's data from the shop itself into landing."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated

import typer

from winback.base.clock import WallClock
from winback.base.console import print_json
from winback.base.errors import UsageError, WinbackError
from winback.cli._app import START, app
from winback.cli._help import AsJson, examples

if TYPE_CHECKING:
    from winback.pulling import PullReport


@app.command(
    "pull",
    rich_help_panel=START,
    epilog=examples(
        "winback pull shopify",
        "winback pull shopify --full",
        "winback pull shopify --json",
        keys="pulls, each with source, shop, is_full, since, records and load, which has the keys "
        "of winback load",
    ),
)
def pull_command(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]", help="A source of sources.toml, or shopify; default: all of them."
        ),
    ] = None,
    *,
    full: Annotated[
        bool, typer.Option("--full", help="Pull everything, not only what changed since.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Pull a shop's data by its API into landing.

    It asks for the changes since the last pull, and for everything the first time
    and once a week. A pull that breaks off is gone on with by the next. A
    customer who is deleted at the shop is erased here.
    """
    from winback.base.settings import Settings
    from winback.cli._load import noted, progress_bar, summary
    from winback.pulling import api_sources, pull

    settings = Settings.load()
    sources = api_sources(settings, name)
    if not sources:
        if name and name != "shopify":
            raise UsageError(
                f"{settings.sources_file} has no source {name!r} with the format shopify-api"
            )
        raise WinbackError(
            f"{settings.sources_file} names no shop to pull from. Next: say there which shop is "
            "read (docs/sources.md)"
        )
    reports: list[PullReport] = []
    for source in sources:
        with progress_bar() as progress:
            done = pull(source, settings, WallClock(), is_full=full, progress=progress)
        done = replace(done, load=noted(done.load, settings))
        reports.append(done)
        if as_json:
            continue
        what = "everything" if done.is_full else f"what changed since {done.since}"
        records = ", ".join(f"{count:,} {kind}" for kind, count in done.records.items())
        typer.echo(f"[{source.name}] {source.shop}: {what}: {records} with their parts")
        for line in summary(done.load, settings.shop_dir):
            typer.echo(line)
    if as_json:
        print_json({"pulls": [asdict(it) for it in reports]})
