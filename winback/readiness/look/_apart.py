"""A home apart: a copy of what is landed and what the ledger knows, for a load that is none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Final

from winback.base.errors import WinbackError
from winback.base.locks import take_lock
from winback.base.settings import Settings
from winback.ledger import NEW, copy_changes, has_ledger, open_ledger

# What a load and a build read of landing: the callbacks and what was set aside stay where they are.
_NAME: Final = "winback-look-"
_COPIED: Final = ("shop", "loads", "ledger")


@contextmanager
def home_apart(settings: Settings) -> Iterator[Settings]:
    """The same settings with a home of their own, which goes when the block ends.

    It lies with the system's temporary files, for its user alone. Its ledger is a new one. What
    an error says of a file in it is left out.
    """
    _forget_the_killed()
    with TemporaryDirectory(prefix=f"{_NAME}{os.getpid()}-") as folder:
        own = {"home": Path(folder), "ledger_url": "", "adopt_ledger": NEW, "landing_url": ""}
        apart = settings.model_copy(update=own)
        _copy_landing(settings, apart)
        if has_ledger(settings):
            with open_ledger(settings) as ledger:
                copy_changes(ledger, apart.ledger_landing_dir)
        try:
            yield apart
        except WinbackError as error:
            told, _, advice = str(error).partition(" Next: ")
            if str(apart.landing_dir) not in advice:
                raise
            raise WinbackError(f"{told} Next: winback load, which keeps these rows") from None


def _forget_the_killed() -> None:
    """Remove what looks of ours have left that were killed: it holds addresses."""
    for path in Path(gettempdir()).glob(f"{_NAME}*"):
        process = path.name.removeprefix(_NAME).partition("-")[0]
        with suppress(OSError):
            if path.stat().st_uid == os.getuid() and not _is_alive(process):
                shutil.rmtree(path)


def _is_alive(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except (ValueError, PermissionError, OverflowError):
        pass  # none of ours, or nobody knows
    return True


def _copy_landing(settings: Settings, apart: Settings) -> None:
    lock = settings.landing_dir / ".load.lock"
    if not lock.exists():
        return
    with lock.open("rb") as file:
        take_lock(
            file,
            "a load is writing the shop's tables. Next: the same command when it is done",
            is_shared=True,
        )
        for name in _COPIED:
            if (settings.landing_dir / name).is_dir():
                shutil.copytree(settings.landing_dir / name, apart.landing_dir / name)
