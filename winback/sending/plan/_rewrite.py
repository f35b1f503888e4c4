"""Words that nobody approved yet may still change: what a person refused for its words is mended.

Only those of a message that was never in a call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, select

from winback.base.settings import Settings
from winback.ledger import WAITING, Ledger, among, insert_new, reschedule, tables
from winback.sending._due import Part
from winback.sending.approval._ask import approvals_by_step, needs_approval
from winback.sending.approval._judge import approved_by_step

_m, _l = tables.messages.c, tables.links.c
_WORDS: Final = (
    "message_id", "sender", "payload_json", "payload_sha256", "template_version",
    "content_sha256", "segments", "cost_cents", "planned_at", "offer_id", "offer_expires_at",
)  # fmt: skip


def unapproved(
    ledger: Ledger, settings: Settings, rows: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Those of these rows of the outbox whose messages wait and say what nobody approved."""
    if not rows:
        return []
    with ledger.read() as connection:
        if not needs_approval(connection, settings):
            return []
        approved = approved_by_step(approvals_by_step(connection))
        found = _never_called(connection, [row["message_id"] for row in rows])
    return [
        row
        for row in rows
        if row["message_id"] in found
        and found[row["message_id"]]
        not in approved.get(Part(row["playbook_id"], row["step"]), frozenset())
    ]


def rewrite(
    connection: Connection,
    messages: Sequence[Mapping[str, Any]],
    links: Sequence[Mapping[str, Any]],
    *,
    at: datetime,
) -> int:
    """Give messages the words that they would be written with now; how many read otherwise."""
    found = _never_called(connection, [message["message_id"] for message in messages])
    changed = [
        message
        for message in messages
        if message["message_id"] in found
        and found[message["message_id"]] != message["content_sha256"]
    ]
    if not changed:
        return 0
    keys = {message["message_id"] for message in changed}
    connection.execute(delete(tables.links).where(among(_l.message_id, keys)))
    insert_new(connection, tables.links, [it for it in links if it["message_id"] in keys])
    rows = [{name: message[name] for name in _WORDS} for message in changed]
    return reschedule(connection, rows, at=at)


def _never_called(connection: Connection, message_ids: Sequence[str]) -> dict[str, str]:
    """What each of these messages says that waits and was in no call, by a hash."""
    called = select(tables.attempt_messages.c.message_id)
    query = select(_m.message_id, _m.content_sha256).where(
        among(_m.message_id, message_ids),
        _m.state.concat("").in_(WAITING),
        _m.message_id.not_in(called.where(tables.attempt_messages.c.message_id == _m.message_id)),
    )
    return {row.message_id: row.content_sha256 or "" for row in connection.execute(query)}
