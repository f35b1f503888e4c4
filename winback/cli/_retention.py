"""`winback retention`: forgetting what is older than the shop keeps."""

from __future__ import annotations

from typing import Annotated

import typer

from winback.base.clock import WallClock
from winback.base.console import print_json
from winback.cli._app import PEOPLE, app
from winback.cli._help import AsJson, examples


@app.command(
    "retention",
    rich_help_panel=PEOPLE,
    epilog=examples(
        "winback retention --dry-run",
        "winback retention",
        "winback retention --json",
        keys="dry_run, limits, forgotten",
    ),
)
def retention_command(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what would go, and change nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Forget addresses, words, callbacks, decisions and reports that are older than you keep them.

    The settings WINBACK_KEEP_..._DAYS say how long; without them all is kept.
    Opt-outs, proofs of consent and records of erasures stay, and so does each
    message without its words, so that nothing is sent twice. The deployment
    `retention` runs it each night.
    """
    from winback.base.settings import Settings
    from winback.people.retention import retain

    report = retain(Settings.load(), WallClock(), dry_run=dry_run)
    if as_json:
        kept = {what: limit.days for what, limit in report.limits.items()}
        print_json({"dry_run": dry_run, "limits": kept, "forgotten": report.forgotten})
        return
    typer.echo(f"kept: {', '.join(map(str, report.limits.values()))}")
    if not report.is_set:
        typer.echo("All is kept for good. Next: set WINBACK_KEEP_WORDS_DAYS and others in .env")
        return
    for place, count in report.forgotten.items():
        typer.echo(f"{place:<28}{count:>12,}")
    total = sum(report.forgotten.values())
    typer.echo(f"{total:,} {'would be' if dry_run else 'are'} forgotten")
