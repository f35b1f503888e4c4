"""How many calls may be under way at once: halved when the provider says that it is too much.

Additive increase, multiplicative decrease: the rule by which TCP shares a line, and for the same
reason. Many workers that follow it settle at what the provider takes.
"""

from __future__ import annotations

# So many calls that went well allow one more at once.
SUCCESSES_FOR_ONE_MORE = 50


class Concurrency:
    """A limit between one and `most`.

    Calls that began before the last halving don't halve again: they met the same overload.
    """

    def __init__(self, most: int, *, start: int | None = None) -> None:
        self.most = most
        self.limit = min(most, max(1, start or most))
        # Counts the troubles; a call belongs to the round in which it began.
        self.round = 0
        self._successes = 0

    def note_success(self) -> None:
        self._successes += 1
        if self._successes >= SUCCESSES_FOR_ONE_MORE:
            self._successes = 0
            self.limit = min(self.most, self.limit + 1)

    def note_trouble(self, began_in: int, *, halve: bool) -> bool:
        """Take in that a call went wrong; whether that was news."""
        if began_in != self.round:
            return False
        self.round += 1
        self._successes = 0
        if halve:
            self.limit = max(1, self.limit // 2)
        return True

    def follow(self, limit: int | None) -> None:
        """Another worker was told to go slower: so are we."""
        if limit is not None and limit < self.limit:
            self.limit = max(1, limit)
            self._successes = 0
