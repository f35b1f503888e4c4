"""What came in since the newest backup, a second time, beside the backups.

    since/events/PART.jsonl    a sealed part of the event log that no backup has yet
    since/requests/ID.json     what the shop's system asked for a person
    since/in-backups.json      by writer, the last part that a backup has
    since/until.json           up to when all of it was copied
    erased/NAME.json           the record of an erasure, as each backup keeps it

A choice on our own pages is in no provider's list, so that a lost disk would take it along. Each
part is copied moments after it was sealed, and nobody waits for it: a disk that hangs holds up no
callback. All is gone through each minute.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import threading
import time
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

from winback.base.backups import second_copy
from winback.base.clock import Clock
from winback.base.settings import Settings
from winback.base.whole import written_whole
from winback.inbound._log import log_part_path

log = logging.getLogger(__name__)

# So often all is gone through.
EVERY_SECONDS: Final = 60.0
# Whoever stops the receiver waits no longer for a disk that hangs.
_STOP_SECONDS: Final = 10.0
_SUFFIX: Final = ".jsonl"


def copy_events(settings: Settings, clock: Clock) -> int:
    """Copy whatever the second copy lacks; the number of files. Raises OSError.

    Parts of one writer are copied in their order: a reader goes no further than to a gap.
    """
    folder = second_copy(settings)
    if folder is None:
        return 0
    at = clock.now()
    there, in_backups = set(_names(folder / "events")), _in_backups(folder)
    lacking = [
        name
        for name in sorted(_names(settings.events_dir))
        if name not in there and _number(name) > in_backups.get(_writer(name), 0)
    ]
    for name in lacking:
        _copy(settings.events_dir / name, folder / "events" / name)
    kept = {"requests": folder / "requests", "erased": folder.parent / "erased"}
    others = [
        (path, copies / path.name)
        for name, copies in kept.items()
        for path in sorted((settings.landing_dir / name).glob("*.json"))
        if not _is_same(path, copies / path.name)
    ]
    for path, copy in others:
        _copy(path, copy)
    _write(folder / "until.json", {"until": at.isoformat()})
    return len(lacking) + len(others)


def copy_again(settings: Settings, part: Path) -> None:
    """Bring the copy of a part up to what the part says now, as after an erasure."""
    folder = second_copy(settings)
    if folder is not None and (copy := folder / "events" / part.name).exists():
        _copy(part, copy)


def drop_copied(settings: Settings, in_backup: Iterable[str]) -> None:
    """Drop the copies of the parts that a backup has, by their names."""
    folder = second_copy(settings)
    if folder is None:
        return
    last = _in_backups(folder)
    for name in in_backup:
        last[_writer(name)] = max(last.get(_writer(name), 0), _number(name))
    _write(folder / "in-backups.json", last)
    for name in _names(folder / "events"):
        if _number(name) <= last.get(_writer(name), 0):
            (folder / "events" / name).unlink(missing_ok=True)


def copied_until(folder: Path) -> datetime | None:
    """Up to when a second copy is whole; None where nobody kept one."""
    try:
        told = json.loads((folder / "until.json").read_text(encoding="utf-8"))
        return datetime.fromisoformat(told["until"])
    except (OSError, ValueError, LookupError, TypeError):
        return None


def fill_gaps(settings: Settings) -> None:
    """Put an empty part in the place of each that is nowhere: what comes behind it is read."""
    numbers: dict[str, list[int]] = {}
    for name in _names(settings.events_dir):
        numbers.setdefault(_writer(name), []).append(_number(name))
    for writer, found in numbers.items():
        for number in set(range(1, max(found))) - set(found):
            log_part_path(settings.events_dir, writer, number).touch(mode=0o600)


class Copier:
    """A thread that copies each part once it is sealed."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._sealed: queue.Queue[Path | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="winback-copier", daemon=True)

    def start(self) -> None:
        if self._settings.backup_to:
            self._thread.start()

    def stop(self) -> None:
        """Copy what was sealed, then end."""
        if self._settings.backup_to:
            self._sealed.put(None)
            self._thread.join(timeout=_STOP_SECONDS)

    def add(self, part: Path) -> None:
        """A part is sealed. Never waits."""
        if self._settings.backup_to:
            self._sealed.put(part)

    def _run(self) -> None:
        due, is_behind, is_last = 0.0, True, False
        while not is_last:
            try:
                part = self._sealed.get(timeout=max(due - time.monotonic(), 0))
            except queue.Empty:
                is_behind = not self._copy_all()
                due = time.monotonic() + EVERY_SECONDS
                continue
            is_last = part is None
            if is_last:
                self._copy_all()
            elif part is not None and not is_behind:
                is_behind = not self._copy_one(part)

    def _copy_all(self) -> bool:
        try:
            copy_events(self._settings, self._clock)
        except OSError as error:
            log.error("the second copy beside the backups stays behind: %s", error.strerror)
            return False
        return True

    def _copy_one(self, part: Path) -> bool:
        try:
            if (folder := second_copy(self._settings)) is not None:
                _copy(part, folder / "events" / part.name)
        except OSError as error:
            log.error("the second copy beside the backups stays behind: %s", error.strerror)
            return False
        return True


def _names(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return [it.name for it in os.scandir(folder) if it.name.endswith(_SUFFIX)]


def _writer(name: str) -> str:
    return name.rpartition("-")[0]


def _number(name: str) -> int:
    number = name.removesuffix(_SUFFIX).rpartition("-")[2]
    return int(number) if number.isdecimal() else 0


def _in_backups(folder: Path) -> dict[str, int]:
    try:
        told: dict[str, int] = json.loads((folder / "in-backups.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        # All that landing has is copied then.
        return {}
    return told


def _is_same(path: Path, copy: Path) -> bool:
    return copy.exists() and copy.read_bytes() == path.read_bytes()


def _copy(path: Path, copy: Path) -> None:
    _write_bytes(copy, path.read_bytes())


def _write(path: Path, told: object) -> None:
    _write_bytes(path, json.dumps(told).encode())


def _write_bytes(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with written_whole(path) as beside:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
