"""Processes that live and die with this one."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from winback.base.errors import WinbackError

# A worker lets its run end; the server goes last, so that a run can still tell it how it ended.
_END_SECONDS: Final = 30.0
_LOOKS_EVERY: Final = 0.2
_PR_SET_PDEATHSIG: Final = 1


@dataclass(frozen=True)
class Child:
    """A process of ours, and the file that holds what it says."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path


class Children:
    """Starts processes, and ends all of them in the opposite order when the block ends."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._started: list[Child] = []

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> Child:
        """Start a process in a session of its own, so that Ctrl-C reaches this one alone."""
        self._logs.mkdir(parents=True, exist_ok=True)
        log = self._logs / f"{name}.log"
        with log.open("ab") as file:
            process = subprocess.Popen(
                list(command),
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509  # no thread has begun yet
            )
        child = Child(name, process, log)
        self._started.append(child)
        return child

    def wait_for(self, child: Child, is_ready: Callable[[], bool], *, seconds: float) -> None:
        """Wait until a child does its work. Raises WinbackError where it ends or takes longer."""
        deadline = time.monotonic() + seconds
        while not is_ready():
            if child.process.poll() is not None:
                raise WinbackError(f"{child.name} has ended. Next: look at {child.log}")
            if time.monotonic() > deadline:
                raise WinbackError(
                    f"{child.name} did not begin within {seconds:.0f} s. Next: look at {child.log}"
                )
            time.sleep(_LOOKS_EVERY)

    def wait(self, meanwhile: Callable[[], None], *, every: float) -> Child:
        """Wait for the first child that ends, which none should; `meanwhile` is called so often."""
        due = time.monotonic() + every
        while True:
            for child in self._started:
                if child.process.poll() is not None:
                    return child
            if time.monotonic() >= due:
                meanwhile()
                due = time.monotonic() + every
            time.sleep(_LOOKS_EVERY)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for child in reversed(self._started):
            if child.process.poll() is None:
                child.process.terminate()
                try:
                    child.process.wait(_END_SECONDS)
                except subprocess.TimeoutExpired:
                    os.killpg(child.process.pid, signal.SIGKILL)
                    child.process.wait()


def _end_with_parent() -> None:
    """Where Linux can, have the kernel end a child whose parent was killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
