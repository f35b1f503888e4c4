"""The SQLite file behind everything that the sandbox must not forget."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from winback.base.errors import WinbackError

VERSION: Final = 2
TABLES: Final = """
create table if not exists requests (
    request_id text primary key,
    body text not null
) without rowid;
create table if not exists messages (
    seq integer primary key,
    provider text not null,
    kind text not null,
    provider_id text not null unique,
    request_id text not null references requests,
    position integer not null,
    our_id text,
    recipient text not null,
    sender text not null,
    accepted_at text not null,
    status text not null,
    error_code integer,
    sent_at text,
    updated_at text not null,
    batch_id text,
    -- While it waits: when it moves on (Unix seconds), and to which status.
    due_at real,
    due_status text,
    answered_by text
);
create index if not exists messages_by_our_id on messages (our_id);
create index if not exists messages_by_recipient on messages (recipient);
create index if not exists messages_by_batch on messages (batch_id) where batch_id is not null;
create index if not exists messages_waiting on messages (due_at) where due_at is not null;
create table if not exists webhooks (
    seq integer primary key,
    endpoint text not null,
    url text,
    body text not null,
    about text,
    state text not null default 'pending'
);
create index if not exists webhooks_pending on webhooks (endpoint, seq) where state = 'pending';
create index if not exists webhooks_about on webhooks (about) where about is not null;
create table if not exists suppressions (
    provider text not null,
    address text not null,
    kind text not null,
    group_id integer not null,
    created_at integer not null,
    reason text not null,
    status text not null,
    primary key (provider, address, kind, group_id)
) without rowid;
create table if not exists batches (
    batch_id text primary key,
    -- 'cancel' or 'pause', and since when (Unix seconds); null: nothing holds it.
    hold text,
    held_at real
) without rowid;
create table if not exists replies (
    address text primary key,
    at real not null
) without rowid;
"""


class Database:
    """A database for several threads: one transaction at a time, each with fsync."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = full")
        self._refuse_older(path)
        self._db.executescript(TABLES)
        self._db.execute(f"pragma user_version = {VERSION}")

    def _refuse_older(self, path: Path) -> None:
        (version,) = self._db.execute("pragma user_version").fetchone()
        (tables,) = self._db.execute("select count(*) from sqlite_master").fetchone()
        if tables and version != VERSION:
            self._db.close()
            raise WinbackError(
                f"{path} was kept by another version of winback's sandbox: remove {path.parent},"
                " nothing in it is real"
            )

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._db:
            self._db.execute("begin immediate")
            yield self._db

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[sqlite3.Row]:
        with self._lock, closing(self._db.execute(sql, parameters)) as cursor:
            return cursor.fetchall()
