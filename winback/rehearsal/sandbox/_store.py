"""The store of accepted messages and of webhooks still to be sent.

A request, its messages and their first webhooks are one transaction, committed with
fsync before the client gets its response: what was acknowledged is never forgotten.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

from winback.rehearsal.sandbox._batches import NOTICE_SECONDS
from winback.rehearsal.sandbox._database import Database
from winback.rehearsal.sandbox._records import Filter, Message, Move, Webhook

# SendGrid discards mail that stayed paused for so long after its time.
PAUSE_SECONDS: Final = 72 * 3600


class Store:
    """A store of messages and webhooks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def accept(
        self, *, body: dict[str, Any], messages: Sequence[Message], webhooks: Sequence[Webhook]
    ) -> list[Webhook]:
        """Keep one request whole; return its webhooks with their numbers."""
        columns = [name for name in vars(messages[0]) if name != "seq"]
        marks = ", ".join("?" * len(columns))
        with self._database.transaction() as db:
            db.execute(
                "insert into requests values (?, ?)", (messages[0].request_id, json.dumps(body))
            )
            db.executemany(
                f"insert into messages ({', '.join(columns)}) values ({marks})",
                [[getattr(message, name) for name in columns] for message in messages],
            )
            return _insert_webhooks(db, webhooks)

    def move(self, moves: Iterable[Move], webhooks: Iterable[Webhook] = ()) -> list[Webhook]:
        """Move messages on, with their webhooks; the first departure is the sending time."""
        with self._database.transaction() as db:
            db.executemany(
                "update messages set status = ?, updated_at = ?, error_code = ?, due_at = null,"
                " answered_by = coalesce(?, answered_by),"
                " sent_at = coalesce(sent_at, ?) where provider_id = ?",
                [
                    (m.status, m.at, m.error_code, m.answered_by, m.at if m.is_sent else None,
                     m.provider_id)
                    for m in moves
                ],
            )  # fmt: skip
            return _insert_webhooks(db, webhooks)

    def pending_webhooks(self) -> list[Webhook]:
        """List the webhooks not sent yet, in the order in which things happened."""
        rows = self._database.query("select * from webhooks where state = 'pending' order by seq")
        return [_webhook(row) for row in rows]

    def webhooks_about(self, provider_id: str) -> list[Webhook]:
        """List a message's webhooks, sent or not, in the order in which things happened."""
        rows = self._database.query(
            "select * from webhooks where about = ? order by seq", [provider_id]
        )
        return [_webhook(row) for row in rows]

    def texts_received(self) -> list[Webhook]:
        """List the texts that people sent, the newest first."""
        rows = self._database.query(
            """
            select * from webhooks
            where endpoint in ('twilio_inbound', 'log')
            and json_extract(body, '$.SmsStatus') = 'received'
            order by seq desc
            """
        )
        return [_webhook(row) for row in rows]

    def settle_webhooks(self, numbers: Sequence[int], state: Literal["delivered", "lost"]) -> None:
        with self._database.transaction() as db:
            db.executemany(
                "update webhooks set state = ? where seq = ? and state <> 'delivered'",
                [(state, n) for n in numbers],
            )

    def webhook_counts(self) -> dict[str, int]:
        rows = self._database.query("select state, count(*) as n from webhooks group by state")
        counts = {row["state"]: int(row["n"]) for row in rows}
        return {state: counts.get(state, 0) for state in ("pending", "delivered", "lost")}

    def messages(self, wanted: Filter) -> list[Message]:
        where = " and ".join(wanted.conditions) or "true"
        order = "desc" if wanted.newest_first else "asc"
        rows = self._database.query(
            f"select * from messages where {where} order by seq {order} limit ? offset ?",
            [*wanted.conditions.values(), wanted.limit, wanted.offset],
        )
        return [Message(**dict(row)) for row in rows]

    def message(self, provider_id: str) -> Message | None:
        rows = self._database.query("select * from messages where provider_id = ?", [provider_id])
        return Message(**dict(rows[0])) if rows else None

    def waiting_until(self, now: float) -> list[Message]:
        """List the waiting messages whose time has come, the earliest first."""
        rows = self._database.query(
            "select * from messages where due_at <= ? order by due_at, seq", [now]
        )
        return [Message(**dict(row)) for row in rows]

    def next_due(self) -> float | None:
        """Return when the next waiting message moves on, by itself or after too long a pause."""
        rows = self._database.query(
            "select min(due_at + case when b.batch_id is null then 0 else ? end) as due"
            " from messages as m left join batches as b on b.batch_id = m.batch_id"
            " and b.hold = 'pause' and b.held_at <= m.due_at - ? where m.due_at is not null",
            [PAUSE_SECONDS, NOTICE_SECONDS],
        )
        due: float | None = rows[0]["due"]
        return due

    def postpone(self, batch_id: str, now: float) -> None:
        """Let mail leave now that a pause kept beyond its time."""
        with self._database.transaction() as db:
            db.execute(
                "update messages set due_at = ? where batch_id = ? and due_at < ?",
                (now, batch_id, now),
            )

    def request_body(self, request_id: str) -> dict[str, Any]:
        rows = self._database.query("select body from requests where request_id = ?", [request_id])
        body: dict[str, Any] = json.loads(rows[0]["body"])
        return body

    def replace_body(self, request_id: str, body: dict[str, Any]) -> None:
        with self._database.transaction() as db:
            db.execute(
                "update requests set body = ? where request_id = ?", (json.dumps(body), request_id)
            )

    def note_reply(self, address: str, at: float) -> None:
        """Note that somebody wrote: for a day WhatsApp lets the shop reply freely."""
        with self._database.transaction() as db:
            db.execute("insert or replace into replies values (?, ?)", (address, at))

    def last_reply(self, address: str) -> float | None:
        rows = self._database.query("select at from replies where address = ?", [address])
        return float(rows[0]["at"]) if rows else None


def _insert_webhooks(db: sqlite3.Connection, webhooks: Iterable[Webhook]) -> list[Webhook]:
    numbered = []
    for webhook in webhooks:
        state = "untold" if webhook.endpoint == "log" else "pending"
        cursor = db.execute(
            "insert into webhooks (endpoint, url, body, about, state) values (?, ?, ?, ?, ?)",
            (webhook.endpoint, webhook.url, json.dumps(webhook.body), webhook.about, state),
        )
        numbered.append(
            Webhook(
                webhook.endpoint,
                webhook.body,
                webhook.url,
                webhook.about,
                seq=cursor.lastrowid or 0,
            )
        )
    return numbered


def _webhook(row: sqlite3.Row) -> Webhook:
    return Webhook(
        row["endpoint"], json.loads(row["body"]), row["url"], row["about"], seq=row["seq"]
    )
