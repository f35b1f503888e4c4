"""Restoring a backup into an empty home: a copy that sends nothing until it is adopted."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from winback.backup._backup import BESIDE, EVENTS, FORMAT, PROJECT
from winback.backup._bucket import brought
from winback.backup._erased import erase_again
from winback.backup._ledger import as_ledger, check, copy_rows, is_empty
from winback.backup._place import Place
from winback.base.clock import Clock
from winback.base.errors import UsageError, WinbackError
from winback.base.private import keep_private, open_private
from winback.base.settings import Settings
from winback.base.whole import written_whole
from winback.inbound import copied_until, fill_gaps
from winback.ledger import (
    Restored,
    forget_exports,
    mark_restored,
    migrations,
    open_ledger,
    read_restored,
)

# It stands in the home from the first file of a restore to the last.
UNDER_WAY: Final = "RESTORING"
# What commands make of a shop's own project before they do anything else (winback/base/overlay.py).
_MADE: Final = frozenset({".project.lock", "project", "project-before"})
# The settings of the backup, for a person to look through.
SETTINGS_FILE: Final = "restored.env"
# The shop's own project: a person puts it where it belongs, since a restore replaces nothing.
PROJECT_DIR: Final = "restored-project"


@dataclass(frozen=True)
class RestoreReport:
    """What a restore put where."""

    backup_id: str
    made_at: datetime
    files: int
    # Files that came in after the backup, of later backups or the second copy; what came in after
    # `heard_until` is in neither.
    came_in: int
    heard_until: datetime
    # The files of the shop's own project, in PROJECT_DIR.
    project_files: int
    # Customers whom the backup still had, and an erasure has forgotten since.
    erased: int
    # Variables that the backup has not, since they hold secrets.
    not_included: tuple[str, ...]


def restore(settings: Settings, clock: Clock, place: str, *, at: str = "") -> RestoreReport:
    """Put a backup together in the home, which must be empty; the newest one, or that named `at`.

    Everything is checked before anything is written. Safe to kill and to repeat. Raises
    WinbackError for a home that is not empty and for a backup that is damaged, UsageError for one
    that is not there.
    """
    with brought(place, settings) as store:
        return _restore(store, settings, clock, at)


def _restore(store: Place, settings: Settings, clock: Clock, at: str) -> RestoreReport:
    body = store.read_manifest(_chosen(store, at))
    _require_known(body)
    later, heard_until = _later(store, body)
    home = settings.home.resolve()
    _require_empty(home, body["backup_id"])
    for name in _names(body):
        store.open_object(name).close()
    keep_private(home)
    _note(home, body["backup_id"])
    made_at = datetime.fromisoformat(body["made_at"])
    mark = Restored(body["backup_id"], made_at, clock.now(), heard_until)
    # The ledger first, with its mark: whatever else is there already, nothing can be sent from it.
    _put_ledger(store, settings, body, mark)
    for file in body["files"]:
        _put(store, file["sha256"], _target(settings, file["path"]))
    came_in = _put_since(store, settings, later)
    _put_erased(store, settings)
    lines = (f"{name}={value}\n" for name, value in sorted(body["settings"].items()))
    with open_private(home / SETTINGS_FILE) as told:
        told.writelines(lines)
    erased = erase_again(settings, clock)
    (home / UNDER_WAY).unlink()
    return RestoreReport(
        body["backup_id"],
        mark.made_at,
        len(body["files"]),
        came_in,
        heard_until,
        sum(file["path"].startswith(PROJECT) for file in body["files"]),
        erased,
        tuple(body["not_included"]),
    )


def require_whole(settings: Settings) -> None:
    """Raise WinbackError where a restore into this home was killed."""
    path = settings.home.resolve() / UNDER_WAY
    if path.exists():
        raise WinbackError(
            f"the restore into {path.parent} did not end. Next: the same winback restore again"
        )


def _chosen(store: Place, at: str) -> str:
    ids = store.ids()
    if at in ids or (ids and not at):
        return at or ids[-1]
    if not ids:
        raise UsageError(f"{store.name} holds no whole backup. Next: winback backup DIR --list")
    raise UsageError(f"{store.name} holds no backup {at}. Next: winback backup {store.name} --list")


def _require_known(body: dict[str, Any]) -> None:
    if body["format"] != FORMAT or body["revision"] > migrations.newest():
        raise UsageError(
            f"this backup is of a newer winback ({body['winback']}). Next: restore it by that one"
        )


def _require_empty(home: Path, backup_id: str) -> None:
    """A home without an entry, or with a restore of the same backup that was killed.

    What every command makes of a shop's own project counts for nothing.
    """
    found = home.iterdir() if home.exists() else ()
    if all(it.name in _MADE for it in found):
        return
    begun = home / UNDER_WAY
    if begun.exists() and begun.read_text(encoding="utf-8").strip() == backup_id:
        return
    raise WinbackError(
        f"{home} is not empty, and a restore replaces nothing. Next: a WINBACK_HOME that is empty"
    )


def _names(body: dict[str, Any]) -> set[str]:
    pieces = {name for name, _ in body["ledger"]["pieces"]}
    return pieces | {file["sha256"] for file in body["files"]}


def _note(home: Path, backup_id: str) -> None:
    with open_private(home / UNDER_WAY) as file:
        file.write(f"{backup_id}\n")


def _put_ledger(store: Place, settings: Settings, body: dict[str, Any], mark: Restored) -> None:
    file = settings.home.resolve() / "ledger.db.restoring"
    for left in file.parent.glob(f"{file.name}*"):
        left.unlink()
    with file.open("wb") as out:
        for name, _ in body["ledger"]["pieces"]:
            with closing(store.open_object(name)) as piece:
                shutil.copyfileobj(piece, out)
    check(file)
    with as_ledger(settings, file) as ledger, ledger.write() as connection:
        mark_restored(connection, mark)
        forget_exports(connection)
    if not settings.ledger_url:
        _take_name(file, file.with_name("ledger.db"))
        return
    unmade = settings.model_copy(update={"adopt_ledger": "new"})
    with (
        as_ledger(settings, file) as source,
        open_ledger(unmade) as target,
        source.read() as rows,
        target.write() as connection,
    ):
        if read_restored(connection) is None and not is_empty(connection):
            raise WinbackError(
                "the database of WINBACK_LEDGER_URL holds a ledger that was in use, and a restore "
                "replaces nothing. Next: an empty database or schema"
            )
        copy_rows(rows, connection)
    for left in file.parent.glob(f"{file.name}*"):
        left.unlink()


def _take_name(file: Path, name: Path) -> None:
    # Without the write-ahead log of a ledger that a killed restore has put there before.
    for left in name.parent.glob(f"{name.name}-*"):
        left.unlink()
    file.replace(name)
    for left in file.parent.glob(f"{file.name}*"):
        left.unlink()


def _target(settings: Settings, path: str) -> Path:
    home = settings.home.resolve()
    if path.startswith(BESIDE):
        return home / Path(path).name
    if path.startswith(PROJECT):
        path = f"{PROJECT_DIR}/{path.removeprefix(PROJECT)}"
    target = (home / path).resolve()
    if home not in target.parents:
        raise WinbackError("the backup names a file outside of WINBACK_HOME, and is not restored")
    return target


def _put(store: Place, name: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.unfinished")
    with closing(store.open_object(name)) as source, unfinished.open("wb") as out:
        shutil.copyfileobj(source, out)
    unfinished.replace(target)


def _later(store: Place, body: dict[str, Any]) -> tuple[dict[str, str], datetime]:
    """The parts of the event log that later backups have, by their path, with the hash of each;
    and up to when all that came in is known."""
    made_at = datetime.fromisoformat(body["made_at"])
    parts, heard_until, is_whole = dict[str, str](), made_at, True
    known = _names(body)
    for backup_id in store.ids():
        try:
            other = store.read_manifest(backup_id)
            at = datetime.fromisoformat(other["made_at"])
            theirs = _event_parts(other) if at > made_at else {}
            for name in {*theirs.values()} - known:
                store.open_object(name).close()
        except WinbackError:
            # What it had may be nowhere else.
            is_whole = False
            continue
        parts |= theirs
        heard_until = max(heard_until, at) if is_whole else heard_until
    copied = copied_until(store.since) if is_whole else None
    return parts, max(heard_until, copied or made_at)


def _event_parts(body: dict[str, Any]) -> dict[str, str]:
    files = ((file["path"], file["sha256"]) for file in body["files"])
    return {path: name for path, name in files if path.startswith(EVENTS)}


def _put_since(store: Place, settings: Settings, later: dict[str, str]) -> int:
    """Put what came in after the backup beside what it has; how many files.

    A part that the backup has stays as it was there: later ones may have forgotten words.
    """
    count = 0
    for path, name in later.items():
        if not (target := _target(settings, path)).exists():
            _put(store, name, target)
            count += 1
    for copy in sorted((store.since / "events").glob("*.jsonl")):
        if not (target := settings.events_dir / copy.name).exists():
            _put_copy(copy, target)
            count += 1
    for copy in sorted((store.since / "requests").glob("*.json")):
        target = settings.landing_dir / "requests" / copy.name
        if not target.exists() or target.read_bytes() != copy.read_bytes():
            _put_copy(copy, target)
            count += 1
    fill_gaps(settings)
    return count


def _put_copy(copy: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(target) as beside:
        shutil.copyfile(copy, beside)


def _put_erased(store: Place, settings: Settings) -> None:
    """The records of all erasures, also of those after the backup."""
    folder = settings.landing_dir / "erased"
    folder.mkdir(parents=True, exist_ok=True)
    for record in sorted(store.erased.glob("*.json")):
        kept = record.read_text(encoding="utf-8")
        json.loads(kept)
        with open_private(folder / record.name) as file:
            file.write(kept)
