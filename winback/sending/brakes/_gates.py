"""Channel gates: what stops a channel, and the pace that all its workers share.

A row is of one channel (`*`: of all) and of what it holds there, in the column `sender`: empty is
the whole channel, `step:<playbook>:<step>` one step, `from:<sender>` the messages of one sender,
and anything else the sender whose rate it is.

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

GateKind = Literal[
    "operator", "auth", "config", "content", "sandbox_mode", "unreachable", "unclear",
    "credits", "no_batches", "unexplained", "rate_limit", "complaints", "undelivered",
]  # fmt: skip

# Long enough for workers under way to see it; the next run that is started tries anew.
OPEN_FOR: Final = timedelta(minutes=15)
EVERY_CHANNEL: Final = "*"
_WHOLE: Final = ""
_STEP: Final = "step:"
_SENDER: Final = "from:"
# What an operator or the ledger's own figures opened is closed by them, not by trying.
_HELD: Final[frozenset[GateKind]] = frozenset({"operator", "complaints", "undelivered"})
_g = tables.channel_gates.c
# Seconds since 1970.
_CLOCKS: Final = {
    "sqlite": "(julianday('now') - 2440587.5) * 86400.0",
    "postgresql": "cast(extract(epoch from clock_timestamp()) as double precision)",
}


# Read before every call, so built once.
_STANDING: Final = select(tables.channel_gates).where(
    or_(_g.channel == bindparam("channel"), _g.channel == EVERY_CHANNEL),
    or_(_g.sender == _WHOLE, _g.kind.is_not(None)),
)


@dataclass(frozen=True)
class Standing:
    """What the gates say to one channel's worker now."""

    # Why nothing may be sent; empty: nothing stops the channel.
    reason: str = ""
    stopped_parts: Mapping[Part, str] = field(default_factory=dict)
    # The provider asked all to wait until then, which is in so many seconds of the runs' clock.
    paused_until: datetime | None = None
    pause: float = 0.0
    # How many calls at once a worker was last told; None: as many as the channel takes.
    concurrency: int | None = None
    # What came back before this moment, an operator has seen.
    counts_from: datetime | None = None


@dataclass(frozen=True)
class OpenGate:
    """A gate that holds messages back, for an operator to read."""

    channel: str
    # The step or the sender that it holds; empty: the whole channel.
    part: str
    kind: str
    reason: str
    opened_at: datetime | None
    # None: until an operator closes it.
    open_until: datetime | None

    def __str__(self) -> str:
        where = "all channels" if self.channel == EVERY_CHANNEL else self.channel
        return f"{where}, {self.part}" if self.part else where


def standing(connection: Connection, channel: str, *, now: datetime) -> Standing:
    """Read every gate that concerns a channel: one query."""
    rows = connection.execute(_STANDING, {"channel": channel}).all()
    whole = next((row for row in rows if (row.channel, row.sender) == (channel, _WHOLE)), None)
    open_rows = [row for row in rows if _is_open(row, now)]
    reasons = [row.reason for row in open_rows if row.sender == _WHOLE]
    told = Standing(
        reason=reasons[0] if reasons else "",
        stopped_parts={_part(row.sender): row.reason for row in open_rows if row.sender != _WHOLE},
    )
    if whole is None:
        return told
    pause = (whole.paused_until - now).total_seconds() if whole.paused_until else 0.0
    return Standing(
        told.reason,
        told.stopped_parts,
        whole.paused_until,
        max(0.0, pause),
        whole.concurrency,
        whole.counts_from,
    )


def open_gate(
    connection: Connection,
    channel: str,
    kind: GateKind,
    reason: str,
    *,
    now: datetime,
    part: Part | None = None,
) -> None:
    """Stop a channel, or a part of it, for this run and for those beside it."""
    holds = _WHOLE if part is None else _holds(part)
    _set(
        connection,
        channel,
        holds,
        kind=kind,
        reason=reason,
        opened_at=now,
        open_until=now + OPEN_FOR,
    )


