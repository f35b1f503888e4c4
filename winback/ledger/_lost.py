"""A ledger that is gone is not begun anew by itself: an empty one has forgotten who was written to
and who said STOP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, inspect

from winback.base.errors import SILENCE
from winback.base.settings import Settings
from winback.ledger import _tables as t
from winback.ledger._trouble import LedgerUnavailable, tell_trouble

# The value of WINBACK_ADOPT_LEDGER by which an operator asks for an empty ledger.
NEW: Final = "new"
# The first part of an exported table: without a row, with every column.
EMPTY_PART: Final = "00000000.parquet"
# A ledger has its key before anything else.
_KEYS: Final = "address_keys"


def has_ledger(settings: Settings) -> bool:
    """Whether a ledger may be there, or was; opening one makes it."""
    is_there = bool(settings.ledger_url) or (settings.home / "ledger.db").exists()
    return is_there or next(_traces(settings), None) is not None


def refuse_if_lost(settings: Settings, engine: Engine) -> None:
    """Raise LedgerUnavailable where a ledger is still to be made, and one was there before."""
    if settings.adopt_ledger == NEW:
        return
    # The order matters: a process that makes a ledger at this moment leaves traces after it.
    trace = next(_traces(settings), None)
    if trace is not None and _is_empty(engine):
        raise LedgerUnavailable(
            f"the ledger is gone or empty, and {trace} shows that there was one. Nothing is begun "
            "anew, since an empty ledger forgets who was written to and who said STOP. Next: put "
            "your newest backup in its place (WINBACK_LEDGER_URL). If there is none, and an empty "
            f"one is meant, run the command once with WINBACK_ADOPT_LEDGER={NEW}. {SILENCE}"
        )


def _is_empty(engine: Engine) -> bool:
    file = engine.url.database
    if engine.dialect.name == "sqlite" and not (file and _size(Path(file))):
        return True
    with tell_trouble(), engine.connect() as connection:
        return not inspect(connection).has_table(t.meta.name)


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _traces(settings: Settings) -> Iterator[Path]:
    """Traces under the home that only a ledger with rows leaves."""
    for table in sorted(t.metadata.tables.keys() - {_KEYS}):
        folder = settings.ledger_landing_dir / table
        yield from (path for path in sorted(folder.glob("*.parquet")) if path.name != EMPTY_PART)
    yield from sorted(settings.events_dir.glob("*.jsonl"))
    manifest = settings.published_dir / "current" / "manifest.json"
    if _counts_messages(manifest):
        yield manifest


def _counts_messages(manifest: Path) -> bool:
    try:
        rows = json.loads(manifest.read_text())["row_counts"]
        return bool(rows.get("messages") or rows.get("enrollments"))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return False
