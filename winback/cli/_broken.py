"""Which of our own files is damaged, for a command that failed and can't tell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from winback.base.errors import BuildFailure, UsageError, WinbackError
from winback.base.settings import Settings

_BACKUP: Final = "put its newest backup in its place; if there is none, move it away"


def broken_file(error: BaseException) -> str:
    """The line for an error that a damaged file of ours caused; empty where none is damaged.

    Every file is read: an error seldom names the one that it is about.
    """
    # A build tells of a damaged file as its own failure; other refusals never do.
    if isinstance(error, WinbackError) and not isinstance(error, BuildFailure):
        return ""
    import duckdb
    import pyarrow as pa

    may_be = (duckdb.Error, pa.ArrowException, OSError, ValueError, BuildFailure)
    if not isinstance(error, may_be):
        return ""
    try:
        settings = Settings.load()
    except UsageError:
        return ""
    path = next((path for path in _files(settings) if not _is_whole(path)), None)
    if path is None:
        return ""
    return f"{path} is damaged and can't be read. Next: {_advice(settings, path)}"


def _files(settings: Settings) -> Iterator[Path]:
    for name in ("current", "dry-run"):
        yield from sorted((settings.published_dir / name).resolve().glob("*.*"))
    yield from sorted(settings.shop_dir.glob("*.parquet"))
    yield from sorted(settings.ledger_landing_dir.glob("*/*.parquet"))
    yield from sorted((settings.landing_dir / "loads").glob("*.json"))


def _is_whole(path: Path) -> bool:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if path.suffix == ".json":
            return isinstance(json.loads(path.read_text()), dict)
        with pq.ParquetFile(path) as file:
            for _ in file.iter_batches():
                pass
    except (pa.ArrowException, OSError, ValueError):
        # Gone meanwhile, or not for this user to read, is no damage.
        return not _is_readable(path)
    return True


def _is_readable(path: Path) -> bool:
    try:
        path.open("rb").close()
    except OSError:
        return False
    return True


def _advice(settings: Settings, path: Path) -> str:
    from winback.ledger import EXPORTED

    if path.is_relative_to(settings.published_dir):
        return "winback build, which publishes it anew; nothing is lost"
    if path.parent.name in EXPORTED and path.is_relative_to(settings.ledger_landing_dir):
        return (
            f"empty it (: > {path}), then winback run, which writes it anew from the ledger; "
            "nothing is lost"
        )
    if path.is_relative_to(settings.shop_dir):
        return f"{_BACKUP} and load all of the shop's files again (winback load DIR)"
    return f"{_BACKUP}, which loses what it told of its day"
