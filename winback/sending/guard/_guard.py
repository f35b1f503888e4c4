"""The guard: the last look at a message, in the transaction that lets it go.

SQL decided; minutes or hours may have passed since. The guard may only refuse, and it refuses where
it can't tell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row

from winback.base.project import project_vars
from winback.ledger import (
    CAMPAIGN,
    HOLD,
    OF_A_JOIN,
    channel_group,
    joined_among,
    known_of,
    recent_sends,
    revoked_among,
    standing_preferences,
    suppressed_among,
    talking_among,
)
from winback.sending.guard._budgets import Left

Rule = Literal[
    "suppression", "consent", "paused", "conversation", "range", "cap_24h", "cap_7d", "cap_fewer",
    "cap_state", "window", "zone", "revoked", "budget",
]  # fmt: skip


# As far back as caps count.
_COUNTED: Final = timedelta(days=7)


@dataclass(frozen=True)
class Hours:
    """When something may arrive: minutes of the day, in all of the zones."""

    channel: str
    zones: str
    local_opens_minute: int
    local_closes_minute: int


@dataclass(frozen=True)
class Caps:
    """How many messages a person may get in rolling time, over all channels (rule C3).

    By default as many as SQL allows: the vars of dbt_project.yml, as the shop has them.
    """

    per_24h: int = field(default_factory=lambda: int(project_vars()["cap_per_24h"]))
    per_7d: int = field(default_factory=lambda: int(project_vars()["cap_per_7d"]))
    # The limit for a person who asked for fewer messages.
    fewer_per_7d: int = field(default_factory=lambda: int(project_vars()["fewer_per_7d"]))


class _Sent(NamedTuple):
    at: datetime
    scope: str | None


def refusals(
    connection: Connection,
    messages: Sequence[Row[Any]],
    *,
    now: datetime,
    caps: Caps,
    shop_timezone: str,
    answer_pause: timedelta,
    left: Left | None = None,
) -> dict[str, Rule]:
    """The rule that forbids each message now, by id; a message that may go has none.

    `left` is what may still be spent. What was asked for, as a reply, is never held for it.
    """
    left = left or Left()
    since = min(now - _COUNTED, now - answer_pause)
    known = known_of(connection, messages, since=since, now=now)
    # Of a table that knows none of them nothing more is asked.
    suppressed = _suppressed(connection, messages if known.suppressions else [])
    talking = messages if known.conversations else []
    in_conversation = _in_conversation(connection, talking, answer_pause, now)
    joined = joined_among(connection, [m for m in messages if _is_of_series(m)])
    revoked = revoked_among(connection, messages, now=now) if known.revocations else set()
    wishes = standing_preferences(connection, messages, now=now) if known.preferences else {}
    history = _History(connection, messages if known.sends else [], now)
    refused: dict[str, Rule] = {}
    for message in messages:
        wish = wishes.get(message.message_id, set())
        is_stopped = message.message_id in suppressed or "stop" in wish
        rule: Rule | None = "suppression" if is_stopped else None
        if rule is None and _is_of_series(message) and message.message_id not in joined:
            rule = "consent"
        rule = rule or _time_rule(message, now, shop_timezone)
        if rule is None and message.purpose == CAMPAIGN:
            if message.message_id in revoked:
                rule = "revoked"
            elif message.consent_expires_at is not None and message.consent_expires_at <= now:
                rule = "consent"
            elif "pause" in wish:
                rule = "paused"
            elif message.message_id in in_conversation:
                rule = "conversation"
            else:
                rule = history.cap_rule(message, caps, wants_fewer="fewer" in wish)
                if rule is None and not left.has_room(message.cost_cents):
                    rule = "budget"
        if rule:
            refused[message.message_id] = rule
        else:
            history.add(message, now)
            left.take(message.cost_cents)
    return refused


def _suppressed(connection: Connection, messages: Sequence[Row[Any]]) -> set[str]:
    alike: dict[Any, list[Row[Any]]] = defaultdict(list)
    for message in messages:
        alike[
            channel_group(message.channel), (HOLD,) if message.written_by == "human" else ()
        ].append(message)
    found: set[str] = set()
    for (group, despite), members in alike.items():
        addresses = [member.address for member in members]
        stopped = suppressed_among(connection, group=group, addresses=addresses, despite=despite)
        found.update(m.message_id for m in members if m.address in stopped)
    return found


def _is_of_series(message: Row[Any]) -> bool:
    """Whether it goes out by the consent and the caps of a content series that they joined."""
    return message.cap_scope is not None and message.purpose == CAMPAIGN


def _in_conversation(
    connection: Connection, messages: Sequence[Row[Any]], pause: timedelta, now: datetime
) -> set[str]:
    """Messages to people who replied or clicked lately, or wait for a human: a wish, not an
    opt-out.

    People reply to a series that they asked for, and click in it: only the wait for a human holds
    it.
    """
    general = [m for m in messages if m.cap_scope is None]
    of_series = [m for m in messages if m.cap_scope is not None]
    return _talking(connection, general, now - pause, now) | _talking(
        connection, of_series, now, now
    )


def _talking(
    connection: Connection, messages: Sequence[Row[Any]], since: datetime, now: datetime
) -> set[str]:
    if not messages:
        return set()
    talking = talking_among(
        connection,
        customer_ids={m.customer_id for m in messages},
        addresses={(channel_group(m.channel), m.address) for m in messages},
        since=since,
        until=now,
    )
    if not talking.customers and not talking.addresses:
        return set()
    return {
        m.message_id
        for m in messages
        if m.customer_id in talking.customers
        or (channel_group(m.channel), m.address) in talking.addresses
    }


def _time_rule(message: Row[Any], now: datetime, shop_timezone: str) -> Rule | None:
    if message.expires_at <= now:
        return "range"
    if message.not_before is None or message.window_closes_at is None:
        return "window"
    if not message.not_before <= now < message.window_closes_at:
        return "window"
    return _hour_rule(message, now, shop_timezone)


def is_local_hour(hours: Hours, now: datetime, shop_timezone: str) -> bool:
    """Whether it is an hour at which the person may be written to, in all of their zones."""
    return _hour_rule(hours, now, shop_timezone) is None


def _hour_rule(message: Row[Any] | Hours, now: datetime, shop_timezone: str) -> Rule | None:
    return _rule_of_hours(
        message.zones,
        message.local_opens_minute,
        message.local_closes_minute,
        now,
        # A text may wake a person: without their zone nobody knows when they sleep.
        None if channel_group(message.channel) == "phone" else shop_timezone,
    )


@lru_cache(maxsize=256)  # A group has many people and few zones.
def _rule_of_hours(
    zones: str, opens: int, closes: int, now: datetime, other_zone: str | None
) -> Rule | None:
    known = [zone for zone in zones.split(",") if zone]
    if not known:
        if other_zone is None:
            return "zone"
        known = [other_zone]
    try:
        minutes = [_local_minute(now, zone) for zone in known]
    except (KeyError, ValueError, OSError):
        return "zone"
    return None if all(opens <= minute < closes for minute in minutes) else "window"


def _local_minute(now: datetime, zone: str) -> int:
    local = now.astimezone(ZoneInfo(zone))
    return local.hour * 60 + local.minute


class _History:
    """What these people may have got in the last seven days, the batch in hand included.

    A content series has caps of its own: its messages count within it and for who asked for
    fewer, who was promised fewer of all. What only confirms a join counts nowhere.
    """

    def __init__(self, connection: Connection, messages: Sequence[Row[Any]], now: datetime) -> None:
        self._now = now
        self._of_customer: dict[str, dict[str, _Sent]] = defaultdict(dict)
        self._at_address: dict[str, dict[str, _Sent]] = defaultdict(dict)
        if not messages:
            return
        for sent in recent_sends(
            connection,
            customer_ids={m.customer_id for m in messages},
            addresses={m.address for m in messages},
            since=now - _COUNTED,
        ):
            self.add(sent, sent.sent_at)

    def add(self, message: Row[Any], at: datetime) -> None:
        if message.purpose in OF_A_JOIN:
            return
        sent = _Sent(at, message.cap_scope)
        self._of_customer[message.customer_id][message.message_id] = sent
        self._at_address[message.address][message.message_id] = sent

    def cap_rule(self, message: Row[Any], caps: Caps, *, wants_fewer: bool) -> Rule | None:
        every = self._of_customer[message.customer_id] | self._at_address[message.address]
        counted = [sent.at for sent in every.values() if sent.scope == message.cap_scope]
        per_24h, per_7d = caps.per_24h, caps.per_7d
        if message.cap_scope is not None:
            per_24h, per_7d = message.cap_per_24h or 0, message.cap_per_7d or 0
        a_day_ago = self._now - timedelta(hours=24)
        if sum(at > a_day_ago for at in counted) >= per_24h:
            return "cap_24h"
        if len(counted) >= per_7d:
            return "cap_7d"
        if wants_fewer and len(every) >= caps.fewer_per_7d:
            return "cap_fewer"
        # The law counts every message that came from us.
        today = sum(sent.at > a_day_ago for sent in every.values())
        is_over_law = message.max_per_24h is not None and today >= message.max_per_24h
        return "cap_state" if is_over_law else None
