"""A warehouse whose file is damaged is thrown away: it is derived, and a build makes it anew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import duckdb

from winback.base.errors import BuildFailure
from winback.base.settings import Settings

# As DuckDB says it; not that another process has the file, or that this user may not read it.
_DAMAGED: Final = re.compile(
    "not a valid DuckDB database file|Could not read (enough bytes )?from file|Corrupt database"
    "|replaying WAL|with version number",
    re.IGNORECASE,
)
# What a build remembers of the warehouse, beside it.
MEMORIES: Final = ("last_build", "published_as", "seeds.sha256")


def discard_damaged(settings: Settings) -> list[str]:
    """Throw a warehouse away that DuckDB can't open; a warning where there was one."""
    if not settings.warehouse_path.exists():
        return []
    if not _is_damaged(settings.warehouse_path):
        return []
    _discard(settings)
    return ["the warehouse's file was damaged: it is made anew, and nothing is lost"]


@contextmanager
def damage_told(settings: Settings) -> Iterator[None]:
    """Throw a warehouse away where a build meets damage inside it. Raises BuildFailure."""
    try:
        yield
    except BuildFailure as error:
        if not _DAMAGED.search(str(error)):
            raise
        _discard(settings)
        raise BuildFailure(
            "the warehouse's file was damaged and has been thrown away. Nothing is lost, since "
            "it is made from landing. Next: run the command again"
        ) from None


def _is_damaged(path: Path) -> bool:
    with path.open("rb") as file:
        # What is another program's, DuckDB would try to read by an extension.
        if file.read(12)[8:] != b"DUCK":
            return True
    try:
        duckdb.connect(str(path), read_only=True).close()
    except duckdb.Error as error:
        return bool(_DAMAGED.search(str(error)))
    return False


def _discard(settings: Settings) -> None:
    path = settings.warehouse_path
    for name in (path.name, f"{path.name}.wal", *MEMORIES):
        path.with_name(name).unlink(missing_ok=True)
