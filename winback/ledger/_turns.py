"""Writers of a SQLite ledger take turns.

SQLite itself knows no queue: a waiting writer sleeps and looks again, ever more rarely, while a
run that writes transaction after transaction takes the lock back within microseconds. An opt-out
must not wait for luck.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def turn(database: Path) -> Iterator[None]:
    """Wait for one's turn to write, over all threads and processes, then have it.

    Who waits for the pen holds the place at the head of the queue, so that nobody who
    comes back for the pen can overtake. The system frees both when their holder dies.
    """
    with (
        database.with_name(f"{database.name}.queue").open("w") as queue,
        database.with_name(f"{database.name}.pen").open("w") as pen,
    ):
        fcntl.flock(queue, fcntl.LOCK_EX)
        fcntl.flock(pen, fcntl.LOCK_EX)
        fcntl.flock(queue, fcntl.LOCK_UN)
        yield
