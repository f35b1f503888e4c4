"""Replies of people to us, kept as conversations."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, bindparam, or_, select, update

from winback.ledger import _tables as t
from winback.ledger._address_keys import AddressKey
from winback.ledger._among import among, texts
from winback.ledger._suppressions import ChannelGroup, normalize

# The intent of a mail whose sender may be somebody else.
UNAUTHENTICATED: Final = "unauthenticated"
# Intents that need a human: a question, a possible stop, a reply that nobody understood, a join of
# a series from an unknown number, and a sender who may be somebody else.
NEEDS_A_HUMAN: Final = frozenset({"question", "hold", "other", "unknown_joiner", UNAUTHENTICATED})

_c, _r = t.conversations.c, t.replies.c
# The columns of a conversation.
_Conversation = dict[str, Any]


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

    A reply belongs to the person's last conversation if that is waiting for a reply or
    saw its last reply less than `gap` ago; else it opens one, as each does whose sender may be
    somebody else. Safe to repeat: a reply that is there changes nothing.
    """
    reply = Written(
        reply_id, group, address, customer_id, message_id, text, intent, received_at, mail_id
    )
    return keep_replies(connection, [reply], gap=gap) == 1


def keep_replies(connection: Connection, replies: Sequence[Written], *, gap: timedelta) -> int:
    """As `keep_reply`, of any number at once, which cost what one costs; how many now wait who did
    not."""
    if not replies:
        return 0
    kept = select(_r.reply_id).where(among(_r.reply_id, [reply.reply_id for reply in replies]))
    known, news = set(connection.scalars(kept)), list[Written]()
    for reply in replies:
        if reply.reply_id not in known:
            news.append(replace(reply, address=normalize(reply.group, reply.address)))
        known.add(reply.reply_id)
    if not news:
        return 0
    standing, key = _Standing(connection, news, gap), AddressKey.of(connection)
    added, now_waiting = list[dict[str, Any]](), 0
    for reply in news:
        found, hidden = standing.of(reply), key.hide(reply.address)
        now_waiting += reply.needs_human and (found is None or found["waiting_since"] is None)
        if found is None:
            found = standing.open(reply, hidden)
        else:
            standing.change(found, reply, hidden)
        added.append(_row(reply, found["conversation_id"]))
    standing.write(connection)
    connection.execute(t.replies.insert(), added)
    return now_waiting


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
    """The conversations that replies may belong to, looked up for all of them at once, and what
    the replies make of them."""

    def __init__(self, connection: Connection, replies: Sequence[Written], gap: timedelta) -> None:
        self._gap = gap
        self._by_whom: dict[object, list[_Conversation]] = defaultdict(list)
        self._opened, self._changed = list[_Conversation](), dict[str, _Conversation]()
        theirs = [reply for reply in replies if reply.intent != UNAUTHENTICATED]
        if not theirs:
            return
        whose = {
            "addresses": [reply.address for reply in theirs],
            "customers": [reply.customer_id for reply in theirs if reply.customer_id],
        }
        since = min(reply.received_at for reply in theirs) - gap
        for row in connection.execute(_STANDING, whose | {"since": since}).mappings():
            self._find_by_whom(dict(row))

    def _find_by_whom(self, one: _Conversation) -> None:
        for whom in ((one["channel_group"], one["address"]), one["customer_id"]):
            if whom is not None and one not in self._by_whom[whom]:
                self._by_whom[whom].append(one)

    def of(self, reply: Written) -> _Conversation | None:
        """The person's last conversation, if this reply belongs to it."""
        if reply.intent == UNAUTHENTICATED:
            return None
        since, place = reply.received_at - self._gap, (reply.group, reply.address)
        still = [
            one
            for whom in (place, reply.customer_id)
            for one in self._by_whom.get(whom, ())
            # It may have moved to another address of theirs meanwhile.
            if place == (one["channel_group"], one["address"])
            or (reply.customer_id is not None and reply.customer_id == one["customer_id"])
            if one["waiting_since"] or one["last_reply_at"] > since
        ]
        newest_first = sorted(still, key=lambda one: str(one["conversation_id"]))
        return max(newest_first, key=lambda one: one["last_reply_at"], default=None)

    def open(self, reply: Written, hidden: str) -> _Conversation:
        """A conversation that begins with this reply."""
        one = {
            "conversation_id": hashlib.sha256(reply.reply_id.encode()).hexdigest()[:32],
            "customer_id": reply.customer_id,
            "channel_group": reply.group,
            "address": reply.address,
            "hidden_address": hidden,
            "opened_at": reply.received_at,
            "last_reply_at": reply.received_at,
            "waiting_since": reply.received_at if reply.needs_human else None,
            "resolved_at": None,
        }
        self._opened.append(one)
        if reply.intent != UNAUTHENTICATED:
            self._find_by_whom(one)
        return one

    def change(self, one: _Conversation, reply: Written, hidden: str) -> None:
        """Add a reply to a conversation that stands."""
        one["customer_id"] = reply.customer_id or one["customer_id"]
        if reply.received_at >= one["last_reply_at"]:
            one |= {"last_reply_at": reply.received_at, "channel_group": reply.group}
            one |= {"address": reply.address, "hidden_address": hidden}
        if reply.needs_human and one["waiting_since"] is None:
            one |= {"waiting_since": reply.received_at, "resolved_at": None}
        self._find_by_whom(one)
        self._changed[one["conversation_id"]] = one

    def write(self, connection: Connection) -> None:
        """Write opened and changed conversations to the ledger, each once."""
        if self._opened:
            connection.execute(t.conversations.insert(), self._opened)
        opened = {one["conversation_id"] for one in self._opened}
        changed = [
            {"key": key} | {f"new_{name}": one[name] for name in _CHANGING}
            for key, one in self._changed.items()
            if key not in opened
        ]
        if changed:
            connection.execute(_CHANGED, changed)


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
