"""What people write to us, kept as conversations."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, or_, select, update

from winback.ledger import _tables as t
from winback.ledger._address_keys import AddressKey
from winback.ledger._among import among, texts
from winback.ledger._suppressions import ChannelGroup, normalize

# The intent of a mail whose sender may be somebody else.
UNAUTHENTICATED: Final = "unauthenticated"
# What no rule answers: a question, what may be a stop, what nobody understood, who joins a series
# from a number that we don't know, and who may not be who they say.
NEEDS_A_HUMAN: Final = frozenset({"question", "hold", "other", "unknown_joiner", UNAUTHENTICATED})

_c, _r = t.conversations.c, t.replies.c


@dataclass(frozen=True)
class Written:
    """What somebody wrote to us. `message_id` is what it answers, `mail_id` a mail's own
    Message-ID."""

    reply_id: str
    group: ChannelGroup
    address: str
    customer_id: str | None
    message_id: str | None
    text: str
    intent: str
    received_at: datetime
    mail_id: str | None = None

    @property
    def needs_human(self) -> bool:
        return self.intent in NEEDS_A_HUMAN


def keep_reply(
    connection: Connection,
    *,
    reply_id: str,
    group: ChannelGroup,
    address: str,
    customer_id: str | None,
    message_id: str | None,
    text: str,
    intent: str,
    received_at: datetime,
    gap: timedelta,
    mail_id: str | None = None,
) -> bool:
    """Store a reply in its person's conversation; whether somebody now waits who did not.

    A reply belongs to the person's last conversation if that is waiting for an answer or
    saw its last reply less than `gap` ago; else it opens one, as each does whose sender may be
    somebody else. Safe to repeat: a reply that is there changes nothing.
    """
    reply = Written(
        reply_id, group, address, customer_id, message_id, text, intent, received_at, mail_id
    )
    return keep_replies(connection, [reply], gap=gap) == 1


def keep_replies(connection: Connection, replies: Sequence[Written], *, gap: timedelta) -> int:
    """As `keep_reply`, of any number at once; how many now wait who did not.

    Those of different people cost what one costs, those of one person are kept one after another.
    """
    if not replies:
        return 0
    kept = select(_r.reply_id).where(among(_r.reply_id, [reply.reply_id for reply in replies]))
    known, rest = set(connection.scalars(kept)), list[Written]()
    for reply in replies:
        if reply.reply_id not in known:
            rest.append(replace(reply, address=normalize(reply.group, reply.address)))
        known.add(reply.reply_id)
    now_waiting = 0
    while rest:
        newly, rest = _keep_first(connection, rest, gap)
        now_waiting += newly
    return now_waiting


def _keep_first(
    connection: Connection, replies: Sequence[Written], gap: timedelta
) -> tuple[int, list[Written]]:
    """Keep the first reply of each person; how many now wait, and the other replies."""
    find, key = _Standing(connection, replies, gap), AddressKey.of(connection)
    opened, added, changed = list[dict[str, Any]](), list[dict[str, Any]](), list[dict[str, Any]]()
    now_waiting, later, taken = 0, list[Written](), set[object]()
    for reply in replies:
        found = find.of(reply)
        whose = {(reply.group, reply.address), reply.customer_id, found and found.conversation_id}
        if not taken.isdisjoint(whose - {None}):
            taken |= whose
            later.append(reply)
            continue
        taken |= whose
        hidden = key.hide(reply.address)
        if found is None:
            conversation_id = hashlib.sha256(reply.reply_id.encode()).hexdigest()[:32]
            opened.append(_opened(reply, conversation_id, hidden))
        else:
            conversation_id = found.conversation_id
            changed.append(_changed(reply, found, hidden))
        added.append(_row(reply, conversation_id))
        now_waiting += reply.needs_human and (found is None or found.waiting_since is None)
    if opened:
        connection.execute(t.conversations.insert(), opened)
    if changed:
        connection.execute(_CHANGED, changed)
    connection.execute(t.replies.insert(), added)
    return now_waiting, later


def _opened(reply: Written, conversation_id: str, hidden: str) -> dict[str, Any]:
    return {
        "conversation_id": conversation_id,
        "customer_id": reply.customer_id,
        "channel_group": reply.group,
        "address": reply.address,
        "hidden_address": hidden,
        "opened_at": reply.received_at,
        "last_reply_at": reply.received_at,
        "waiting_since": reply.received_at if reply.needs_human else None,
    }


def _changed(reply: Written, found: Row[Any], hidden: str) -> dict[str, Any]:
    """What a reply changes in its conversation, by the names of `_CHANGED`."""
    new = {name: getattr(found, name) for name in _CHANGING}
    new["customer_id"] = reply.customer_id or found.customer_id
    if reply.received_at >= found.last_reply_at:
        new |= {"last_reply_at": reply.received_at, "channel_group": reply.group}
        new |= {"address": reply.address, "hidden_address": hidden}
    if reply.needs_human and found.waiting_since is None:
        new |= {"waiting_since": reply.received_at, "resolved_at": None}
    return {"key": found.conversation_id} | {f"new_{name}": it for name, it in new.items()}


def _row(reply: Written, conversation_id: str) -> dict[str, Any]:
    return {
        "reply_id": reply.reply_id,
        "conversation_id": conversation_id,
        "customer_id": reply.customer_id,
        "channel_group": reply.group,
        "address": reply.address,
        "text": reply.text,
        "intent": reply.intent,
        "received_at": reply.received_at,
        "message_id": reply.message_id,
        "mail_id": reply.mail_id,
    }


class _Standing:
    """The conversations that replies may belong to, looked up for all of them at once."""

    def __init__(self, connection: Connection, replies: Sequence[Written], gap: timedelta) -> None:
        self._gap = gap
        self._by_whom: dict[object, list[Row[Any]]] = defaultdict(list)
        theirs = [reply for reply in replies if reply.intent != UNAUTHENTICATED]
        if not theirs:
            return
        whose = {
            "addresses": [reply.address for reply in theirs],
            "customers": [reply.customer_id for reply in theirs if reply.customer_id],
        }
        since = min(reply.received_at for reply in theirs) - gap
        for row in connection.execute(_STANDING, whose | {"since": since}):
            self._by_whom[row.channel_group, row.address].append(row)
            self._by_whom[row.customer_id].append(row)

    def of(self, reply: Written) -> Row[Any] | None:
        """The person's last conversation, if this reply belongs to it."""
        if reply.intent == UNAUTHENTICATED:
            return None
        since = reply.received_at - self._gap
        found = list(self._by_whom.get((reply.group, reply.address), ()))
        if reply.customer_id is not None:
            found += self._by_whom.get(reply.customer_id, ())
        still = [row for row in found if row.waiting_since or row.last_reply_at > since]
        newest_first = sorted(still, key=lambda row: row.conversation_id)
        return max(newest_first, key=lambda row: row.last_reply_at, default=None)


_OF_OTHERS = select(_r.conversation_id).where(
    _r.conversation_id == _c.conversation_id, _r.intent == UNAUTHENTICATED
)
# Built once, as are those below: each reply asks them.
_STANDING = select(t.conversations).where(
    or_(among(_c.address, texts("addresses")), among(_c.customer_id, texts("customers"))),
    or_(_c.waiting_since.is_not(None), _c.last_reply_at > bindparam("since")),
    ~_OF_OTHERS.exists(),
)
_CHANGING: Final = ("customer_id", "last_reply_at", "channel_group", "address", "hidden_address",
                    "waiting_since", "resolved_at")  # fmt: skip
_CHANGED = (
    update(t.conversations)
    .where(_c.conversation_id == bindparam("key"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGING})
    .values(version=_c.version + 1)
)
