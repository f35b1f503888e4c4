"""The folder of the backups: contents by their hash, and a manifest for each whole backup.

    objects/ab/ab12…      a content, named by its SHA-256, so that what is unchanged is stored once
    backups/ID.json       one whole backup: written last, with a checksum of its own
    since/                what came in since the newest backup (winback/inbound/_second_copy.py)
    erased/NAME.json      whom an erasure has forgotten, also in backups from before it

A file without a manifest that names it counts for nothing: a backup that was killed leaves no more.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final

from winback.base.errors import WinbackError
from winback.base.locks import take_lock

# Read and written at once; a ledger is cut into pieces of this size, of which most stay the same.
PIECE_BYTES: Final = 1 << 20
_CHECKSUM: Final = "sha256"


class Place:
    """A folder of backups."""

    def __init__(self, folder: Path, name: str = "") -> None:
        self.folder = folder
        # As commands name it.
        self.name = name or str(folder)
        self.objects, self.backups = folder / "objects", folder / "backups"
        self.erased = folder / "erased"
        # What came in since the newest backup (winback/inbound/_second_copy.py).
        self.since = folder / "since"

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only one that writes here; what a killed writer left unfinished goes first."""
        os.umask(0o077)
        try:
            for folder in (self.folder, self.objects, self.backups, self.erased):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise WinbackError(
                f"nothing can be written to {self.folder} ({error.strerror}). Next: another folder"
            ) from None
        with (self.folder / ".lock").open("w") as file:
            take_lock(
                file,
                f"another backup is writing to {self.folder}. "
                "Next: the same command when it is done",
            )
            for left in self.folder.rglob("*.unfinished"):
                left.unlink(missing_ok=True)
            yield

    def keep(self, source: IO[bytes], *, is_one_piece: bool = False) -> tuple[str, int]:
        """Store a content, or the next piece of it; its hash and its size.

        What is stored already is looked at again, and written anew where it was damaged.
        """
        digest, size = hashlib.sha256(), 0
        unfinished = self.objects / f"{os.getpid()}.unfinished"
        with unfinished.open("wb") as file:
            while piece := source.read(PIECE_BYTES):
                digest.update(piece)
                file.write(piece)
                size += len(piece)
                if is_one_piece:
                    break
            name = digest.hexdigest()
            target = self.object(name)
            is_new = _hash_of(target) != name
            if is_new:
                file.flush()
                os.fsync(file.fileno())
        if is_new:
            target.parent.mkdir(exist_ok=True, mode=0o700)
            unfinished.replace(target)
        else:
            unfinished.unlink()
        return name, size

    def object(self, name: str) -> Path:
        return self.folder / self.key(name)

    def key(self, name: str) -> str:
        """Where a content stands in the folder, or under the URL."""
        return f"objects/{name[:2]}/{name}"

    def open_object(self, name: str) -> IO[bytes]:
        """A stored content. Raises WinbackError for one that is gone or not what it was."""
        path = self.object(name)
        if _hash_of(path) != name:
            what = "is damaged" if path.exists() else "is gone"
            raise WinbackError(
                f"the backup can't be restored: {path} {what}. Next: winback backup "
                f"{self.name} --list, then restore an earlier one by --at"
            )
        return path.open("rb")

    def write_manifest(self, backup_id: str, body: dict[str, Any]) -> None:
        """Let a backup count, once all that it names is on the disk."""
        for folder in (*self.objects.glob("??"), self.objects):
            _sync(folder)
        whole = body | {_CHECKSUM: _checksum(body)}
        unfinished = self.backups / f"{backup_id}.unfinished"
        with unfinished.open("w", encoding="utf-8") as file:
            json.dump(whole, file, indent=1, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self.backups / f"{backup_id}.json")
        _sync(self.backups)

    def ids(self) -> list[str]:
        """The backups, the oldest first: their names begin with their time."""
        return sorted(path.stem for path in self.backups.glob("*.json"))

    def read_manifest(self, backup_id: str) -> dict[str, Any]:
        """A manifest. Raises WinbackError for one that is gone or not what it was."""
        path = self.backups / f"{backup_id}.json"
        body: dict[str, Any] = {}
        with suppress(OSError, ValueError):
            read = json.loads(path.read_text(encoding="utf-8"))
            body = read if isinstance(read, dict) else {}
        checksum = body.pop(_CHECKSUM, None)
        if not body or checksum != _checksum(body):
            raise WinbackError(
                f"{path} is damaged or not there, so this backup does not count. Next: winback "
                f"backup {self.name} --list"
            )
        return body

    def keep_erased(self, records: Path) -> None:
        """Copy the records of erasures beside the backups: they hold for earlier ones too."""
        for record in sorted(records.glob("*.json")):
            unfinished = self.erased / f"{record.name}.unfinished"
            unfinished.write_bytes(record.read_bytes())
            unfinished.replace(self.erased / record.name)

    def drop(self, backup_ids: list[str]) -> int:
        """Drop backups, and the contents that no other one needs; how many contents went."""
        for backup_id in backup_ids:
            (self.backups / f"{backup_id}.json").unlink(missing_ok=True)
        needed = {name for key in self.ids() for name in contents_of(self.read_manifest(key))}
        unneeded = [path for path in self.objects.glob("??/*") if path.name not in needed]
        for path in unneeded:
            path.unlink()
        return len(unneeded)


def contents_of(manifest: dict[str, Any]) -> Iterator[str]:
    """The hashes of all that a backup needs."""
    yield from (name for name, _ in manifest["ledger"]["pieces"])
    yield from (file["sha256"] for file in manifest["files"])


def _hash_of(path: Path) -> str:
    if not path.exists():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(folder: Path) -> None:
    """Make sure that the names in a folder outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _checksum(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
