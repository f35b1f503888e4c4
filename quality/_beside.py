"""Great Expectations in a process beside ours: it is imported while we do something else.

Its import takes seconds, as do dbt's and Prefect's, and a machine has more than one core. The
other process knows nothing of the data: it gets each rule's figure, and tells which are broken.
It ends with ours, whatever ends ours: it waits on a socket that the system closes then.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from multiprocessing import Pipe
from typing import Any

from quality._figures import Figure
from quality._judge import broken_rules
from quality._rules import Rule
from winback.base.errors import GateFailure


class _Process:
    def __init__(self) -> None:
        self._ours, theirs = Pipe()
        self._turn = threading.Lock()
        with theirs:
            number = theirs.fileno()
            # A session of its own, or Ctrl-C on a terminal would reach it too.
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "quality", str(number)],
                pass_fds=(number,),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )

    def ask(self, *question: Any) -> frozenset[str]:
        with self._turn:
            try:
                self._ours.send(question)
                answer = self._ours.recv()
            except (EOFError, OSError):
                _shared.forget(self)
                raise GateFailure(
                    "the gate's own process ended before it answered, so nothing may pass. "
                    "Next: see that there is memory left, then run it again"
                ) from None
        if isinstance(answer, frozenset):
            return answer
        for error, cause in pairwise(answer):
            error.__cause__ = cause
        raise answer[0]

    def close(self) -> None:
        self._ours.close()
        self._process.kill()
        self._process.wait()


class _Shared:
    """The one process of all who work beside it now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self.process: _Process | None = None

    def enter(self) -> None:
        with self._lock:
            self._users += 1
            # One that has imported it already has nothing to win.
            if self.process is None and "great_expectations" not in sys.modules:
                self.process = _Process()

    def forget(self, process: _Process) -> None:
        """One that has ended answers nobody: whoever works on here does without, or starts anew."""
        with self._lock:
            if self.process is process:
                self.process = None
        process.close()

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0 and self.process is not None:
                process, self.process = self.process, None
                process.close()


_shared = _Shared()


@contextmanager
def beside() -> Iterator[None]:
    """Have gates judged in a process beside this one, which begins at once to get ready."""
    _shared.enter()
    try:
        yield
    finally:
        _shared.leave()


def judge(name: str, rules: Sequence[Rule], measured: Sequence[Figure]) -> frozenset[str]:
    """The names of the broken rules, told by the process beside this one, if there is one."""
    process = _shared.process
    ask = process.ask if process is not None else broken_rules
    return ask(name, rules, measured)
