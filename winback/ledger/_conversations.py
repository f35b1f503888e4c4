"""Conversations: what people write to us, and who waits for a human's answer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, bindparam, null, or_, select, union_all, update

from winback.ledger import _tables as t
from winback.ledger._address_keys import AddressKey
from winback.ledger._among import among, texts
from winback.ledger._suppressions import ChannelGroup, normalize

# The intent of a mail whose sender may be somebody else.
UNAUTHENTICATED: Final = "unauthenticated"
# What no rule answers: a question, what may be a stop, what nobody understood, who joins a series
# from a number that we don't know, and who may not be who they say.
NEEDS_A_HUMAN: Final = frozenset({"question", "hold", "other", "unknown_joiner", UNAUTHENTICATED})

_c, _e = t.conversations.c, t.provider_events.c


@dataclass(frozen=True)
class Talking:
    """Who is in a conversation with us, by customer and by address."""

    customers: frozenset[str]
    addresses: frozenset[tuple[str, str]]


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
    somebody else. Safe to repeat: a reply that is
    there changes nothing. `mail_id` is a mail's own Message-ID.
    """
    if connection.scalar(select(t.replies.c.reply_id).where(t.replies.c.reply_id == reply_id)):
        return False
    address = normalize(group, address)
    hidden = AddressKey.of(connection).hide(address)
    needs_human = intent in NEEDS_A_HUMAN
    is_theirs = intent != UNAUTHENTICATED
    found = None
    if is_theirs:
        found = _current(connection, group, address, customer_id, since=received_at - gap)
    if found is None:
        conversation_id = hashlib.sha256(reply_id.encode()).hexdigest()[:32]
        row = {
            "conversation_id": conversation_id,
            "customer_id": customer_id,
            "channel_group": group,
            "address": address,
            "hidden_address": hidden,
            "opened_at": received_at,
            "last_reply_at": received_at,
            "waiting_since": received_at if needs_human else None,
        }
        connection.execute(t.conversations.insert(), row)
    else:
        conversation_id = found.conversation_id
        changed: dict[str, Any] = {"customer_id": customer_id or found.customer_id}
        if received_at >= found.last_reply_at:
            changed |= {"last_reply_at": received_at, "channel_group": group}
            changed |= {"address": address, "hidden_address": hidden}
        if needs_human and found.waiting_since is None:
            changed |= {"waiting_since": received_at, "resolved_at": None}
        _change(connection, conversation_id, changed)
    reply = {
        "reply_id": reply_id,
        "conversation_id": conversation_id,
        "customer_id": customer_id,
        "channel_group": group,
        "address": address,
        "text": text,
        "intent": intent,
        "received_at": received_at,
        "message_id": message_id,
        "mail_id": mail_id,
    }
    connection.execute(t.replies.insert(), reply)
    return needs_human and (found is None or found.waiting_since is None)


# Built once and asked at once: the last look does, before every call.
_TALKING = union_all(
    select(_c.customer_id, _c.channel_group, _c.address).where(
        or_(among(_c.customer_id, texts("customers")), among(_c.address, texts("addresses"))),
        or_(
            _c.waiting_since.is_not(None),
            and_(_c.last_reply_at > bindparam("since"), _c.last_reply_at <= bindparam("until")),
        ),
    ),
    select(t.messages.c.customer_id, null(), null())
    .join(t.provider_events, _e.message_id == t.messages.c.message_id)
    .where(among(t.messages.c.customer_id, texts("customers")))
    # Joined to nothing, so that SQLite looks for these people and not for every click.
    .where(_e.kind.concat("") == "clicked", _e.is_machine == 0)
    .where(_e.occurred_at > bindparam("since"), _e.occurred_at <= bindparam("until")),
)


def talking_among(
    connection: Connection,
    *,
    customer_ids: Iterable[str],
    addresses: Iterable[tuple[ChannelGroup, str]],
    since: datetime,
    until: datetime,
) -> Talking:
    """Who of these waits for our answer, whenever they wrote, or answered us after `since`.

    An answer is a reply or a click of a person; what happened after `until` is not known yet.
    """
    customers = list(customer_ids)
    spelled = {normalize(group, address): address for group, address in addresses}
    whose = {"customers": customers, "addresses": list(spelled)}
    found = connection.execute(_TALKING, {**whose, "since": since, "until": until}).all()
    return Talking(
        frozenset(row.customer_id for row in found if row.customer_id),
        frozenset(
            (row.channel_group, spelled[row.address]) for row in found if row.address in spelled
        ),
    )


def waiting(connection: Connection) -> list[Row[Any]]:
    """The conversations in which a human owes an answer, the longest waiting first."""
    query = select(t.conversations).where(_c.waiting_since.is_not(None))
    return list(connection.execute(query.order_by(_c.waiting_since, _c.conversation_id)))


def replies_in(connection: Connection, conversation_id: str) -> list[Row[Any]]:
    """What was written in a conversation, in order."""
    r = t.replies.c
    query = select(t.replies).where(r.conversation_id == conversation_id)
    return list(connection.execute(query.order_by(r.received_at, r.reply_id)))


def close(connection: Connection, conversation_id: str, *, at: datetime) -> bool:
    """Nobody owes an answer any more; False if nobody did."""
    row = connection.execute(
        select(_c.waiting_since).where(_c.conversation_id == conversation_id)
    ).first()
    if row is None or row.waiting_since is None:
        return False
    _change(connection, conversation_id, {"waiting_since": None, "resolved_at": at})
    return True


def _current(
    connection: Connection,
    group: ChannelGroup,
    address: str,
    customer_id: str | None,
    *,
    since: datetime,
) -> Row[Any] | None:
    here = and_(_c.channel_group == group, _c.address == address)
    theirs = here if customer_id is None else or_(here, _c.customer_id == customer_id)
    r = t.replies.c
    of_others = select(r.conversation_id).where(
        r.conversation_id == _c.conversation_id, r.intent == UNAUTHENTICATED
    )
    query = select(t.conversations).where(
        theirs,
        or_(_c.waiting_since.is_not(None), _c.last_reply_at > since),
        ~of_others.exists(),
    )
    newest_first = query.order_by(_c.last_reply_at.desc(), _c.conversation_id)
    return connection.execute(newest_first.limit(1)).first()


def _change(connection: Connection, conversation_id: str, values: dict[str, Any]) -> None:
    connection.execute(
        update(t.conversations)
        .where(_c.conversation_id == conversation_id)
        .values(version=_c.version + 1, **values)
    )
