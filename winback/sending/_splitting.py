"""Splitting a refused batch into parts that go again, until the message at fault stands alone.

A provider refuses a request as a whole. Where it names who is at fault, the others go again
together; where it doesn't, in halves. What was learned lives as long as the run: the next one
starts anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

from sqlalchemy import Row

from winback.providers import Outcome, Request

# After so many refusals that named some messages of a batch, the others go in halves.
ROUNDS = 5


class Splitting:
    """Which messages share a request; `size` is how many at most."""

    def __init__(self, size: int) -> None:
        self._size = size
        # The bytes that bodies may have in one request, learned from one that was too large.
        self._weight: int | None = None
        self._rounds = Counter[str]()
        # Messages that share a request with those of their own part only.
        self._parts: dict[str, int] = {}
        self._numbers = count()

    def first(self, rows: Sequence[Row[Any]]) -> tuple[list[Row[Any]], list[Row[Any]]]:
        """The messages of the next request, and the others; both in their order."""
        if not self._parts and self._weight is None:
            return list(rows[: self._size]), list(rows[self._size :])
        part = self._parts.get(rows[0].message_id)
        together: list[Row[Any]] = []
        others: list[Row[Any]] = []
        weight = 0
        for row in rows:
            weight += _weight(row)
            fits = len(together) < self._size and (
                part is not None or self._weight is None or weight <= self._weight or not together
            )
            alike = self._parts.get(row.message_id) == part
            (together if alike and fits else others).append(row)
        return together, others

    def learn(self, request: Request, outcome: Outcome, rows: Mapping[str, Row[Any]]) -> None:
        """Learn from the outcome of a request."""
        going = list(request.message_ids)
        if outcome.kind == "rejected":
            named = {going[pos] for pos in outcome.positions if pos < len(going)}
            self._send_others_again([key for key in going if key not in named], named)
        elif outcome.reason == "too_large" and len(going) > 1:
            weights = [_weight(rows[key]) for key in going]
            self._weight = sum(weights) // 2
            self._halve(going, weights)
        elif outcome.reason == "unexplained":
            self._halve(going)
        elif outcome.kind in {"accepted", "unknown"}:
            self._forget(going)

    def _send_others_again(self, others: list[str], named: set[str]) -> None:
        self._forget(named)
        self._rounds.update(others)
        if any(self._rounds[key] >= ROUNDS for key in others):
            self._halve(others)

    def _halve(self, keys: Sequence[str], weights: Sequence[int] = ()) -> None:
        """Make two parts of about the same weight, neither of them empty."""
        weights = weights or [1] * len(keys)
        parts = next(self._numbers), next(self._numbers)
        before, total = 0, sum(weights)
        for key, weight in zip(keys, weights, strict=True):
            self._parts[key] = parts[2 * before + weight > total]
            before += weight

    def _forget(self, keys: Sequence[str] | set[str]) -> None:
        for key in keys:
            self._parts.pop(key, None)
            self._rounds.pop(key, None)


def _weight(row: Row[Any]) -> int:
    return len(row.payload_json)
