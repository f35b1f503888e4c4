"""Which messages may go now, and claiming them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, not_, or_, select

from winback.base.clock import Clock
from winback.ledger import WAITING, Ledger, State, among, tables, texts, transition

_m = tables.messages.c


@dataclass(frozen=True)
class Part:
    """The messages of one step, or those of one sender."""

    playbook_id: str | None = None
    step: int | None = None
    sender: str | None = None

    def __str__(self) -> str:
        if self.sender is not None:
            return f"sender {self.sender}"
        return f"step {self.step} of {self.playbook_id}"

    def holds(self, message: Row[Any]) -> bool:
        return all(getattr(message, name) == value for name, value in self._values().items())

    def condition(self) -> ColumnElement[bool]:
        return and_(*(_m[name] == value for name, value in self._values().items()))

    def _values(self) -> dict[str, object]:
        return {name: value for name, value in vars(self).items() if value is not None}


# The columns that sending needs; reading all of them costs as much as the rest of a claim.
_CLAIMED = select(
    _m.message_id, _m.playbook_id, _m.step, _m.customer_id, _m.channel, _m.variant, _m.address,
    _m.sender, _m.payload_json, _m.not_before, _m.window_closes_at, _m.expires_at, _m.zones,
    _m.local_opens_minute, _m.local_closes_minute, _m.attempt_no, _m.cap_scope, _m.cap_per_24h,
    _m.cap_per_7d, _m.max_per_24h, _m.consent_expires_at, _m.purpose, _m.written_by,
    _m.content_sha256, _m.cost_cents,
).where(among(_m.message_id, texts("keys")))  # fmt: skip


@dataclass(frozen=True)
class Due:
    """The messages that a run is asked to send: all that are due, or those of one playbook or
    step."""

    playbook_id: str | None = None
    step: int | None = None
    # Parts that the run leaves alone: the provider refuses them as they are, or nobody approved
    # them.
    without: frozenset[Part] = frozenset()

    def includes(self, part: Part) -> bool:
        """Whether a step is among what the run is asked to send."""
        return self.playbook_id in {None, part.playbook_id} and self.step in {None, part.step}

    def query(self, *columns: Any, states: Sequence[State], now: datetime) -> Select[Any]:
        """Waiting messages whose window is open, whether or not they wait for a retry."""
        query = select(*columns).where(
            _m.state.in_(states),
            _m.not_before <= now,
            _m.window_closes_at > now,
            _m.expires_at > now,
        )
        if self.without:
            query = query.where(not_(or_(*(part.condition() for part in self.without))))
        if self.playbook_id is not None:
            query = query.where(_m.playbook_id == self.playbook_id)
        return query if self.step is None else query.where(_m.step == self.step)


def channels_due(ledger: Ledger, due: Due, *, now: datetime) -> list[str]:
    """The channels that have something to send."""
    with ledger.read() as connection:
        query = due.query(_m.channel, states=WAITING, now=now).distinct()
        return sorted(connection.scalars(query))


def steps_due(ledger: Ledger, clock: Clock) -> list[tuple[str, int, str]]:
    """Each playbook, step and channel that has something to send now, in order."""
    columns = (_m.playbook_id, _m.step, _m.channel)
    query = Due().query(*columns, states=WAITING, now=clock.now()).distinct()
    with ledger.read() as connection:
        rows = connection.execute(query).all()
    return sorted((row.playbook_id, row.step, row.channel) for row in rows)


def unknown_messages(ledger: Ledger) -> list[str]:
    """Every message of which nobody knows yet whether it left."""
    query = select(_m.message_id).where(_m.state.in_(("unknown", "unknown_final")))
    with ledger.read() as connection:
        return list(connection.scalars(query.order_by(_m.message_id)))


def count_due(ledger: Ledger, due: Due, *, now: datetime) -> int:
    """How many messages could still go now."""
    with ledger.read() as connection:
        return connection.scalar(due.query(func.count(), states=WAITING, now=now)) or 0


def claim(
    ledger: Ledger,
    due: Due,
    channel: str,
    *,
    clock: Clock,
    ready_by: datetime,
    token: str,
    limit: int,
) -> list[Row[Any]]:
    """Take up to `limit` due messages for this run; nobody else can take them meanwhile.

    Runs that claim at once get different ones: a message that another run is about to take is
    passed over.

    `ready_by` is the moment until which back-off times count as waited for.
    """
    now = clock.now()
    with ledger.write_own() as connection:
        keys: list[str] = []
        # One state at a time, so that the index yields them in order without a sort.
        for state in WAITING:
            query = due.query(_m.message_id, states=(state,), now=now).where(
                _m.channel == channel, or_(_m.next_at.is_(None), _m.next_at <= ready_by)
            )
            query = query.order_by(_m.not_before, _m.message_id).limit(limit - len(keys))
            keys += connection.scalars(query.with_for_update(skip_locked=True)).all()
        return _take(connection, keys, token=token, now=now)


def seconds_to_next(
    ledger: Ledger, due: Due, channel: str, *, now: datetime, ready_by: datetime
) -> float | None:
    """How long until the next backed-off message is ready; None if there is none."""
    with ledger.read() as connection:
        query = due.query(func.min(_m.next_at, type_=tables.UtcDateTime), states=WAITING, now=now)
        soonest = connection.scalar(query.where(_m.channel == channel))
    return None if soonest is None else max(0.0, (soonest - ready_by).total_seconds())


def _take(connection: Connection, keys: list[str], *, token: str, now: datetime) -> list[Row[Any]]:
    # Its owner's life is its lease.
    rows = [{"message_id": key, "claim_token": token, "lease_until": None} for key in keys]
    transition(connection, rows, "claimed", from_states=WAITING, at=now)
    claimed = connection.execute(_CLAIMED, {"keys": keys}).all()
    found = {row.message_id: row for row in claimed}
    return [found[key] for key in keys]
