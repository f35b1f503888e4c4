"""What is its user's alone: the home, with addresses, replies and keys, and files of such."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from fnmatch import fnmatch
from pathlib import Path
from typing import IO, Final

# What we make in a home. Whatever else stands there is not ours to close.
_OURS: Final = (
    "audiences", "backup-copy", "control-room", "dbt", "digest.json", "export", "landing",
    "ledger.db*", "people", "print", "project*", "published", "reports", "restored*", "RESTORING",
    "sandbox", "STOP", "warehouse", "watch.json", ".replay-*",
)  # fmt: skip
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def open_private(path: Path, mode: str = "w") -> IO[str]:
    """Open a file that only its owner can read, whatever it was before."""
    how = os.O_APPEND
    if mode == "w":
        path.unlink(missing_ok=True)
        how = os.O_CREAT | os.O_EXCL
    descriptor = os.open(path, os.O_WRONLY | how, 0o600)
    return os.fdopen(descriptor, mode, newline="", encoding="utf-8")


def keep_private(home: Path) -> None:
    """Make the home if there is none; what is in it, and comes into it, is its user's alone.

    A home of an older winback is mended. What another user owns stays as it is: `doctor` names it.
    """
    os.umask(_OTHERS)
    home.mkdir(parents=True, exist_ok=True)
    for path in open_to_others(home):
        # The way in last: a mending that broke off begins anew.
        for inner in _inside(path):
            _close(inner)
        _close(path)


def open_to_others(home: Path) -> list[Path]:
    """The paths of ours that other users of this machine may read; the home itself if all is
    ours."""
    if not home.is_dir():
        return []
    home = home.resolve()
    entries = sorted(home.iterdir())
    ours = [path for path in entries if any(fnmatch(path.name, name) for name in _OURS)]
    return [path for path in (*ours, *([home] if ours == entries else [])) if _is_open(path)]


def _is_open(path: Path) -> bool:
    with suppress(FileNotFoundError):
        mode = path.stat(follow_symlinks=False).st_mode
        return not stat.S_ISLNK(mode) and bool(mode & _OTHERS)
    return False


def _inside(path: Path) -> Iterator[Path]:
    """The entries of a folder, without following links."""
    for folder, folders, files in os.walk(path, topdown=False):
        yield from (Path(folder) / name for name in (*files, *folders))


def _close(path: Path) -> None:
    with suppress(FileNotFoundError, PermissionError):
        mode = path.stat(follow_symlinks=False).st_mode
        if not stat.S_ISLNK(mode) and mode & _OTHERS:
            path.chmod(stat.S_IMODE(mode) & ~_OTHERS)
