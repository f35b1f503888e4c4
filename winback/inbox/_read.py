"""Reading the inbox: the conversations in which a human owes an answer."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from winback.clock import Clock
from winback.errors import UsageError, WinbackError
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
    waits: timedelta
    about: str
    lines: tuple[Line, ...] = field(repr=False)


def threads(ledger: Ledger, clock: Clock) -> list[Thread]:
    """Who waits for a human, the longest waiting first."""
    now = clock.now()
    with ledger.read() as connection:
        return [_thread(connection, row, now) for row in waiting(connection)]


def queue(ledger: Ledger, clock: Clock) -> list[dict[str, Any]]:
    """How many people wait by intent, and the longest wait in hours: counts, for everybody."""
    rows: dict[str, dict[str, Any]] = {}
    for thread in threads(ledger, clock):
        row = rows.setdefault(thread.intent, {"intent": thread.intent, "people": 0, "hours": 0})
        row["people"] += 1
        row["hours"] = max(row["hours"], int(thread.waits.total_seconds() // 3600))
    return [rows[intent] for intent in sorted(rows)]


def find(connection: Connection, reference: str) -> tuple[Row[Any], list[Row[Any]]]:
    """The waiting conversation of a reference, and all its replies.

    Raises UsageError where there is none, WinbackError where it has replies that whoever
    holds the reference has not seen.
    """
    start, _, seen = reference.partition(".")
    found = [row for row in waiting(connection) if row.conversation_id.startswith(start)]
    if not start or not seen.isdigit() or len(found) != 1:
        raise UsageError(f"no conversation {reference!r} waits for an answer. Next: winback inbox")
    replies = replies_in(connection, found[0].conversation_id)
    if len(replies) != int(seen):
        raise WinbackError(
            f"conversation {start} has {len(replies) - int(seen)} more replies than "
            f"{reference!r} showed. Next: winback inbox"
        )
    return found[0], replies


def _thread(connection: Connection, row: Row[Any], now: datetime) -> Thread:
    replies = replies_in(connection, row.conversation_id)
    unclear = [
        reply
        for reply in replies
        if reply.intent in NEEDS_A_HUMAN and reply.received_at >= row.waiting_since
    ]
    return Thread(
        reference=f"{row.conversation_id[:_ID_LENGTH]}.{len(replies)}",
        customer_id=row.customer_id,
        channel_group=row.channel_group,
        masked_address=masked(row.address),
        intent=_gravest(unclear),
        waits=now - row.waiting_since,
        about=_about(connection, replies[-1].message_id),
        lines=_lines(connection, row.conversation_id, replies),
    )


def _lines(
    connection: Connection, conversation_id: str, replies: Sequence[Row[Any]]
) -> tuple[Line, ...]:
    """Both sides in the order of time; of an answer that did not go out for sure it says so."""
    a = tables.answers.c
    query = select(a.text, a.state, a.started_at).where(a.conversation_id == conversation_id)
    lines = [Line(reply.received_at, "they", printable(reply.text)) for reply in replies]
    for row in connection.execute(query):
        doubt = "" if row.state == "sent" else f"({row.state}) "
        lines.append(Line(row.started_at, "we", doubt + printable(row.text)))
    return tuple(sorted(lines, key=lambda line: line.at))


def _gravest(replies: Sequence[Row[Any]]) -> str:
    """What may be an opt-out comes before whatever else they wrote."""
    intents = [reply.intent for reply in replies]
    return "hold" if "hold" in intents else intents[-1]


def _about(connection: Connection, message_id: str | None) -> str:
    m = tables.messages.c
    row = connection.execute(select(m.playbook_id, m.step).where(m.message_id == message_id))
    found = row.first()
    return f"{found.playbook_id} {found.step}" if found else ""


def masked(address: str) -> str:
    """An address that tells its owner again and nobody else."""
    name, at, domain = address.partition("@")
    if not at:
        return f"{address[:2]}…{address[-2:]}"
    return f"{name[:1]}…@{domain[:1]}…{domain[domain.rfind('.') :]}"


def printable(text: str) -> str:
    """Foreign words on one line, without what would steer a terminal or turn the reading order."""
    kept = (" " if unicodedata.category(c)[0] in "CZ" and c != "\u200d" else c for c in text)
    return " ".join("".join(kept).split())
