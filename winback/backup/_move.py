"""Moving the ledger into another database: from SQLite to PostgreSQL, or back.

    hold the old one still → copy and compare → close the old one → open the new one

Each arrow is one commit. Until the third, the old ledger is the one that sends, and the new one is
a copy, from which nothing is sent; after it the old one sends nothing for good. So whatever a
move that was killed leaves behind, at most one of them sends, and the same command goes on.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Table, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from winback.backup._ledger import copy_rows, is_empty
from winback.base.clock import Clock
from winback.base.errors import UsageError, WinbackError
from winback.base.running import alone
from winback.base.settings import Settings
from winback.ledger import (
    Ledger,
    close_moved,
    is_copy_of,
    is_settled,
    moved_to,
    open_ledger,
    settle_here,
    tables,
)
from winback.sending import runs_alive, stop_all

_ROWS: Final = 2_000


@dataclass(frozen=True)
class MoveReport:
    """Where the ledger is now, without a password, and how many rows of each table are there."""

    place: str
    rows: dict[str, int]


def move_ledger(settings: Settings, clock: Clock, url: str) -> MoveReport:
    """Move the ledger to the database of a URL, which must be empty, or hold what this ledger was
    before it moved here.

    Safe to kill and to repeat. Raises WinbackError while a run is under way on any machine, for a
    ledger that may not send, and for a database in use; UsageError for a URL that names none.
    """
    place = _named(url)
    if place == _named(settings.effective_ledger_url):
        raise UsageError("the ledger is there already (WINBACK_LEDGER_URL)")
    there = settings.model_copy(update={"ledger_url": url, "adopt_ledger": "new"})
    with alone(settings), open_ledger(settings) as old, open_ledger(there) as new:
        with old.write() as source:
            _never_idle(source)
            already = moved_to(source)
            if already not in {None, place}:
                raise WinbackError(
                    f"this ledger has moved to {already} and is not moved again. Next: set "
                    "WINBACK_LEDGER_URL to where it is"
                )
            if already is None:
                _require_at_rest(old, source)
                _copy(source, new, place)
                # Workers that have it open look at the switch before each call.
                stop_all(source, reason=f"the ledger has moved to {place}", now=clock.now())
                close_moved(source, place)
        # The old one is closed for good: now the new one may send.
        with old.read() as source, new.write() as target:
            if not is_copy_of(target, source) or moved_to(target):
                raise WinbackError(
                    f"{place} holds another ledger by now, or one that has moved on: nothing was "
                    "changed. Next: set WINBACK_LEDGER_URL to where the ledger is"
                )
            if not is_settled(target):
                settle_here(target)
            return MoveReport(place, _counts(target))


def _named(url: str) -> str:
    """A database as messages name it: without user, password and options."""
    parsed = None
    with suppress(ArgumentError):
        parsed = make_url(url)
    if parsed is None or parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise UsageError("give the URL of a database: postgresql://HOST/NAME, or sqlite:///PATH")
    if not parsed.database:
        raise UsageError("the URL names no database: postgresql://HOST/NAME, or sqlite:///PATH")
    if parsed.get_backend_name() == "sqlite":
        return f"sqlite:///{Path(parsed.database).resolve()}"
    host = parsed.host or str(parsed.query.get("host", ""))
    _, found, schema = str(parsed.query.get("options", "")).partition("search_path=")
    return f"postgresql://{host}/{parsed.database}" + (f" ({schema})" if found else "")


def _require_at_rest(old: Ledger, source: Connection) -> None:
    if old.fenced:
        raise WinbackError(old.fenced)
    if alive := runs_alive(source):
        raise WinbackError(
            f"{alive} runs hold messages of this ledger, here or on other machines: nothing was "
            "moved. Next: stop the workers, and the same command when they have ended"
        )


def _copy(source: Connection, new: Ledger, place: str) -> None:
    """Copy one snapshot, and compare what arrived before it counts."""
    with new.write() as target:
        _never_idle(target)
        # What this ledger was before it moved here, or a copy that a killed move has left.
        is_past = moved_to(target) is not None or not is_settled(target)
        if not is_empty(target) and not (is_copy_of(target, source) and is_past):
            raise WinbackError(
                f"{place} holds a ledger that was in use, and a move replaces none. Next: an empty "
                "database or schema"
            )
        copy_rows(source, target)
        for table in tables.metadata.sorted_tables:
            if _digest(source, table) != _digest(target, table):
                raise WinbackError(
                    f"{table.name} did not arrive as it was in {place}: nothing was moved, and the "
                    "ledger here sends as before. Next: the same command again"
                )


def _never_idle(connection: Connection) -> None:
    """A server ends a session that is silent for long, as the one does which waits for the other
    database."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("set local idle_in_transaction_session_timeout = 0")


def _counts(connection: Connection) -> dict[str, int]:
    found = {
        table.name: connection.scalar(select(func.count()).select_from(table)) or 0
        for table in tables.metadata.sorted_tables
    }
    return {name: count for name, count in found.items() if count}


def _digest(connection: Connection, table: Table) -> tuple[int, int]:
    """The number of rows, and the sum of their hashes: each database has an order of its own."""
    count = total = 0
    rows = connection.execute(select(table), execution_options={"yield_per": _ROWS})
    for row in rows:
        count += 1
        told = repr([_plain(value) for value in row]).encode()
        total += int.from_bytes(hashlib.sha256(told).digest()[:16])
    return count, total


def _plain(value: Any) -> Any:
    """A value as both databases tell it."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime):
        return value.isoformat()
    return int(value) if isinstance(value, bool) else value
