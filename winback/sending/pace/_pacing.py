"""The pace of one channel's run: how many calls at once, and when the next; it learns from each."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row

from winback.ledger import Ledger
from winback.providers import Channel, Outcome, Request
from winback.sending.brakes._stops import Standing, end_pause, pause, slow_down
from winback.sending.pace._bucket import Allowance, portion
from winback.sending.pace._concurrency import Concurrency

# The longest that one run waits for a provider, or for messages that backed off.
LONGEST_WAIT: Final = 60.0
# The first back-off of a kind of trouble; it doubles with each round of troubles.
_FIRST_BACK_OFF: Final = {"deferred": 0.5, "not_sent": 1.0}

# Nothing secret: it parts workers that would otherwise all come back at one moment.
_jitter = random.Random()  # noqa: S311


class Pace:
    """When calls may start, and how many, by the operator's rate and by how earlier calls went."""

    def __init__(
        self,
        ledger: Ledger,
        channel: Channel,
        *,
        is_trial: bool = False,
        concurrency: int | None = None,
    ) -> None:
        self._channel = channel.name
        self._concurrency = Concurrency(channel.concurrency, start=concurrency)
        # After a breaker: one message alone, until one is accepted.
        self.is_trial = is_trial
        # Troubles in a row, each ended by a call that went otherwise.
        self.in_a_row: Counter[str] = Counter()
        # Refusals without a reason, since the last request that was taken.
        self.unexplained = 0
        self._rounds_of_trouble = 0
        self._began_in: dict[str, int] = {}
        self._allowance: Allowance | None = None
        if channel.per_second:
            self._allowance = Allowance(ledger, channel.name, channel.per_second)
        # How many messages may go at one moment; None: as many as calls may start.
        self._portion = portion(channel.per_second) if channel.per_second else None
        # A monotonic moment before which no call may start.
        self._paused_until = 0.0
        self._heeded: datetime | None = None
        # The longest wait that a provider asked for and other workers don't know of.
        self._to_share: float | None = None
        self._shared_limit = concurrency

    @property
    def concurrency(self) -> int:
        """How many calls may be under way."""
        return 1 if self.is_trial else self._concurrency.limit

    @property
    def is_slowed(self) -> bool:
        """Whether it is below what the channel takes."""
        return self._concurrency.limit < self._concurrency.most

    @property
    def batch_limit(self) -> int | None:
        """How many messages may share a request, if it is fewer than the channel takes."""
        return 1 if self.is_trial else self._portion

    def room(self, calls_under_way: int, *, batch_size: int) -> int:
        """How many calls may begin now, with so many messages each at most."""
        room = max(0, self.concurrency - calls_under_way)
        if self._portion is None or not room:
            return room
        return max(1, min(room, self._portion // min(batch_size, self._portion)))

    def seconds_until(self, messages: Sequence[Row[Any]], *, in_hand: int) -> float:
        """How long until the operator's rate and the provider's own wish allow these.

        `in_hand` is how many the run may send soon, these included.
        """
        seconds = self.asked_to_wait
        if self._allowance is not None:
            senders = Counter(message.sender for message in messages)
            seconds = max(seconds, self._allowance.take(senders, wanted=in_hand))
        return seconds

    @property
    def asked_to_wait(self) -> float:
        """The seconds left of the wait that the provider's responses to this run ask for."""
        return max(0.0, self._paused_until - time.monotonic())

    def heed(self, connection: Connection, standing: Standing) -> float:
        """Follow what the provider asked of all workers; seconds to wait, once for each pause.

        A worker that has waited for the whole pause ends it for all: a run's clock may stand still.
        """
        self._concurrency.follow(standing.concurrency)
        if standing.paused_until is None:
            return 0.0
        if standing.paused_until == self._heeded or standing.pause <= 0:
            end_pause(connection, self._channel)
            return 0.0
        self._heeded = standing.paused_until
        return standing.pause

    @property
    def has_news(self) -> bool:
        """Whether there is something that the other workers should know."""
        return self._to_share is not None or self._limit_to_share != self._shared_limit

    @property
    def _limit_to_share(self) -> int | None:
        return self._concurrency.limit if self.is_slowed else None

    def share(self, connection: Connection, *, now: datetime) -> None:
        """Share with the other workers what the provider asked of this one since the last time."""
        asked, self._to_share = self._to_share, None
        if asked is not None:
            self._heeded = pause(connection, self._channel, seconds=asked, now=now)
        if (limit := self._limit_to_share) != self._shared_limit:
            self._shared_limit = limit
            slow_down(connection, self._channel, concurrency=limit)

    def begin(self, requests: Sequence[Request]) -> None:
        """These calls start now."""
        for request in requests:
            self._began_in[request.attempt_id] = self._concurrency.round

    def learn(self, outcome: Outcome, request: Request | None = None) -> float:
        """Learn from the outcome of a call; seconds before its messages may go again.

        Without a request, of a call that was to prepare one.
        """
        began_in = self._concurrency.round
        if request is not None:
            began_in = self._began_in.pop(request.attempt_id, began_in)
        trouble = _trouble(outcome)
        self.in_a_row = Counter({trouble: self.in_a_row[trouble] + 1} if trouble else {})
        if outcome.reason == "unexplained":
            self.unexplained += 1
        elif outcome.kind == "accepted":
            self.unexplained = 0
        if outcome.kind in _FIRST_BACK_OFF:
            return self._back_off(outcome, began_in)
        if outcome.kind == "rejected" and not trouble:
            self.is_trial = False  # a verdict on one message: the provider is well
        if outcome.kind == "accepted":
            self.is_trial = False
            self._concurrency.note_success()
            if began_in == self._concurrency.round:
                self._rounds_of_trouble = 0
        return 0.0

    def _back_off(self, outcome: Outcome, began_in: int) -> float:
        """As long as the provider asks; else full jitter, so that workers don't come in step."""
        if self._concurrency.note_trouble(began_in, halve=outcome.kind == "deferred"):
            self._rounds_of_trouble += 1
        rounds = max(1, self._rounds_of_trouble)
        ceiling = min(LONGEST_WAIT, _FIRST_BACK_OFF[outcome.kind] * 2 ** min(rounds - 1, 10))
        seconds = outcome.retry_after
        if seconds is None:
            seconds = _jitter.uniform(0, ceiling)
        wait = min(seconds, LONGEST_WAIT)
        self._paused_until = max(self._paused_until, time.monotonic() + wait)
        if outcome.retry_after is not None:
            self._to_share = max(self._to_share or 0.0, seconds)
        return seconds


def _trouble(outcome: Outcome) -> str:
    """What kind of trouble a call met, if any: the same kind in a row stops the channel."""
    if outcome.kind in {"not_sent", "unknown", "deferred"}:
        return outcome.kind
    return outcome.reason if outcome.reason in {"config", "content", "auth", "credits"} else ""
