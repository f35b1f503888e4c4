"""`winback restore`: a backup put together in an empty home, where it sends nothing."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from winback.base.clock import WallClock, shop_time
from winback.base.console import print_json, say
from winback.cli._app import OPERATE, app
from winback.cli._backup import Folder, place_of
from winback.cli._help import AsJson, examples


@app.command(
    "restore",
    rich_help_panel=OPERATE,
    epilog=examples(
        "winback restore DIR",
        "winback restore DIR --at 20260302T033000Z-1f0c",
        keys="backup_id, made_at, files, came_in, heard_until, project_files, erased, not_included",
    ),
)
def restore_command(
    folder: Folder = "",
    *,
    at: Annotated[
        str,
        typer.Option(metavar="BACKUP", help="The backup, as --list names it; default: the newest."),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Restore a backup into an empty WINBACK_HOME.

    All of it is checked first. The copy builds and reports, but sends nothing
    until winback adopt has asked the providers what was sent since the backup.
    """
    from winback import backup
    from winback.base.settings import Settings

    settings = Settings.load()
    done = backup.restore(settings, WallClock(), place_of(settings, folder), at=at)
    if as_json:
        print_json(asdict(done))
        return
    made_at = shop_time(done.made_at, settings.shop_timezone)
    say(f"Restored: backup {done.backup_id} of {made_at}, {done.files:,} files and the ledger")
    if done.came_in:
        say(f"{done.came_in:,} files that came in after it are restored as well")
    if done.project_files:
        project = settings.home.resolve() / backup.PROJECT_DIR
        say(f"{done.project_files:,} files of your project. Next: put them into it from {project}")
    if done.erased:
        say(f"{done.erased:,} customers who were erased since are erased here as well")
    if done.not_included:
        say(f"Set anew, since no backup holds them: {', '.join(done.not_included)}")
    heard_until = shop_time(done.heard_until, settings.shop_timezone)
    say(f"Not in it: choices on our own pages after {heard_until}. Next: copy what can be saved of "
        "the lost landing/events into the new one")  # fmt: skip
    say("Nothing is sent from this copy. Next: winback adopt")
