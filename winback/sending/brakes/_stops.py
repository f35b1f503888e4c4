"""Stops of a channel, a step or a sender, and the pace that all workers of a channel share.

Both are rows of the ledger's table `channel_brakes`. A row is of one channel (`*`: of all) and of
what it stops there, in the column `sender`: empty is the whole channel, `step:<playbook>:<step>`
one step, `from:<sender>` the messages of one sender, and anything else the sender whose rate it is.

`refilled_at` is by the clock of the ledger's own database, the only one that workers on several
machines have in common, and which never stands still; all else is by the clock of runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import Connection, Row, bindparam, func, literal_column, or_, select, update

from winback.ledger import insert_new, tables
from winback.sending._due import Part

StopKind = Literal[
    "operator", "auth", "config", "content", "sandbox_mode", "unreachable", "unclear",
    "credits", "no_batches", "unexplained", "rate_limit", "complaints", "undelivered",
]  # fmt: skip

# Long enough for workers under way to see it; the next run that is started tries anew.
LASTS: Final = timedelta(minutes=15)
EVERY_CHANNEL: Final = "*"
_WHOLE: Final = ""
_STEP: Final = "step:"
_SENDER: Final = "from:"
# Only an operator releases what an operator or the ledger's own figures stopped.
_KEPT: Final[frozenset[StopKind]] = frozenset({"operator", "complaints", "undelivered"})
_b = tables.channel_brakes.c
# Seconds since 1970.
_CLOCKS: Final = {
    "sqlite": "(julianday('now') - 2440587.5) * 86400.0",
    "postgresql": "cast(extract(epoch from clock_timestamp()) as double precision)",
}


# Read before every call, so built once.
_STANDING: Final = select(tables.channel_brakes).where(
    or_(_b.channel == bindparam("channel"), _b.channel == EVERY_CHANNEL),
    or_(_b.sender == _WHOLE, _b.kind.is_not(None)),
)


@dataclass(frozen=True)
class Standing:
    """What holds for one channel's worker now."""

    # Why nothing may be sent; empty: nothing stops the channel.
    reason: str = ""
    stopped_parts: Mapping[Part, str] = field(default_factory=dict)
    # The provider asked all to wait until then, which is in so many seconds of the runs' clock.
    paused_until: datetime | None = None
    pause: float = 0.0
    # How many calls at once a worker was last told; None: as many as the channel takes.
    concurrency: int | None = None
    # An operator has seen what came back before this moment.
    counts_from: datetime | None = None


@dataclass(frozen=True)
class Stop:
    """What stops a channel, a step or a sender, for an operator to read."""

    channel: str
    # The step or the sender that it stops; empty: the whole channel.
    part: str
    kind: str
    reason: str
    since: datetime | None
    # None: until an operator releases it.
    until: datetime | None

    def __str__(self) -> str:
        where = "all channels" if self.channel == EVERY_CHANNEL else self.channel
        return f"{where}, {self.part}" if self.part else where


def standing(connection: Connection, channel: str, *, now: datetime) -> Standing:
    """Read every row that concerns a channel: one query."""
    rows = connection.execute(_STANDING, {"channel": channel}).all()
    whole = next((row for row in rows if (row.channel, row.sender) == (channel, _WHOLE)), None)
    active = [row for row in rows if _is_active(row, now)]
    reasons = [row.reason for row in active if row.sender == _WHOLE]
    stops = Standing(
        reason=reasons[0] if reasons else "",
        stopped_parts={_part(row.sender): row.reason for row in active if row.sender != _WHOLE},
    )
    if whole is None:
        return stops
    pause = (whole.paused_until - now).total_seconds() if whole.paused_until else 0.0
    return Standing(
        stops.reason,
        stops.stopped_parts,
        whole.paused_until,
        max(0.0, pause),
        whole.concurrency,
        whole.counts_from,
    )


def stop(
    connection: Connection,
    channel: str,
    kind: StopKind,
    reason: str,
    *,
    now: datetime,
    part: Part | None = None,
) -> None:
    """Stop a channel, or a part of it, for this run and for those beside it."""
    stopped = _WHOLE if part is None else _stopped(part)
    _set(
        connection,
        channel,
        stopped,
        kind=kind,
        reason=reason,
        stopped_at=now,
        stopped_until=now + LASTS,
    )


def try_anew(connection: Connection, channel: str) -> bool:
    """Release what earlier calls stopped; whether there was any, so that one call goes first.

    Pauses, the operator's stop and what the ledger's figures stopped stay.
    """
    return _release(connection, _b.channel == channel, _b.kind.not_in(_KEPT)) > 0


def stop_all(connection: Connection, *, reason: str, now: datetime) -> None:
    """The kill switch: no worker of any channel begins another call until `release_stops`."""
    line = f"stopped by an operator at {now:%Y-%m-%d %H:%M} UTC"
    line += f" ({reason})" if reason else ""
    _set(
        connection,
        EVERY_CHANNEL,
        _WHOLE,
        kind="operator",
        reason=f"{line}. Next: winback go",
        stopped_at=now,
        stopped_until=None,
    )