def try_anew(connection: Connection, channel: str) -> bool:
    """Close what earlier answers opened; whether there was any, so that one call goes first.

    Pauses, the operator's stop and what the ledger's figures opened stay.
    """
    return _close(connection, _g.channel == channel, _g.kind.not_in(_HELD)) > 0


def stop_all(connection: Connection, *, reason: str, now: datetime) -> None:
    """The kill switch: no worker of any channel begins another call until `close_all`."""
    line = f"stopped by an operator at {now:%Y-%m-%d %H:%M} UTC"
    line += f" ({reason})" if reason else ""
    _set(
        connection,
        EVERY_CHANNEL,
        _WHOLE,
        kind="operator",
        reason=f"{line}. Next: winback go",
        opened_at=now,
        open_until=None,
    )


@dataclass(frozen=True)
class HeldMail:
    """What no switch of ours reaches any more: the provider has it and lets it go later."""

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


def close_all(connection: Connection, *, channel: str | None) -> list[OpenGate]:
    """Let a channel send again, or all of them; the gates that were open.

    What has come back has been seen: rates count what comes back after it.
    """
    closed = [_gate(row) for row in _known(connection, channel)]
    _close(connection, *([] if channel is None else [_g.channel == channel]))
    seen = connection.scalar(select(func.max(tables.provider_events.c.occurred_at)))
    for name in {gate.channel for gate in closed if gate.kind in _HELD}:
        _set(connection, name, _WHOLE, counts_from=seen)
    return closed


def open_gates(connection: Connection, *, now: datetime) -> list[OpenGate]:
    """Every gate that holds messages back now, by channel."""
    return [_gate(row) for row in _known(connection) if _is_open(row, now)]


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
    """Somebody has sat it out: nobody else need."""
    _set(connection, channel, _WHOLE, paused_until=None)


def read_tokens(
    connection: Connection, channel: str, sender: str
) -> tuple[float, tuple[float, float] | None]:
    """The ledger's clock in seconds, and a sender's tokens with the moment they were counted."""
    now = float(connection.scalar(select(_clock(connection))) or 0.0)
    row = connection.execute(
        select(_g.tokens, _g.refilled_at).where(_g.channel == channel, _g.sender == sender)
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
    """Every gate of which nobody has said yet that it may close."""
    query = select(tables.channel_gates).where(_g.kind.is_not(None))
    if channel is not None:
        query = query.where(_g.channel == channel)
    return connection.execute(query.order_by(_g.channel, _g.sender)).all()


def _gate(row: Row[Any]) -> OpenGate:
    part = "" if row.sender == _WHOLE else str(_part(row.sender))
    return OpenGate(row.channel, part, row.kind, row.reason, row.opened_at, row.open_until)


def _is_open(row: Row[Any], now: datetime) -> bool:
    if row.kind == "operator":
        return True
    return row.kind is not None and row.open_until is not None and row.open_until > now


def _close(connection: Connection, *conditions: Any) -> int:
    """Forget why a gate is open; its pause and its pace stay."""
    nothing = {"kind": None, "reason": None, "opened_at": None, "open_until": None}
    statement = update(tables.channel_gates).where(_g.kind.is_not(None), *conditions)
    return connection.execute(statement.values(**nothing)).rowcount


def _set(connection: Connection, channel: str, holds: str, **values: Any) -> None:
    key = {"channel": channel, "sender": holds}
    insert_new(connection, tables.channel_gates, [key])
    connection.execute(
        update(tables.channel_gates)
        .where(_g.channel == channel, _g.sender == holds)
        .values(**values)
    )


def _holds(part: Part) -> str:
    return f"{_SENDER}{part.sender}" if part.sender else f"{_STEP}{part.playbook_id}:{part.step}"


def _part(holds: str) -> Part:
    if holds.startswith(_SENDER):
        return Part(sender=holds.removeprefix(_SENDER))
    playbook_id, _, step = holds.removeprefix(_STEP).rpartition(":")
    return Part(playbook_id=playbook_id, step=int(step))
