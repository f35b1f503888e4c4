"""A signal that waits: what is under way ends and is written down, and then the process ends."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_LOOKS_EVERY: Final = 0.1
_WAITS: Final = b"\nEnding once the calls under way are answered; once more ends at once.\n"


class Ending:
    """Whether a signal asked the process to end while it could not yet."""

    def __init__(self) -> None:
        self.signal = 0

    @property
    def is_asked(self) -> bool:
        return bool(self.signal)

    def sleep(self, seconds: float) -> None:
        """Sleep so long, or until it is asked to end."""
        until = time.monotonic() + seconds
        while not self.is_asked and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _LOOKS_EVERY))


@contextmanager
def ending_later() -> Iterator[Ending]:
    """Put SIGINT and SIGTERM off until the work inside is done, which looks at `is_asked`.

    The signal then reaches whoever handled it before; a second one does so at once. Elsewhere
    than in the main thread, where no signal is heard, nothing is put off.
    """
    ending = Ending()
    if threading.current_thread() is not threading.main_thread():
        yield ending
        return

    def put_back() -> None:
        for number, handler in earlier.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)

    def hear(number: int, _frame: FrameType | None) -> None:
        if ending.is_asked:
            put_back()
            signal.raise_signal(number)
        else:
            ending.signal = number
        if sys.stderr.isatty():
            os.write(sys.stderr.fileno(), _WAITS)

    earlier = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield ending
    finally:
        if signal.getsignal(signal.SIGINT) is hear:
            put_back()
            if ending.is_asked:
                signal.raise_signal(ending.signal)
