"""Ctrl-C and SIGTERM: a command ends within two seconds, in one line, and says what comes next."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, Final

# A call that hears nothing of Python's signals ends with the process: as a kill would, whose
# traces the next run clears.
GRACE_SECONDS: Final = 1.2
_SHOW_CURSOR: Final = "\x1b[?25h"

_LOAD: Final = "landing keeps what it had, or all that it was given. Next: the same winback load"
_BUILD: Final = "what was published before is still current. Next: winback build"
_RUN: Final = (
    "what was sent is in the ledger, and no message is sent twice. Next: winback run, which goes "
    "on from there"
)
_SERVE: Final = "every callback that was acknowledged is stored. Next: winback serve"
_DEMO: Final = "the demo's shop stays in .winback-demo. Next: winback demo, which begins anew"
_KEPT: Final = {"load": _LOAD, "build": _BUILD, "run": _RUN, "serve": _SERVE, "demo": _DEMO}
_OTHER: Final = "what was finished is kept. Next: the same command"


class Interrupted(SystemExit):
    """The command was interrupted; a SystemExit, as dbt and Prefect clean up after it quietly."""


class _Watch:
    """Who was interrupted, by which signal, and whether it was told."""

    def __init__(self, command: str) -> None:
        self._command = command
        self._number = 0
        self._telling = threading.Lock()

    @property
    def exit_code(self) -> int:
        """As a shell counts: 130 for SIGINT, 143 for SIGTERM; 0 if nothing came."""
        return self._number and 128 + self._number

    def hear(self, number: int, _frame: FrameType | None) -> None:
        if not self._number:
            self._number = number
            raise Interrupted(self.exit_code)

    def watch(self, pipe: int) -> None:
        """Wait for a signal, also while the main thread is in a call that hears none."""
        while heard := os.read(pipe, 1):
            # A server of our own handles its signals itself.
            if signal.getsignal(heard[0]) == self.hear:
                threading.Event().wait(GRACE_SECONDS)
                self._number = self._number or heard[0]
                self.tell()
                _end_children()
                os._exit(self.exit_code)
        os.close(pipe)

    def tell(self) -> None:
        """Say it once."""
        if not self._telling.acquire(blocking=False):
            return
        if sys.stderr.isatty():
            sys.stderr.write(_SHOW_CURSOR)
        what = _KEPT.get(self._command, _OTHER)
        sys.stderr.write(f"winback: interrupted; {what}\n")
        with suppress(OSError, ValueError):
            sys.stderr.flush()
            sys.stdout.flush()


@contextmanager
def interruptible(command: str) -> Iterator[None]:
    """Let SIGINT and SIGTERM end the command inside, with exit code 130 or 143."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    watch = _Watch(command)
    read, write = os.pipe()
    os.set_blocking(write, False)
    earlier = {
        number: signal.signal(number, watch.hear) for number in (signal.SIGINT, signal.SIGTERM)
    }
    # A signal may come in a callback of a library in C, which nothing can be raised through: what
    # Python says of it is no news, and the watch ends the command.
    told = sys.unraisablehook
    sys.unraisablehook = partial(_unless_interrupted, told)
    wakeup = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    threading.Thread(target=watch.watch, args=(read,), daemon=True).start()
    try:
        yield
    finally:
        if watch.exit_code:
            # Whatever the interruption became on its way, this is how the command ends. The
            # watch goes on: the end of the process may hang too.
            watch.tell()
            sys.exit(watch.exit_code)
        signal.set_wakeup_fd(wakeup)
        sys.unraisablehook = told
        os.close(write)
        for number, handler in earlier.items():
            signal.signal(number, handler)


def _unless_interrupted(tell: Callable[[Any], object], unraisable: Any) -> None:
    if not isinstance(unraisable.exc_value, Interrupted):
        tell(unraisable)


def _end_children() -> None:
    """End the processes that this one began, such as Prefect's own server; on Linux alone."""
    for file in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):
            for child in file.read_text().split():
                os.kill(int(child), signal.SIGTERM)
