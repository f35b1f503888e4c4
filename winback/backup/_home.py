"""What of a home is backed up, held still for as long as it takes to name it.

The files of landing appear by a rename and are never written into again, so that a second name
for each of them, a hard link, holds them as they were. That takes moments: loads wait for no copy.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from winback.base.errors import WinbackError
from winback.base.locks import take_lock
from winback.base.running import at_work
from winback.base.settings import Settings
from winback.ledger import EXPORTED

# The shop's own rules, where they stand in its home, and what the home keeps beside landing: who
# is in a list for ads has to be known until a person has taken them out at the platform.
OWN: Final = (
    "seeds", "templates", "segments", "playbooks", "brand.toml", "sources.toml", "digest.json",
    "STOP", "audiences",
)  # fmt: skip
HELD: Final = ".backup-held"
_TRIES: Final = 20
# Names of files that are still being written, or that lock others out.
_UNFINISHED: Final = (".tmp", ".unfinished", ".lock", ".try")


@contextmanager
def held_still(settings: Settings) -> Iterator[list[tuple[str, Path]]]:
    """The files of a backup by their path in the home, each under a name that nobody changes."""
    home = settings.home.resolve()
    held = settings.landing_dir / HELD
    # An erasure must be alone: what it forgets would stay in a copy that it can't see.
    with at_work(settings), (settings.landing_dir / ".backup.lock").open("w") as file:
        take_lock(
            file,
            f"another backup of {home} is under way. Next: the same command when it is done",
        )
        try:
            yield _hold(home, settings, held)
        finally:
            shutil.rmtree(held, ignore_errors=True)


def _hold(home: Path, settings: Settings, held: Path) -> list[tuple[str, Path]]:
    for _ in range(_TRIES):
        shutil.rmtree(held, ignore_errors=True)
        with _no_load(settings):
            seen = _state(home, settings)
            with suppress(FileNotFoundError):
                for number, path in enumerate(seen):
                    _link(home / path, held / str(number))
                # Callbacks come in meanwhile, and only ever as new files.
                if seen.items() <= _state(home, settings).items():
                    return [(path, held / str(number)) for number, path in enumerate(seen)]
    raise WinbackError(
        f"the files in {settings.landing_dir} changed all the time. Next: the same command later"
    )


@contextmanager
def _no_load(settings: Settings) -> Iterator[None]:
    """Wait until no load is under way, and let none begin."""
    settings.landing_dir.mkdir(parents=True, exist_ok=True)
    with (settings.landing_dir / ".load.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


def _state(home: Path, settings: Settings) -> dict[str, tuple[int, int]]:
    return {
        path.relative_to(home).as_posix(): _identity(path)
        for top in (settings.landing_dir, *(home / name for name in OWN))
        for path in _files(top, settings)
    }


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_ino, found.st_size


def _files(top: Path, settings: Settings) -> Iterator[Path]:
    if top.is_file():
        yield top
    for folder, folders, files in os.walk(top):
        folders[:] = [name for name in folders if not _is_left_out(Path(folder) / name, settings)]
        for name in files:
            path = Path(folder) / name
            is_plain = path.is_file() and not path.is_symlink()
            if is_plain and not name.startswith(".") and not name.endswith(_UNFINISHED):
                yield path


def _is_left_out(folder: Path, settings: Settings) -> bool:
    """The ledger's exports are made anew from the ledger; parts under way count for nothing."""
    if folder.name.startswith(".") or folder == settings.events_dir / "open":
        return True
    return folder.parent == settings.ledger_landing_dir and folder.name in EXPORTED


def _link(path: Path, name: Path) -> None:
    name.parent.mkdir(exist_ok=True, mode=0o700)
    try:
        os.link(path, name)
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.EXDEV}:
            raise
        shutil.copy2(path, name)
