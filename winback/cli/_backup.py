"""`winback backup`: copies of ledger, landing and settings, made beside whatever runs."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from winback.base.clock import clock_at, shop_time
from winback.base.console import print_json, say
from winback.base.errors import UsageError
from winback.cli._app import OPERATE, app
from winback.cli._build import AsOf
from winback.cli._help import AsJson, examples

if TYPE_CHECKING:
    from winback.base.settings import Settings

Folder = Annotated[
    str,
    typer.Argument(
        metavar="DIR|URL",
        help="A folder or a file:// URL on another disk, or a storage like s3://bucket/folder; "
        "without it, WINBACK_BACKUP_TO.",
    ),
]


@app.command(
    "backup",
    rich_help_panel=OPERATE,
    epilog=examples(
        "winback backup DIR",
        "winback backup DIR --keep-days 30",
        "winback backup DIR --list",
        keys="backup, dropped; with --list: backups, damaged",
    ),
)
def backup_command(
    folder: Folder = "",
    *,
    is_to_list: Annotated[
        bool, typer.Option("--list", help="List the whole backups there, and make none.")
    ] = False,
    keep_days: Annotated[
        int | None,
        typer.Option(
            min=1, help="Drop backups that are older, once this one is made; never the newest."
        ),
    ] = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Back up the ledger, landing, and the settings without secrets.

    Runs and the receiver may go on meanwhile. What is unchanged since an
    earlier backup is stored once. A backup that is killed counts for nothing.
    """
    from winback import backup
    from winback.base.settings import Settings

    settings = Settings.load()
    place = place_of(settings, folder)
    if is_to_list:
        if keep_days is not None:
            raise UsageError("--list drops nothing: give --keep-days without it")
        _list(settings, place, as_json=as_json)
        return
    clock = clock_at(as_of, settings.shop_timezone)
    made = backup.back_up(settings, clock, place)
    dropped = 0
    if keep_days is not None:
        dropped = backup.drop_old(
            place, settings, older_than=clock.now() - timedelta(days=keep_days)
        )
    if as_json:
        print_json({"backup": asdict(made), "dropped": dropped})
        return
    say(
        f"Backup {made.backup_id}: {made.files:,} files and the ledger, "
        f"{_megabytes(made.total_bytes)}, of which {_megabytes(made.new_bytes)} are new"
    )
    if made.not_included:
        say(f"Not in it, since they are secret: {', '.join(made.not_included)}")
    if dropped:
        say(f"{dropped:,} backups of more than {keep_days} days ago are dropped")


def place_of(settings: Settings, folder: str) -> str:
    """The place that the command names, or the setting. Raises UsageError where neither does."""
    if not (folder or settings.backup_to):
        raise UsageError("name a folder for the backups, or set WINBACK_BACKUP_TO")
    return folder or settings.backup_to


def _list(settings: Settings, place: str, *, as_json: bool) -> None:
    from winback import backup

    whole, damaged = backup.list_backups(place, settings)
    if as_json:
        print_json({"backups": [asdict(it) for it in whole], "damaged": damaged})
        return
    for it in whole:
        at = shop_time(it.made_at, settings.shop_timezone)
        say(f"{it.backup_id}  {at}  {it.files:,} files, {_megabytes(it.total_bytes)}")
    for line in damaged:
        say(f"damaged: {line}")
    say(f"{len(whole):,} whole backups")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
