"""Reading the inbox: the conversations in which a human owes a reply."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from winback import conversations
from winback.base.clock import Clock
from winback.base.errors import UsageError, WinbackError
from winback.base.project import project_vars
from winback.ledger import NEEDS_A_HUMAN, Ledger, replies_in, tables, waiting

# Of the hash that names a conversation: enough to tell a shop's open ones apart.
_ID_LENGTH: Final = 8


@dataclass(frozen=True)
class Line:
    """One thing that was said; `said_by` is `they` or `we`."""

    at: datetime
    said_by: str
    text: str = field(repr=False)


@dataclass(frozen=True)
class Thread:
    """A conversation as a human reads it: the address masked, the words as they were written.

    `reference` names the conversation and how much of it was shown, so that nobody closes
    what they have not read. `about` is the playbook and step that the last reply answers.
    """

    reference: str
    customer_id: str | None
    channel_group: str
    masked_address: str
    intent: str
    # None: nobody waits.
    waits: timedelta | None
    about: str
    lines: tuple[Line, ...] = field(repr=False)


def threads(ledger: Ledger, clock: Clock, *, closed: bool = False) -> list[Thread]:
    """Who waits for a human, the longest waiting first.

    With `closed`, instead the conversations that may still go on and in which nobody waits any
    more, the last reply last.
    """
    now = clock.now()
    with ledger.read() as connection:
        rows = _closed(connection, now) if closed else waiting(connection)
        return [_thread(connection, row, now) for row in rows]


def _closed(connection: Connection, now: datetime) -> Sequence[Row[Any]]:
    c = tables.conversations.c
    since = now - timedelta(days=project_vars()["conversation_gap_days"])
    query = select(tables.conversations).where(
        c.waiting_since.is_(None), c.resolved_at.is_not(None), c.last_reply_at > since
    )
    return connection.execute(query.order_by(c.last_reply_at, c.conversation_id)).all()


def queue(ledger: Ledger, clock: Clock) -> list[dict[str, Any]]:
    """How many people wait by intent, and the longest wait in hours: counts, for everybody."""
    rows: dict[str, dict[str, Any]] = {}
    for thread in threads(ledger, clock):
        row = rows.setdefault(thread.intent, {"intent": thread.intent, "people": 0, "hours": 0})
        row["people"] += 1
        waits = thread.waits or timedelta(0)
        row["hours"] = max(row["hours"], int(waits.total_seconds() // 3600))
    return [rows[intent] for intent in sorted(rows)]


def find(
    connection: Connection, reference: str, *, closed: bool = False
) -> tuple[Row[Any], list[Row[Any]]]:
    """The waiting conversation of a reference, and all its replies; with `closed`, any one.

    Raises UsageError where there is none, WinbackError where it has replies that whoever
    holds the reference has not seen.
    """
    start, _, seen = reference.partition(".")
    c = tables.conversations
    if closed:
        named = c.c.conversation_id.startswith(start, autoescape=True)
        found = list(connection.execute(select(c).where(named).limit(2)))
    else:
        found = [row for row in waiting(connection) if row.conversation_id.startswith(start)]
    if not start or not seen.isdigit() or len(found) != 1:
        raise UsageError(
            f"no conversation {reference!r}{'' if closed else ' waits for a reply'}. "
            "Next: winback inbox"
        )
    replies = replies_in(connection, found[0].conversation_id)
    if len(replies) != int(seen):
        raise WinbackError(
            f"conversation {start} has {len(replies) - int(seen)} more replies than "
            f"{reference!r} showed. Next: winback inbox"
        )
    return found[0], replies


def _thread(connection: Connection, row: Row[Any], now: datetime) -> Thread:
    replies = replies_in(connection, row.conversation_id)
    since = row.waiting_since
    unclear = [
        reply
        for reply in replies
        if reply.intent in NEEDS_A_HUMAN and (since is None or reply.received_at >= since)
    ]
    return Thread(
        reference=f"{row.conversation_id[:_ID_LENGTH]}.{len(replies)}",
        customer_id=row.customer_id,
        channel_group=row.channel_group,
        masked_address=masked(row.address),
        intent=_gravest(unclear),
        waits=None if since is None else now - since,
        about=_about(connection, replies[-1].message_id),
        lines=_lines(connection, row.conversation_id, replies),
    )


def _lines(
    connection: Connection, conversation_id: str, replies: Sequence[Row[Any]]
) -> tuple[Line, ...]:
    """Both sides in the order of time; a reply that may not have been sent is marked."""
    lines = [Line(reply.received_at, "they", printable(reply.text)) for reply in replies]
    for ours in conversations.our_replies_in(connection, conversation_id):
        words = printable(conversations.words_of(ours))
        lines.append(Line(ours.planned_at, "we", f"{_doubt(ours)}{words}"))
    return tuple(sorted(lines, key=lambda line: line.at))


def _doubt(ours: Row[Any]) -> str:
    """The writer of a reply, unless it was a human, and its state, unless it left for sure."""
    notes = ["automated"] if ours.written_by != "human" else []
    notes += [ours.state] if ours.state != "accepted" else []
    return f"({', '.join(notes)}) " if notes else ""


def _gravest(replies: Sequence[Row[Any]]) -> str:
    """A reply that may be an opt-out comes before all others."""
    intents = [reply.intent for reply in replies]
    return "hold" if "hold" in intents else intents[-1]


def _about(connection: Connection, message_id: str | None) -> str:
    m = tables.messages.c
    row = connection.execute(select(m.playbook_id, m.step).where(m.message_id == message_id))
    found = row.first()
    return f"{found.playbook_id} {found.step}" if found else ""


def masked(address: str) -> str:
    """An address that only its owner recognizes."""
    name, at, domain = address.partition("@")
    if not at:
        return f"{address[:2]}…{address[-2:]}"
    return f"{name[:1]}…@{domain[:1]}…{domain[domain.rfind('.') :]}"


def printable(text: str) -> str:
    """Foreign words on one line, without characters that steer a terminal or turn the reading
    order."""
    kept = (" " if unicodedata.category(c)[0] in "CZ" and c != "\u200d" else c for c in text)
    return " ".join("".join(kept).split())
