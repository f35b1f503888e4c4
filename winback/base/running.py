"""Who is at work in a WINBACK_HOME: any number of runs and builds, or one that must be alone."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from winback.base.locks import take_lock
from winback.base.private import keep_private
from winback.base.settings import Settings


@contextmanager
def at_work(settings: Settings) -> Iterator[None]:
    """Be one of those at work; waits for whoever is alone. The system frees it at any end."""
    with _lock_file(settings) as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Be the only one at work. Raises WinbackError where somebody is; who comes later waits."""
    with _lock_file(settings) as file:
        take_lock(
            file,
            f"a run or a build is under way in {settings.home.resolve()}. "
            "Next: the same command when it is done",
        )
        yield


def _lock_file(settings: Settings) -> IO[str]:
    keep_private(settings.home)
    settings.landing_dir.mkdir(parents=True, exist_ok=True)
    return (settings.landing_dir / ".run.lock").open("w")
