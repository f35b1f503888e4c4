"""Files that appear under their name only when they are whole."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A name beside `path` to write under; the file takes its place when the block ends well.

    A reader sees the old file or the new one, and two writers, processes or threads, don't meet.
    """
    writer = f"{os.getpid()}-{threading.get_ident()}"
    beside = path.with_name(f".{path.name}.{writer}.unfinished")
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
