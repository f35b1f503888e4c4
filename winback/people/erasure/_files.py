"""Files made anew: whole under their own name, with the rights that the old one had."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from winback.base.cells import CellWriter


@contextmanager
def replace_file(path: Path) -> Iterator[Path]:
    """A name to write the new file under; it takes the old one's place when the block ends."""
    temporary = path.with_name(f".{path.name}.erasing")
    temporary.touch(mode=0o600)
    try:
        yield temporary
        shutil.copymode(path, temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    finally:
        temporary.unlink(missing_ok=True)


def replace_rows(path: Path, rows: Iterable[Iterable[object]]) -> None:
    """Make a file of cells anew, with these rows."""
    with replace_file(path) as target, target.open("w", newline="", encoding="utf-8") as file:
        CellWriter(file).writerows(rows)
