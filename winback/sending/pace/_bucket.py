"""The rate of a sender: a token bucket in the ledger, which all workers draw from.

Tokens are taken in portions of a second's worth, so that no message costs a write. Tokens taken
ahead of the rate are a debt: the run that takes them waits until it is paid, and the next run waits
for both, so no run starves.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from winback.ledger import Ledger
from winback.sending.brakes import _stops

# In seconds: a clock that goes back by less is waited for, so that no second is counted twice.
_CLOCK_SKEW: Final = 300.0


@dataclass(frozen=True)
class Bucket:
    """Tokens of one sender at a moment, in seconds of any clock that all takers share."""

    per_second: float
    tokens: float
    at: float

    @property
    def capacity(self) -> int:
        return portion(self.per_second)

    def take(self, count: int, *, now: float) -> tuple[Bucket, float]:
        """The bucket after `count` tokens more are promised, and the seconds until they are due.

        A clock that went back refills nothing. If it went back far, it counts from there: nobody
        waits for the hour or the day that it was ahead.
        """
        at = now if self.at - now > _CLOCK_SKEW else max(self.at, now)
        full = min(self.capacity, self.tokens + max(0.0, at - self.at) * self.per_second)
        left = full - count
        return Bucket(self.per_second, left, at), max(0.0, at - now - left / self.per_second)


def portion(per_second: float) -> int:
    """How many messages go at once: a second's worth, at least one."""
    return max(1, int(per_second))


class Allowance:
    """The messages that one run may still send of the portions that it took."""

    def __init__(self, ledger: Ledger, channel: str, per_second: float) -> None:
        self._ledger, self._channel, self._per_second = ledger, channel, per_second
        self._left: Counter[str] = Counter()

    def take(self, senders: Counter[str], *, wanted: int) -> float:
        """Seconds to wait until so many messages of each sender may go.

        `wanted` is how many the run has in hand: a portion larger than that would be wasted.
        """
        seconds = 0.0
        for sender, count in senders.items():
            if (short := count - self._left[sender]) > 0:
                taken = max(short, min(portion(self._per_second), wanted))
                seconds = max(seconds, self._promise(sender, taken))
                self._left[sender] += taken
            self._left[sender] -= count
        return seconds

    def _promise(self, sender: str, count: int) -> float:
        with self._ledger.write() as connection:
            now, known = _stops.read_tokens(connection, self._channel, sender)
            tokens, at = known or (portion(self._per_second), now)
            bucket, seconds = Bucket(self._per_second, tokens, at).take(count, now=now)
            _stops.write_tokens(
                connection, self._channel, sender, tokens=bucket.tokens, at=bucket.at
            )
        return seconds
