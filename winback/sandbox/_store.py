"""What the sandbox has accepted and what it still has to tell: one SQLite file.

A request, its messages and their first webhooks are one transaction, committed with
fsync before the client gets its answer: what was answered is never forgotten.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

Provider = Literal["sendgrid", "twilio"]
Endpoint = Literal["sendgrid_events", "sendgrid_inbound", "twilio_status", "twilio_inbound"]

SCHEMA: Final = """
create table if not exists requests (
    request_id text primary key,
    body text not null
) without rowid;
create table if not exists messages (
    seq integer primary key,
    provider text not null,
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
    updated_at text not null
);
create index if not exists messages_by_our_id on messages (our_id);
create index if not exists messages_by_recipient on messages (recipient);
create table if not exists webhooks (
    seq integer primary key,
    endpoint text not null,
    url text,
    body text not null,
    state text not null default 'pending'
);
create index if not exists webhooks_pending on webhooks (endpoint, seq) where state = 'pending';
create table if not exists opt_outs (
    provider text not null,
    address text not null,
    reason text not null,
    primary key (provider, address)
) without rowid;
"""


@dataclass(frozen=True)
class Message:
    """One message to one recipient, as the provider keeps it."""

    provider: Provider
    provider_id: str
    request_id: str
    position: int
    our_id: str | None
    recipient: str
    sender: str
    accepted_at: str
    status: str
    updated_at: str
    error_code: int | None = None
    sent_at: str | None = None
    seq: int = 0


@dataclass(frozen=True)
class Webhook:
    """One thing to tell: a SendGrid event, or the parameters of one Twilio or Parse post.

    `url` is the exact status callback of a Twilio message; the other endpoints have
    their place under the receiver's base URL.
    """

    endpoint: Endpoint
    body: dict[str, Any]
    url: str | None = None
    seq: int = 0


@dataclass
class Filter:
    """Which messages to list; `sent_*` compare ISO timestamps."""

    provider: Provider | None = None
    recipient: str | None = None
    sender: str | None = None
    our_id: str | None = None
    sent_since: str | None = None
    sent_before: str | None = None
    after: int = 0
    limit: int = 1000
    offset: int = 0
    newest_first: bool = False

    conditions: dict[str, object] = field(init=False)

    def __post_init__(self) -> None:
        candidates: dict[str, object | None] = {
            "provider = ?": self.provider,
            "recipient = ?": self.recipient,
            "sender = ?": self.sender,
            "our_id = ?": self.our_id,
            "sent_at >= ?": self.sent_since,
            "sent_at < ?": self.sent_before,
            "seq > ?": self.after,
        }
        self.conditions = {sql: value for sql, value in candidates.items() if value is not None}


class Store:
    """The sandbox's memory. Safe to use from several threads; one transaction at a time."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = full")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        self._db.close()

    def accept(
        self, *, body: dict[str, Any], messages: Sequence[Message], webhooks: Sequence[Webhook]
    ) -> list[Webhook]:
        """Keep one request whole; return its webhooks with their numbers."""
        with self._lock, self._db:
            self._db.execute("begin immediate")
            self._db.execute(
                "insert into requests values (?, ?)", (messages[0].request_id, json.dumps(body))
            )
            columns = [name for name in vars(messages[0]) if name != "seq"]
            marks = ", ".join("?" * len(columns))
            self._db.executemany(
                f"insert into messages ({', '.join(columns)}) values ({marks})",
                [[getattr(message, name) for name in columns] for message in messages],
            )
            return self._insert_webhooks(webhooks)

    def add_webhooks(self, webhooks: Iterable[Webhook]) -> list[Webhook]:
        with self._lock, self._db:
            self._db.execute("begin immediate")
            return self._insert_webhooks(webhooks)

    def _insert_webhooks(self, webhooks: Iterable[Webhook]) -> list[Webhook]:
        numbered = []
        for webhook in webhooks:
            cursor = self._db.execute(
                "insert into webhooks (endpoint, url, body) values (?, ?, ?)",
                (webhook.endpoint, webhook.url, json.dumps(webhook.body)),
            )
            numbered.append(
                Webhook(webhook.endpoint, webhook.body, webhook.url, seq=cursor.lastrowid or 0)
            )
        return numbered

    def pending_webhooks(self) -> list[Webhook]:
        """Everything not told yet, in the order in which it happened."""
        rows = self._query("select * from webhooks where state = 'pending' order by seq")
        return [
            Webhook(row["endpoint"], json.loads(row["body"]), row["url"], seq=row["seq"])
            for row in rows
        ]

    def settle_webhooks(self, numbers: Sequence[int], state: Literal["delivered", "lost"]) -> None:
        with self._lock, self._db:
            self._db.execute("begin immediate")
            self._db.executemany(
                "update webhooks set state = ? where seq = ?", [(state, n) for n in numbers]
            )

    def webhook_counts(self) -> dict[str, int]:
        rows = self._query("select state, count(*) as n from webhooks group by state")
        counts = {row["state"]: int(row["n"]) for row in rows}
        return {state: counts.get(state, 0) for state in ("pending", "delivered", "lost")}

    def set_status(
        self, provider_id: str, *, status: str, at: str, error_code: int | None = None
    ) -> None:
        """A message moves on; its first departure from the queue is when it was sent."""
        with self._lock, self._db:
            self._db.execute("begin immediate")
            self._db.execute(
                "update messages set status = ?, updated_at = ?, error_code = ?,"
                " sent_at = coalesce(sent_at, ?) where provider_id = ?",
                (status, at, error_code, at, provider_id),
            )

    def messages(self, wanted: Filter) -> list[Message]:
        where = " and ".join(wanted.conditions) or "true"
        order = "desc" if wanted.newest_first else "asc"
        rows = self._query(
            f"select * from messages where {where} order by seq {order} limit ? offset ?",
            [*wanted.conditions.values(), wanted.limit, wanted.offset],
        )
        return [Message(**dict(row)) for row in rows]

    def message(self, provider_id: str) -> Message | None:
        rows = self._query("select * from messages where provider_id = ?", [provider_id])
        return Message(**dict(rows[0])) if rows else None

    def request_body(self, request_id: str) -> dict[str, Any]:
        rows = self._query("select body from requests where request_id = ?", [request_id])
        body: dict[str, Any] = json.loads(rows[0]["body"])
        return body

    def opt_out(self, provider: Provider, address: str, reason: str) -> None:
        with self._lock, self._db:
            self._db.execute(
                "insert into opt_outs values (?, ?, ?) on conflict do nothing",
                (provider, address, reason),
            )

    def opt_in(self, provider: Provider, address: str) -> None:
        with self._lock, self._db:
            self._db.execute(
                "delete from opt_outs where provider = ? and address = ?", (provider, address)
            )

    def opt_out_reason(self, provider: Provider, address: str) -> str | None:
        rows = self._query(
            "select reason from opt_outs where provider = ? and address = ?", [provider, address]
        )
        return str(rows[0]["reason"]) if rows else None

    def _query(self, sql: str, parameters: Sequence[object] = ()) -> list[sqlite3.Row]:
        with self._lock, closing(self._db.execute(sql, parameters)) as cursor:
            return cursor.fetchall()
