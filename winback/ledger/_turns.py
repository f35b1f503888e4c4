"""Writers of a SQLite ledger take turns.

SQLite itself knows no queue: a waiting writer sleeps and looks again, ever more rarely, while a
run that writes transaction after transaction takes the lock back within microseconds. An opt-out
must not wait for luck.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def turn(database: str) -> Iterator[None]:
    """Wait for one's turn to write, over all threads and processes, then have it.

    Who waits for the pen holds the place at the head of the queue, so that nobody who
    comes back for the pen can overtake. The system frees both when their holder dies.
    """
    queue = _open(f"{database}.queue")
    try:
        pen = _open(f"{database}.pen")
        try:
            fcntl.flock(queue, fcntl.LOCK_EX)
            fcntl.flock(pen, fcntl.LOCK_EX)
            fcntl.flock(queue, fcntl.LOCK_UN)
            yield
        finally:
            os.close(pen)
    finally:
        os.close(queue)


def _open(name: str) -> int:
    """Anew each time: whoever shares an open file shares its lock."""
    return os.open(name, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
