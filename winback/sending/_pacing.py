"""The pace of one channel's run: when the next call may start, and what was learned."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from winback.channels import Channel, Outcome

# The longest that one run waits for a provider, or for messages that backed off.
LONGEST_WAIT = 60.0


class Pace:
    """When calls may start, by the operator's rate and by how earlier calls went."""

    def __init__(self, channel: Channel, *, sleep: Callable[[float], None]) -> None:
        self._channel, self._sleep = channel, sleep
        # Troubles in a row, each ended by a call that went otherwise.
        self.not_sent = self.unknown = self.deferred = 0
        # Refusals without a reason, since the last request that was taken.
        self.unexplained = 0
        # Monotonic moments before which no call may start.
        self._paced_until = self._paused_until = 0.0

    def wait_for(self, messages: int) -> None:
        """Wait until the operator's rate and the provider's own wish allow that many more."""
        start = max(self._paced_until, self._paused_until, time.monotonic())
        if (seconds := start - time.monotonic()) > 0:
            self._sleep(seconds)
        if self._channel.per_second:
            self._paced_until = start + messages / self._channel.per_second

    def learn(self, outcome: Outcome) -> float:
        """Take in what a call came to; seconds before its messages may go again."""
        self.not_sent = self.not_sent + 1 if outcome.kind == "not_sent" else 0
        self.unknown = self.unknown + 1 if outcome.kind == "unknown" else 0
        self.deferred = self.deferred + 1 if outcome.kind == "deferred" else 0
        if outcome.reason == "unexplained":
            self.unexplained += 1
        elif outcome.kind == "accepted":
            self.unexplained = 0
        return self._back_off(outcome)

    def _back_off(self, outcome: Outcome) -> float:
        if outcome.kind not in {"not_sent", "deferred"}:
            return 0.0
        failures = max(1, -(-(self.not_sent + self.deferred) // self._channel.concurrency))
        ceiling = min(LONGEST_WAIT, 0.5 * 2**failures)
        jittered = ceiling * (0.5 + secrets.randbelow(500) / 1000)
        seconds = jittered if outcome.retry_after is None else outcome.retry_after
        pause = min(seconds, LONGEST_WAIT)
        self._paused_until = max(self._paused_until, time.monotonic() + pause)
        return seconds
