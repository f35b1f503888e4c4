"""Runs one send in a process of its own, and kills it where it is told to.

A point is `none` or `<what>:<which>:<when>`. Of the commits of what a run writes (sweep, claim,
intent, record, release, other), the which-th, `before` it or `after` it. Of calls (call), the
which-th, `before` it, with `half` of the request written, `inside` (written whole, and nothing
read) or `after` it.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from multiprocessing.synchronize import Barrier
from types import ModuleType
from typing import Any

from sqlalchemy import Connection
from urllib3.connection import HTTPConnection

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.ledger import Ledger, open_ledger
from winback.providers import Outcome, Request
from winback.providers._wire import _ProvingMixin
from winback.providers.print_shop.channel import PrintChannel
from winback.providers.sendgrid.channel import EmailChannel
from winback.providers.twilio.messages import PhoneChannel
from winback.sending import _attempts, _due, _run, _send, _sweep, send_due

# What a transaction turns out to be for, by the function that it calls.
TELLTALES: dict[str, tuple[ModuleType, str]] = {
    "sweep": (_sweep, "_interrupt"),
    "claim": (_due, "_take"),
    "intent": (_attempts, "begin"),
    "record": (_attempts, "finish"),
}
# No wait is longer: the clock stands still anyway.
LONGEST_NAP = 0.05


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def nap(seconds: float) -> None:
    time.sleep(min(seconds, LONGEST_NAP))


def kill_at_commit(what: str, which: int, when: str) -> None:
    original, local, seen = Ledger._writing, threading.local(), Counter[str]()

    def tell(name: str, module: ModuleType, function: str) -> None:
        unaware = getattr(module, function)

        def aware(*arguments: Any, **options: Any) -> Any:
            local.what = name
            return unaware(*arguments, **options)

        setattr(module, function, aware)

    for name, (module, function) in TELLTALES.items():
        tell(name, module, function)
    release = _send.release

    def aware_release(*arguments: Any) -> None:
        local.coming = "release"
        release(*arguments)

    _send.release = aware_release

    @contextmanager
    def writing(self: Ledger, *arguments: Any, **options: Any) -> Iterator[Connection]:
        local.what, local.coming = getattr(local, "coming", "other"), "other"
        with original(self, *arguments, **options) as connection:
            yield connection
            mine = local.what
            seen[mine] += 1
            is_it = (mine, seen[mine]) == (what, which)
            if is_it and when == "before":
                die()
        if is_it:
            die()

    Ledger._writing = writing


def kill_at_call(which: int, when: str) -> None:
    calls, lock, local = count(1), threading.Lock(), threading.local()
    write, read = HTTPConnection.send, _ProvingMixin.getresponse

    def send_half(self: HTTPConnection, data: Any) -> None:
        body = bytes(data).partition(b"\r\n\r\n")[2]
        if getattr(local, "is_it", False) and when == "half" and body:
            self.sock.sendall(data[: -(len(body) // 2)])
            die()
        write(self, data)

    def read_nothing(self: Any) -> Any:
        if getattr(local, "is_it", False) and when == "inside":
            die()
        return read(self)

    HTTPConnection.send, _ProvingMixin.getresponse = send_half, read_nothing
    for channel in (EmailChannel, PhoneChannel, PrintChannel):

        def send(self: object, request: Request, original=channel.send) -> Outcome:
            with lock:
                local.is_it = next(calls) == which
            if local.is_it and when == "before":
                die()
            outcome = original(self, request)
            if local.is_it:
                if when != "after":
                    raise SystemExit(f"the call went by the point {when}")
                die()
            return outcome

        channel.send = send


def run(settings: Settings, now: str, point: str, start: Barrier | None) -> None:
    with open_ledger(settings) as ledger:
        if start is not None:
            # Together and in small portions: else the first leaves nothing to the others.
            _run.CLAIM_SIZE = 4
            start.wait(60)
        if point != "none":
            what, which, when = point.split(":")
            if what == "call":
                kill_at_call(int(which), when)
            else:
                kill_at_commit(what, int(which), when)
        send_due(ledger, settings, FixedClock(datetime.fromisoformat(now)), sleep=nap)