@dataclass(frozen=True)
class HeldMail:
    """Mail that no switch of ours reaches any more: the provider has it and lets it go later."""

    messages: int
    until: datetime | None


def held_at_provider(connection: Connection, *, now: datetime) -> HeldMail:
    """The mail that the provider took and holds back still."""
    a = tables.attempts.c
    messages, until = connection.execute(
        select(func.sum(a.n_messages), func.max(a.sg_send_at, type_=tables.UtcDateTime)).where(
            a.outcome == "accepted", a.sg_send_at > now
        )
    ).one()
    return HeldMail(messages or 0, until)


def release_stops(connection: Connection, *, channel: str | None) -> list[Stop]:
    """Let a channel send again, or all of them; return the stops that were released.

    The operator has seen what came back until now: rates count what comes back later.
    """
    released = [_stop(row) for row in _known(connection, channel)]
    _release(connection, *([] if channel is None else [_b.channel == channel]))
    seen = connection.scalar(select(func.max(tables.provider_events.c.occurred_at)))
    for name in {it.channel for it in released if it.kind in _KEPT}:
        _set(connection, name, _WHOLE, counts_from=seen)
    return released


def active_stops(connection: Connection, *, now: datetime) -> list[Stop]:
    """Every stop that holds now, by channel."""
    return [_stop(row) for row in _known(connection) if _is_active(row, now)]


def unreleased_stops(connection: Connection) -> list[Stop]:
    """Every stop that neither an operator nor a call has released, also one whose time is over."""
    return [_stop(row) for row in _known(connection)]


def slow_down(connection: Connection, channel: str, *, concurrency: int | None) -> None:
    """Share how many calls at once a worker makes since it was told to go slower."""
    _set(connection, channel, _WHOLE, concurrency=concurrency)


def pause(connection: Connection, channel: str, *, seconds: float, now: datetime) -> datetime:
    """Have all workers wait as long as a provider asked for; until when they do."""
    until = now + timedelta(seconds=seconds)
    known = standing(connection, channel, now=now).paused_until
    until = until if known is None else max(until, known)
    _set(connection, channel, _WHOLE, paused_until=until)
    return until


def end_pause(connection: Connection, channel: str) -> None:
    """One worker has waited for the whole pause, so the others don't have to."""
    _set(connection, channel, _WHOLE, paused_until=None)


def read_tokens(
    connection: Connection, channel: str, sender: str
) -> tuple[float, tuple[float, float] | None]:
    """The ledger's clock in seconds, and a sender's tokens with the moment they were counted."""
    now = float(connection.scalar(select(_clock(connection))) or 0.0)
    row = connection.execute(
        select(_b.tokens, _b.refilled_at).where(_b.channel == channel, _b.sender == sender)
    ).first()
    if row is None or row.tokens is None or row.refilled_at is None:
        return now, None
    return now, (float(row.tokens), row.refilled_at.timestamp())


def write_tokens(
    connection: Connection, channel: str, sender: str, *, tokens: float, at: float
) -> None:
    """Keep what is left of a sender's tokens."""
    moment = datetime.fromtimestamp(at, UTC)
    _set(connection, channel, sender, tokens=tokens, refilled_at=moment)


def _clock(connection: Connection) -> Any:
    return literal_column(_CLOCKS[connection.dialect.name]).label("ledger_clock")


def _known(connection: Connection, channel: str | None = None) -> Sequence[Row[Any]]:
    """Every stop that nobody has released yet."""
    query = select(tables.channel_brakes).where(_b.kind.is_not(None))
    if channel is not None:
        query = query.where(_b.channel == channel)
    return connection.execute(query.order_by(_b.channel, _b.sender)).all()


def _stop(row: Row[Any]) -> Stop:
    part = "" if row.sender == _WHOLE else str(_part(row.sender))
    return Stop(row.channel, part, row.kind, row.reason, row.stopped_at, row.stopped_until)


def _is_active(row: Row[Any], now: datetime) -> bool:
    if row.kind == "operator":
        return True
    return row.kind is not None and row.stopped_until is not None and row.stopped_until > now


def _release(connection: Connection, *conditions: Any) -> int:
    """Forget why a row stops; its pause and its pace stay."""
    nothing = {"kind": None, "reason": None, "stopped_at": None, "stopped_until": None}
    statement = update(tables.channel_brakes).where(_b.kind.is_not(None), *conditions)
    return connection.execute(statement.values(**nothing)).rowcount


def _set(connection: Connection, channel: str, stopped: str, **values: Any) -> None:
    key = {"channel": channel, "sender": stopped}
    insert_new(connection, tables.channel_brakes, [key])
    connection.execute(
        update(tables.channel_brakes)
        .where(_b.channel == channel, _b.sender == stopped)
        .values(**values)
    )


def _stopped(part: Part) -> str:
    return f"{_SENDER}{part.sender}" if part.sender else f"{_STEP}{part.playbook_id}:{part.step}"


def _part(stopped: str) -> Part:
    if stopped.startswith(_SENDER):
        return Part(sender=stopped.removeprefix(_SENDER))
    playbook_id, _, step = stopped.removeprefix(_STEP).rpartition(":")
    return Part(playbook_id=playbook_id, step=int(step))
