"""What to do next about a message of unknown outcome. Pure: it asks no clock and nobody.

Nothing is let go again because time has passed. A text that its provider's list does not have
may only just not be there yet, so the list is read late, and twice; mail is let go again only
once SendGrid confirmed that it will discard it. Time alone ends in `unknown_final`: taken as
sent, told in every report, never sent again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from winback.reconcile._unresolved import Unresolved

# Between the two looks at a list that must both miss a text.
BETWEEN_LOOKS: Final = timedelta(minutes=5)
# SendGrid promises to cancel only what is asked so long before; one minute is the call's own.
CANCEL_BEFORE: Final = timedelta(minutes=11)
# When the logs are asked for mail that can't be cancelled. How soon they show it is nowhere
# said, so that it is missing there proves nothing.
LOG_LOOKS: Final = (
    timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6), timedelta(hours=24),
)  # fmt: skip
# After the last of them. SendGrid repeats its events for as long.
GIVE_UP_MAIL: Final = LOG_LOOKS[-1]
# Where records that would tell can't be read at all.
GIVE_UP: Final = timedelta(hours=72)


@dataclass(frozen=True)
class Wait:
    """Nothing to do before `until`."""

    until: datetime


@dataclass(frozen=True)
class SearchNow:
    """Ask the provider's records for the message."""


@dataclass(frozen=True)
class WithdrawNow:
    """Have its batch discarded; with `may_ask` false, only look whether it is."""

    may_ask: bool


@dataclass(frozen=True)
class TakenWithRequest:
    """Another message of its request was taken, and a request is taken whole or not at all."""


@dataclass(frozen=True)
class LetGo:
    """The provider confirmed that it discards it."""


@dataclass(frozen=True)
class GiveUp:
    """No evidence came in all the time in which it could have come."""


Step = Wait | SearchNow | WithdrawNow | TakenWithRequest | LetGo | GiveUp


def next_step(unresolved: Unresolved, *, now: datetime, settle: timedelta) -> Step:
    """The next step. `settle` is how long a text may take to show in its provider's list."""
    if unresolved.is_batch and unresolved.is_withdrawn:
        return LetGo()
    if unresolved.is_batch and unresolved.is_request_proven:
        return TakenWithRequest()
    return (
        _mail_step(unresolved, now) if unresolved.is_batch else _text_step(unresolved, now, settle)
    )


def after_unreadable(unresolved: Unresolved, *, now: datetime) -> Step:
    """What follows where the records could not be read: nothing, for a long time."""
    over = _leaves_at(unresolved) + (GIVE_UP_MAIL if unresolved.is_batch else GIVE_UP)
    return GiveUp() if now >= over else Wait(over)


def may_let_go(unresolved: Unresolved, *, now: datetime) -> bool:
    """Whether the list that misses a text now has missed it before, long enough ago."""
    return (
        unresolved.first_absent_at is not None and now >= unresolved.first_absent_at + BETWEEN_LOOKS
    )


def _text_step(unresolved: Unresolved, now: datetime, settle: timedelta) -> Step:
    ready = unresolved.started_at + settle
    if unresolved.last_absent_at is not None:
        ready = max(ready, unresolved.last_absent_at + BETWEEN_LOOKS)
    return SearchNow() if now >= ready else Wait(ready)


def _mail_step(unresolved: Unresolved, now: datetime) -> Step:
    if unresolved.batch_id and unresolved.send_at and now < unresolved.send_at:
        return WithdrawNow(may_ask=now <= unresolved.send_at - CANCEL_BEFORE)
    leaves_at, asked = _leaves_at(unresolved), unresolved.last_absent_at
    looks = [leaves_at + after for after in LOG_LOOKS]
    due = [look for look in looks if look <= now and (asked is None or asked < look)]
    if due:
        return SearchNow()
    coming = [look for look in looks if look > now]
    return Wait(coming[0]) if coming else GiveUp()


def _leaves_at(unresolved: Unresolved) -> datetime:
    """When it left, if it did."""
    return (
        unresolved.send_at if unresolved.batch_id and unresolved.send_at else unresolved.started_at
    )
