"""Channel gates: an open one stops every runner of a channel until an operator looks."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, select

from winback.ledger import insert_new, tables

# Long enough for runners under way to see it; the next run that is started tries anew.
OPEN_FOR = timedelta(minutes=15)
_g = tables.channel_gates.c
_ALL_SENDERS = ""
# Built once: asked before every call.
_WHY = select(_g.reason).where(_g.channel == bindparam("channel"), _g.open_until > bindparam("now"))


def open_gate(connection: Connection, channel: str, *, reason: str, now: datetime) -> None:
    """Stop a channel, for this run and for those beside it."""
    close_gate(connection, channel)
    row = {
        "channel": channel,
        "sender": _ALL_SENDERS,
        "open_until": now + OPEN_FOR,
        "reason": reason,
    }
    insert_new(connection, tables.channel_gates, [row])


def close_gate(connection: Connection, channel: str) -> None:
    """Let a channel send again."""
    statement = delete(tables.channel_gates).where(_g.channel == channel)
    connection.execute(statement.where(_g.sender == _ALL_SENDERS))


def why_stopped(connection: Connection, channel: str, *, now: datetime) -> str:
    """The reason of an open gate; empty if the channel may send."""
    row = connection.execute(_WHY, {"channel": channel, "now": now}).first()
    return "" if row is None else str(row.reason)
