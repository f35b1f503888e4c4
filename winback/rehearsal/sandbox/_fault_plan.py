"""The plan of faults: which requests fail and how, as ordered or by chance from a seed."""

from __future__ import annotations

import dataclasses
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from winback.rehearsal.sandbox._records import Provider

# A fault without `accepted` is not processed at all, except `slow`, which is, `seconds` late.
Kind = Literal[
    "error",  # 500
    "error_accepted",  # 500, though it was accepted
    "drop",  # the connection closes without a response
    "drop_accepted",  # likewise, though it was accepted: a lost response
    "silent",  # no response for `seconds`, then the connection closes
    "silent_accepted",  # likewise, though it was accepted
    "slow",  # processed and responded to after `seconds`, even if the client has gone by then
    "late_accepted",  # the connection closes; it is accepted `seconds` later
    "rate_limited",  # 429
    "refused",  # the provider's own refusal with `status`, 403 unless told, `code` and `field`
    "truncated_accepted",  # accepted, and the response breaks off
    "broken_json_accepted",  # accepted, and the response's body is no JSON
    "proxy_html",  # a proxy's page with `status`, 403 unless told
    "too_large",  # a proxy's 413
    "redirect",  # 307 to elsewhere
]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
# How a 429 says when to come back.
Hint = Literal["retry_after", "reset", "none"]


@dataclass(frozen=True)
class Target:
    """The requests that are meant: by provider, method, and a pattern found in the path."""

    provider: Provider | None = None
    method: str | None = "POST"
    path: str = ""

    def fits(self, method: str, path: str) -> bool:
        provider = "sendgrid" if path.startswith("/v3/") else "twilio"
        return (
            self.provider in {None, provider}
            and self.method in {None, method}
            and re.search(self.path, path) is not None
        )


@dataclass
class Fault:
    """One kind of fault for the next `count` requests, or for all during `span_seconds`."""

    kind: Kind
    target: Target = dataclasses.field(default_factory=Target)
    count: int = 1
    skip: int = 0
    seconds: float = 1.0
    span_seconds: float | None = None
    status: int = 403
    # Of a refusal: Twilio's code (else one that fits the status), SendGrid's field.
    code: int | None = None
    field: str | None = None
    hint: Hint = "retry_after"
    _until: float | None = None

    def is_over(self, now: float) -> bool:
        if self.span_seconds is None:
            return self.count <= 0
        return self._until is not None and now >= self._until

    def take(self, now: float) -> bool:
        """Tell whether this request meets the fault; a span begins with the first that does."""
        if self.skip:
            self.skip -= 1
            return False
        if self._until is None and self.span_seconds is not None:
            self._until = now + self.span_seconds
        self.count -= 1
        return True

    def wait_seconds(self) -> float:
        """Return the seconds after which a client that was told to wait may come back."""
        return self.seconds if self._until is None else max(0.0, self._until - time.monotonic())


@dataclass
class Chances:
    """Rates of faults; one seed gives the same faults to the same sequence of requests."""

    seed: int
    rates: Mapping[Kind, float]
    target: Target = dataclasses.field(default_factory=Target)
    seconds: float = 1.0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - chance, no secret

    def draw(self) -> Fault | None:
        left = self._random.random()
        for kind in KINDS:
            left -= self.rates.get(kind, 0.0)
            if left < 0:
                return Fault(kind, self.target, seconds=self.seconds)
        return None


class Faults:
    """Faults that are still to come."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._coming: list[Fault] = []
        self._chances: list[Chances] = []
        self._met: Counter[str] = Counter()

    def schedule(self, fault: Fault) -> None:
        with self._lock:
            self._coming.append(fault)

    def leave_to_chance(self, chances: Chances) -> None:
        with self._lock:
            self._chances.append(chances)

    def clear(self) -> None:
        with self._lock:
            self._coming.clear()
            self._chances.clear()

    def next(self, method: str, path: str) -> Fault | None:
        """Return the fault that this request meets; ordered faults come before chance."""
        now = time.monotonic()
        with self._lock:
            self._coming = [fault for fault in self._coming if not fault.is_over(now)]
            told = (f for f in self._coming if f.target.fits(method, path) and f.take(now))
            drawn = (c.draw() for c in self._chances if c.target.fits(method, path))
            fault = next(told, None) or next((f for f in drawn if f), None)
            if fault is not None:
                self._met[fault.kind] += 1
            return fault

    def met(self) -> dict[str, int]:
        """Return how often each kind was met so far."""
        with self._lock:
            return dict(self._met)

    def __len__(self) -> int:
        """Return the number of requests still to meet an ordered fault; a span counts as one."""
        now = time.monotonic()
        with self._lock:
            return sum(
                fault.count if fault.span_seconds is None else 1
                for fault in self._coming
                if not fault.is_over(now)
            )
