"""Adopting a restored ledger: what was sent and said since the backup is asked first.

    finish the erasures → ask the providers what left, and who opted out → settle what waits here →
    take the mark away

Nothing is sent meanwhile, and the mark goes last: an adoption that is killed, or that a provider
can't be asked for, leaves a ledger that sends nothing, and is repeated.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal, get_args

from sqlalchemy import Connection, Row, select

from winback.backup._erased import erase_again
from winback.backup._restore import require_whole
from winback.base.clock import Clock, WallClock, shop_time
from winback.base.errors import WinbackError
from winback.base.running import alone
from winback.base.settings import Settings
from winback.ledger import (
    WAITING,
    Adopted,
    ChannelGroup,
    Ledger,
    Proof,
    Restored,
    State,
    among,
    channel_group,
    forget_mark,
    note_adopted,
    open_ledger,
    prove_accepted,
    read_restored,
    settle_here,
    tables,
    transition,
    use_for,
    used_for,
)
from winback.readiness.modes import sandbox_settings
from winback.reconcile import LostTime, learn_lost_time
from winback.sending import RESTORED, Found, sweep

# How long SendGrid may hold back what the lost machine handed over last.
_HELD_BACK: Final = timedelta(minutes=25)
_OPEN: Final[tuple[State, ...]] = (*WAITING, "unknown")
_AT_ONCE: Final = 500
_m, _f = tables.messages.c, tables.found_sends.c


@dataclass
class AdoptReport:
    """What an adoption found out. Without a backup the ledger was no restored one."""

    backup_id: str = ""
    made_at: datetime | None = None
    # Refusals on our own pages from here on, until the machine was lost, are known to nobody; it
    # was lost before the restore.
    heard_until: datetime | None = None
    restored_at: datetime | None = None
    # Messages of ours that left since the backup, by channel group.
    left: dict[str, int] = field(default_factory=dict)
    # Of the messages that the backup knows: those that had left, and those that may have.
    settled: int = 0
    held: int = 0
    # What is not known here yet: the next plan tells what it is of.
    unbound: int = 0
    heard: int = 0
    suppressed: int = 0
    erased: int = 0
    # The channel groups that nobody asked about.
    not_asked: list[str] = field(default_factory=list)
    # Whether nothing real can be sent from here: nobody could be asked whether anything had left.
    is_for_sandbox_alone: bool = False


def adopt(
    settings: Settings,
    clock: Clock,
    *,
    hold: Collection[ChannelGroup] = (),
    sleep: Callable[[float], None] = time.sleep,
) -> AdoptReport:
    """Let a restored ledger send again, once it is known what left since the backup.

    Of the channel groups in `hold` nobody is asked: whatever may have left there is held. Safe to
    kill and to repeat; a ledger that was not restored is left as it is. Raises WinbackError where
    a provider can't be asked, or its records may be behind.
    """
    require_whole(settings)
    with open_ledger(settings) as ledger:
        mark = _mark(ledger)
    if mark is None:
        return AdoptReport()
    erased = erase_again(settings, clock)
    with alone(settings), open_ledger(settings) as ledger:
        sweep(ledger, clock)
        with ledger.read() as connection:
            use = used_for(connection)
        # A backup from before the first message doesn't know whether the lost machine went live
        # after it. With keys of the providers they are asked; without keys nothing may leave here.
        is_live = use == "live" or (use is None and _has_keys(settings))
        if not is_live:
            settings = sandbox_settings(settings)
        groups = [it for it in _groups(ledger, settings) if it not in hold]
        if not is_live:
            # The sandbox that a run starts by itself is gone with the home that it was in.
            groups = [it for it in groups if _is_named(it, settings)]
        elif groups:
            _require_settled(mark, settings, clock)
        told = learn_lost_time(
            ledger,
            settings,
            clock,
            since=mark.made_at,
            groups=groups,
            with_lists=is_live or bool(settings.sendgrid_base_url),
            sleep=sleep,
        )
        _require_read(told)
        adopted = Adopted(mark.made_at, clock.now(), held=tuple(sorted(hold)))
        report = AdoptReport(
            mark.backup_id,
            mark.made_at,
            mark.heard_until,
            mark.restored_at,
            left=told.left,
            heard=told.heard,
            suppressed=told.suppressed,
            erased=erased,
            not_asked=sorted(hold),
            is_for_sandbox_alone=use is None and not is_live,
        )
        _settle(ledger, adopted, report)
        with ledger.write() as connection:
            note_adopted(connection, adopted)
            settle_here(connection)
            if report.is_for_sandbox_alone:
                use_for(connection, "sandbox")
            forget_mark(connection)
    return report


def _mark(ledger: Ledger) -> Restored | None:
    with ledger.read() as connection:
        return read_restored(connection)


def _groups(ledger: Ledger, settings: Settings) -> list[ChannelGroup]:
    """The channel groups by which anything may have left."""
    with ledger.read() as connection:
        used = set(connection.scalars(select(_m.channel).distinct()))
    found = {channel_group(name) for name in (*used, *settings.enabled_channels)}
    return [group for group in get_args(ChannelGroup) if group in found]


def _has_keys(settings: Settings) -> bool:
    keys = (settings.sendgrid_api_key, settings.twilio_auth_token)
    return any(key.get_secret_value() for key in keys)


def _is_named(group: ChannelGroup, settings: Settings) -> bool:
    named = {"email": settings.sendgrid_base_url, "phone": settings.twilio_base_url}
    return bool(named.get(group))


def _require_settled(mark: Restored, settings: Settings, clock: Clock) -> None:
    """Raise WinbackError while the records may lack what the lost machine sent last."""
    ready = mark.restored_at + _HELD_BACK + timedelta(minutes=settings.unknown_settle_minutes)
    is_real = isinstance(clock, WallClock) and not settings.sends_to_loopback_only
    if is_real and clock.now() < ready:
        raise WinbackError(
            "what the lost machine sent last may not show in the providers' records yet. Next: "
            f"winback adopt after {shop_time(ready, settings.shop_timezone)}"
        )


def _require_read(told: LostTime) -> None:
    if not told.unreadable:
        return
    whys = "; ".join(f"{what} ({why})" for what, why in sorted(told.unreadable.items()))
    groups = [group for group in get_args(ChannelGroup) if group in told.unreadable]
    if groups and len(groups) == len(told.unreadable):
        choices = " ".join(f"--hold {group}" for group in groups)
        way = f"when they can, or winback adopt {choices}: whatever may have left is held"
    else:
        way = "when they can: who opted out there is not known here"
    raise WinbackError(
        f"the providers' records of {whys} could not be read, so nothing is sent. Next: winback "
        f"adopt {way}"
    )


def _settle(ledger: Ledger, adopted: Adopted, report: AdoptReport) -> None:
    """Write down what became of the messages that the backup knows. Safe to repeat."""
    with ledger.read() as connection:
        keys = list(connection.scalars(select(_m.message_id).where(_m.state.in_(_OPEN))))
        bound = select(_f.message_id).where(_f.message_id.is_not(None), _f.bound_to.is_(None))
        named = [key for key in connection.scalars(bound) if key not in set(keys)]
    for start in range(0, len(keys), _AT_ONCE):
        with ledger.write() as connection:
            found = Found(connection, ledger, adopted)
            _settle_some(connection, found, keys[start : start + _AT_ONCE], report)
    # What had ended here, and left all the same, as what a person had let go.
    for start in range(0, len(named), _AT_ONCE):
        with ledger.write() as connection:
            found = Found(connection, ledger, adopted)
            _settle_some(connection, found, named[start : start + _AT_ONCE], report, is_over=True)
    with ledger.read() as connection:
        unbound = select(_f.provider_id).where(_f.bound_to.is_(None))
        report.unbound = len(connection.scalars(unbound).all())


def _settle_some(
    connection: Connection,
    found: Found,
    keys: list[str],
    report: AdoptReport,
    *,
    is_over: bool = False,
) -> None:
    query = select(tables.messages).where(among(_m.message_id, keys))
    messages = [dict(row) for row in connection.execute(query).mappings()]
    fates = found.fates(messages, set() if is_over else {it["message_id"] for it in messages})
    for key, fate in fates.items():
        if fate.record is None:
            row = {"message_id": key, "state_reason": RESTORED, "claim_token": None}
            report.held += transition(
                connection, [row], "unknown_final", from_states=_OPEN, at=found.adopted.adopted_at
            )
            continue
        proof = _proof(key, fate.kind, fate.record, found.adopted)
        report.settled += prove_accepted(connection, proof, at=proof.seen_at) == "news"


def _proof(
    message_id: str, kind: Literal["logged", "listed"], record: Row[Any], adopted: Adopted
) -> Proof:
    return Proof(
        kind,
        message_id,
        record.attempt_id,
        accepted_at=min(record.left_at, adopted.adopted_at),
        seen_at=adopted.adopted_at,
        provider=record.provider,
        provider_id=record.provider_id,
        source=record.provider_id,
    )
