"""Making a backup, and saying which ones there are."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from winback import __version__
from winback.backup._bucket import drop_unneeded, listed, own_copy, send
from winback.backup._home import held_still
from winback.backup._ledger import copy_older, copy_out
from winback.backup._place import Place
from winback.backup._settings import plain_settings, secret_names
from winback.base.backups import folder_of, is_bucket
from winback.base.clock import Clock
from winback.base.errors import UsageError, WinbackError
from winback.base.overlay import shop_files
from winback.base.places import SHOP_DIR
from winback.base.settings import Settings
from winback.base.storage import Bucket
from winback.inbound import drop_copied
from winback.ledger import (
    Standing,
    has_ledger,
    migrations,
    note_stage_end,
    open_ledger,
    read_restored,
    read_standing,
)

FORMAT: Final = 1
# Where brand and sources files stand in a backup, which need not be in the home.
BESIDE: Final = "beside/"
# Where the files of the shop's own project stand in a backup.
PROJECT: Final = "project/"
EVENTS: Final = "landing/events/"


@dataclass(frozen=True)
class Backup:
    """One whole backup. `new_bytes` is what it added to the folder; 0 for one that is listed."""

    backup_id: str
    made_at: datetime
    files: int
    total_bytes: int
    ledger_bytes: int
    new_bytes: int = 0
    not_included: tuple[str, ...] = ()


def back_up(settings: Settings, clock: Clock, place: str) -> Backup:
    """Copy ledger, landing and settings without secrets to a folder or a storage, beside whatever
    runs.

    Safe to kill: a backup counts once its manifest is there, which is written last. Raises
    UsageError for a place that is neither, WinbackError where there is no ledger or another
    backup is under way.
    """
    if not has_ledger(settings):
        raise WinbackError(
            f"there is no ledger in {settings.home.resolve()}, so there is nothing to back up. "
            "Next: WINBACK_HOME"
        )
    if is_bucket(place):
        bucket = Bucket(place, settings)
        with bucket.writing(), own_copy(settings, place) as store:
            body, _ = _make(store, settings, clock)
            new_bytes = send(bucket, store, body["backup_id"])
            _note_end(settings, clock, place, body)
        return _told(body, new_bytes)
    folder, home = folder_of(place), settings.home.resolve()
    if folder == home or home in folder.parents:
        raise UsageError(
            f"{folder} is inside WINBACK_HOME, and goes where that goes. Next: another disk"
        )
    store = Place(folder)
    with store.writing():
        body, new_bytes = _make(store, settings, clock)
        _note_end(settings, clock, place, body)
    return _told(body, new_bytes)


def _make(store: Place, settings: Settings, clock: Clock) -> tuple[dict[str, Any], int]:
    """Make a whole backup in a folder; its manifest, and the bytes that it added."""
    home = settings.home.resolve()
    made_at = clock.now()
    backup_id = f"{made_at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
    before = _bytes_in(store.objects)
    older = _older(settings)
    # The ledger first: callbacks that landing has more of are taken in again.
    ledger = _keep_ledger(store, settings, older)
    with held_still(settings) as found:
        files = [_keep_file(store, path, name) for path, name in found]
    files += [
        _keep_file(store, BESIDE + path.name, path)
        for path in (settings.brand_file, settings.sources_file)
        if path.is_file() and home not in path.resolve().parents
    ]
    if SHOP_DIR is not None:
        files += [
            _keep_file(store, PROJECT + path.relative_to(SHOP_DIR).as_posix(), path)
            for path in shop_files(SHOP_DIR)
        ]
    store.keep_erased(settings.landing_dir / "erased")
    body = {
        "format": FORMAT,
        "backup_id": backup_id,
        "made_at": made_at.isoformat(),
        "winback": __version__ if older is None else older.written_by,
        "revision": migrations.newest() if older is None else older.revision,
        "ledger": ledger,
        "files": files,
        "settings": plain_settings(settings),
        "not_included": secret_names(settings),
    }
    store.write_manifest(backup_id, body)
    return body, _bytes_in(store.objects) - before


def _note_end(settings: Settings, clock: Clock, place: str, body: Mapping[str, Any]) -> None:
    """Say in the ledger when the backup of the setting ended, and drop what it has a second time.

    Nothing is written into a ledger that is still to be brought up to date.
    """
    is_here = settings.backup_to and _same(settings.backup_to, place)
    if is_here and _older(settings) is None:
        drop_copied(settings, _event_parts(body))
        with open_ledger(settings) as it, it.write() as connection:
            note_stage_end(connection, "backup", at=clock.now())


def _same(place: str, other: str) -> bool:
    if is_bucket(place) or is_bucket(other):
        return place.rstrip("/") == other.rstrip("/")
    return folder_of(place) == folder_of(other)


def list_backups(place: str, settings: Settings) -> tuple[list[Backup], list[str]]:
    """The whole backups of a place, the oldest first, and a line for each that is damaged."""
    with listed(place, settings) as store:
        return _list(store)


def _list(store: Place) -> tuple[list[Backup], list[str]]:
    whole, damaged = [], []
    for backup_id in store.ids():
        try:
            whole.append(_told(store.read_manifest(backup_id)))
        except WinbackError as error:
            damaged.append(str(error))
    return whole, damaged


def last_backup(place: str, settings: Settings) -> Backup | None:
    """The newest whole backup; None where there is none."""
    whole, _ = list_backups(place, settings)
    return whole[-1] if whole else None


def drop_old(place: str, settings: Settings, *, older_than: datetime) -> int:
    """Drop the backups from before a moment, never the newest; how many went."""
    if is_bucket(place):
        bucket = Bucket(place, settings)
        with bucket.writing(), listed(place, settings) as store:
            if old := _old(store, older_than):
                drop_unneeded(bucket, store, old)
        return len(old)
    store = Place(folder_of(place))
    with store.writing():
        if old := _old(store, older_than):
            store.drop(old)
    return len(old)


def _old(store: Place, older_than: datetime) -> list[str]:
    whole, _ = _list(store)
    return [it.backup_id for it in whole[:-1] if it.made_at < older_than]


def _older(settings: Settings) -> Standing | None:
    """Where the ledger of an earlier release stands: a backup before an upgrade is of what the
    upgrade finds. None for one of this release."""
    standing = read_standing(settings)
    return standing if standing is not None and standing.is_behind else None


def _keep_ledger(store: Place, settings: Settings, older: Standing | None) -> dict[str, Any]:
    # In the folder of the backups: its disk has room for a ledger, and it is as private.
    copy = store.folder / f"ledger.{os.getpid()}.unfinished"
    pieces = []
    try:
        if older is None:
            _copy_ledger(settings, copy)
        else:
            _refuse_unadopted(not copy_older(settings, copy))
        with copy.open("rb") as file:
            while (piece := store.keep(file, is_one_piece=True))[1]:
                pieces.append(list(piece))
    finally:
        for path in store.folder.glob(f"{copy.name}*"):
            path.unlink(missing_ok=True)
    return {"pieces": pieces, "bytes": sum(size for _, size in pieces)}


def _copy_ledger(settings: Settings, copy: Path) -> None:
    with open_ledger(settings) as ledger:
        with ledger.read() as connection:
            _refuse_unadopted(read_restored(connection) is not None)
        copy_out(ledger, settings, copy)


def _refuse_unadopted(is_restored: bool) -> None:
    if is_restored:
        raise WinbackError(
            "this is a restored copy that nobody has adopted, and it knows less than the backup "
            "that it was made from will after that. Next: winback adopt"
        )


def _keep_file(store: Place, path: str, name: Path) -> dict[str, Any]:
    with name.open("rb") as file:
        digest, size = store.keep(file)
    return {"path": path, "sha256": digest, "bytes": size}


def _told(body: Mapping[str, Any], new_bytes: int = 0) -> Backup:
    sizes = sum(file["bytes"] for file in body["files"])
    return Backup(
        body["backup_id"],
        datetime.fromisoformat(body["made_at"]).astimezone(UTC),
        len(body["files"]),
        sizes + body["ledger"]["bytes"],
        body["ledger"]["bytes"],
        new_bytes,
        tuple(body["not_included"]),
    )


def _event_parts(body: Mapping[str, Any]) -> list[str]:
    paths = (file["path"] for file in body["files"])
    return [it.removeprefix(EVENTS) for it in paths if it.startswith(EVENTS)]


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("??/*"))
