"""Troubles of a receiver at the moment, for `GET /healthz`: causes, never contents."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from winback.ledger import Ledger, LedgerUnavailable

# The machine that asks waits a few seconds itself.
ANSWER_SECONDS: Final = 2.0
# An opt-out is to be in force within 5 seconds; what waits for longer than this is late.
LATE: Final = timedelta(seconds=30)


class Probe:
    """A probe that runs in a thread, once at a time: all who ask meanwhile share its result."""

    def __init__(self, begin: Callable[[], Future[None]]) -> None:
        self._begin = begin
        self._pending: Future[None] | None = None

    async def trouble(self) -> str:
        """Why it does not work; empty: it does."""
        if self._pending is None or self._pending.done():
            self._pending = self._begin()
        try:
            # It goes on after that: the next who asks waits for the same.
            waited = asyncio.shield(asyncio.wrap_future(self._pending))
            await asyncio.wait_for(waited, ANSWER_SECONDS)
        except TimeoutError:
            return "no answer in time"
        except Exception as error:  # noqa: BLE001  # whatever it was, it does not work
            return cause_of(error)
        return ""


def ledger_probe(ledger: Ledger) -> Probe:
    """Whether somebody can write to the ledger: it is there, and nobody else keeps it."""

    def take_turn() -> None:
        with ledger.write():
            pass

    return Probe(lambda: _in_a_thread(take_turn))


@dataclass
class Backlog:
    """The callbacks that are on disk and not in the ledger yet: how many, since when.

    By a clock that nobody sets: a machine's time may jump while they wait.
    """

    _waiting: int = 0
    _since: float | None = None
    _taken: int = 0
    _taken_since: float | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self) -> None:
        with self._lock:
            self._waiting += 1
            self._since = self._since or monotonic()

    def take(self) -> None:
        """All of it is being collected; until `clear` it still counts."""
        with self._lock:
            self._taken += self._waiting
            self._taken_since = self._taken_since or self._since
            self._waiting, self._since = 0, None

    def clear(self) -> None:
        """What was taken is collected."""
        with self._lock:
            self._taken, self._taken_since = 0, None

    def look(self) -> tuple[int, timedelta]:
        """How many there are, and for how long the oldest waits."""
        with self._lock:
            since = self._taken_since or self._since
            age = timedelta(seconds=monotonic() - since) if since else timedelta()
            return self._taken + self._waiting, age


@dataclass(frozen=True)
class LastFailure:
    """The newest callback that could not be stored, until one could."""

    at: datetime
    why: str


def cause_of(error: BaseException) -> str:
    """An error without what it is about: paths and values stay out of an open page."""
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return "away or locked" if isinstance(error, LedgerUnavailable) else type(error).__name__


def problems(
    *,
    storing: str,
    bytes_in_flight: int,
    last: LastFailure | None,
    ledger: str,
    waiting: int,
    age: timedelta,
) -> list[str]:
    """Each thing that a person has to look after, in one sentence."""
    lines = []
    if storing:
        lines.append(
            f"Callbacks can't be stored ({storing}): providers hear 503 and come again. "
            "Next: look at the disk and at landing/events under WINBACK_HOME"
        )
    if bytes_in_flight:
        lines.append(
            f"The memory for bodies is full ({bytes_in_flight:,} bytes are coming in): providers "
            "hear 503 and come again. Next: look at who posts so much, in your proxy's log"
        )
    if last is not None:
        lines.append(
            f"The newest callback was not stored ({last.why}, {last.at:%Y-%m-%dT%H:%M:%SZ}): "
            "its provider comes again"
        )
    if ledger:
        lines.append(
            f"The ledger can't be written ({ledger}): opt-outs are kept on disk and not in force "
            "yet. Next: look at its database and at what else uses it"
        )
    if age > LATE:
        lines.append(
            f"Stored callbacks that are not in the ledger after {int(age.total_seconds())} s: "
            f"{waiting}. Next: winback build, which collects them, and the receiver's log"
        )
    return lines


def _in_a_thread(work: Callable[[], None]) -> Future[None]:
    """A daemon, since what hangs must not keep the receiver from ending."""
    future: Future[None] = Future()

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  # told to whoever waits
            future.set_exception(error)
        else:
            future.set_result(None)

    threading.Thread(target=run, name="winback-probe", daemon=True).start()
    return future
