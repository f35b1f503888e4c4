"""Mishaps between a provider's webhooks and their receiver, by chance from a seed."""

from __future__ import annotations

import heapq
import random
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from winback.rehearsal.sandbox._records import Provider, Webhook

Mishap = Literal["duplicate", "reordered", "late", "lost"]
MISHAPS: Final[tuple[Mishap, ...]] = get_args(Mishap)
# What is reordered comes within this time after what followed it.
SHUFFLE_SECONDS: Final = 0.3


@dataclass(frozen=True)
class Fate:
    """The deliveries of one webhook: a delay in seconds for each; none means it is lost."""

    webhook: Webhook
    delays: tuple[float, ...] = (0.0,)

    def posts(self) -> list[tuple[float, Webhook]]:
        """Return the posts of a webhook; a repeated event bears a new sg_event_id now and then."""
        first, *again = self.delays or (None,)
        posts = [(first, self.webhook)] if first is not None else []
        for number, delay in enumerate(again):
            body = self.webhook.body
            if number % 2 == 0 and "sg_event_id" in body:
                body = {**body, "sg_event_id": secrets.token_urlsafe(24)}
            posts.append((delay, replace(self.webhook, body=body)))
        return posts


class Mishaps:
    """A source of fates; one seed gives the same fates to the same sequence of webhooks."""

    def __init__(
        self,
        seed: int = 0,
        rates: Mapping[Mishap, float] | None = None,
        *,
        seconds: float = 1.0,
        provider: Provider | None = None,
    ) -> None:
        self._random = random.Random(seed)  # noqa: S311 - chance, no secret
        self._rates, self._seconds, self._provider = rates or {}, seconds, provider

    def fate(self, webhook: Webhook) -> Fate:
        is_meant = webhook.endpoint.startswith(self._provider or "")
        if not self._rates or not is_meant:
            return Fate(webhook)
        left = self._random.random()
        for mishap in MISHAPS:
            left -= self._rates.get(mishap, 0.0)
            if left < 0:
                return Fate(webhook, self._delays(mishap))
        return Fate(webhook)

    def _delays(self, mishap: Mishap) -> tuple[float, ...]:
        match mishap:
            case "lost":
                return ()
            case "late":
                return (self._seconds,)
            case "reordered":
                return (self._random.random() * SHUFFLE_SECONDS,)
            case "duplicate":
                again = self._random.randint(1, 3)
                return (0.0, *(self._random.random() * SHUFFLE_SECONDS for _ in range(again)))


class Later:
    """A thread that does things after a while; what is left at the end stays undone."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = 0
        self._changed = threading.Condition()
        self._is_over = False
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._is_over = True
            self._changed.notify()
        self._thread.join()

    def do(self, delay: float, thing: Callable[[], None]) -> None:
        with self._changed:
            self._order += 1
            heapq.heappush(self._heap, (time.monotonic() + delay, self._order, thing))
            self._changed.notify()

    def _work(self) -> None:
        while True:
            with self._changed:
                if self._is_over:
                    return
                now = time.monotonic()
                if not self._heap or self._heap[0][0] > now:
                    self._changed.wait(self._heap[0][0] - now if self._heap else None)
                    continue
                _, _, thing = heapq.heappop(self._heap)
            thing()
