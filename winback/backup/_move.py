"""Moving the ledger into another database: from SQLite to PostgreSQL, or back.

    hold the old one still → copy and compare → close the old one → open the new one

Each arrow is one commit. Until the third, the old ledger is the one that sends, and the new one is
a copy, from which nothing is sent; after it the old one sends nothing for good. So whatever a
move that was killed leaves behind, at most one of them sends, and the same command goes on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
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
    claims_alive,
    is_same_ledger,
    moved_to,
    open_ledger,
    settle_here,
    tables,
)
from winback.sending import stop_all

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
            already = moved_to(source)
            if already not in {None, place}:
                raise WinbackError(
                    f"this ledger has moved to {already} and is not moved again. Next: set "
                    "WINBACK_LEDGER_URL to where it is"
                )
            if already is None:
                _require_at_rest(old, source)
                counts = _copy(source, new, place)
                stop_all(source, reason=f"the ledger has moved to {place}", now=clock.now())
                close_moved(source, place)
            else:
                counts = _counts(source)
        # The old one is closed for good: now the new one may send.
        with new.write() as target:
            if not is_same_ledger(target, token_secret=old.token_secret):
                raise WinbackError(f"{place} holds another ledger than the one that moved there")
            settle_here(target)
    return MoveReport(place, counts)


def _named(url: str) -> str:
    """A database as messages name it: without user and password."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is None or parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise UsageError("give the URL of a database: postgresql://…, or sqlite:///PATH")
    if not parsed.database:
        raise UsageError("the URL names no database: postgresql://HOST/NAME, or sqlite:///PATH")
    host = f"{parsed.host or parsed.query.get('host', '')}" if parsed.host or parsed.query else ""
    options = str(parsed.query.get("options", ""))
    schema = options.rpartition("search_path=")[2] if "search_path=" in options else ""
    name = f"{parsed.get_backend_name()}://{host}/{parsed.database}"
    return f"{name} ({schema})" if schema else name


def _require_at_rest(old: Ledger, source: Connection) -> None:
    if old.fenced:
        raise WinbackError(old.fenced)
    if alive := claims_alive(source):
        raise WinbackError(
            f"{alive} runs hold messages of this ledger, here or on other machines: nothing was "
            "moved. Next: stop the workers, and the same command when they have ended"
        )


def _copy(source: Connection, new: Ledger, place: str) -> dict[str, int]:
    """The rows of one snapshot, compared with what arrived before they count."""
    with new.write() as target:
        is_old_self = moved_to(target) is not None or _is_unfinished(source, target)
        is_ours = is_same_ledger(target, token_secret=_secret(source))
        if not is_empty(target) and not (is_ours and is_old_self):
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
    return _counts(source)


def _is_unfinished(source: Connection, target: Connection) -> bool:
    """A copy that a killed move has left: it stands, by its own words, where the old one does."""
    return _meta(source, "place") == _meta(target, "place")


def _secret(connection: Connection) -> str:
    return _meta(connection, "token_secret") or ""


def _meta(connection: Connection, key: str) -> str | None:
    m = tables.meta.c
    return connection.scalar(select(m.value).where(m.key == key))


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
