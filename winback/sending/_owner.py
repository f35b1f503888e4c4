"""Who holds a claim, and whether that process still lives.

In a replay the clock stands still and leases never run out, so a claim is also free again
when the process that made it is gone.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_UNREADABLE = "unreadable"
_active: set[str] = set()


@contextmanager
def claiming() -> Iterator[str]:
    """A new claim token, alive until the block ends."""
    token = "|".join((socket.gethostname(), str(os.getpid()), _started(), secrets.token_hex(8)))
    _active.add(token)
    try:
        yield token
    finally:
        _active.discard(token)


def is_dead(token: str | None) -> bool:
    """Whether a claim's owner is certainly gone; another machine's owner never is, here."""
    host, pid, started, _ = (token or "|||").split("|")
    if host != socket.gethostname():
        return not host
    if pid == str(os.getpid()) and started == _started():
        return token not in _active
    return not _exists(int(pid)) or _started(pid) not in {started, _UNREADABLE}


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _started(pid: str = "self") -> str:
    """When a process began, in ticks since boot: with the pid it names one process for good.

    Where there is no /proc to read, the pid alone must do, and leases that run out.
    """
    try:
        stat = Path("/proc", pid, "stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return _UNREADABLE
    fields = stat.rpartition(")")[2].split()
    return "zombie" if fields[0] == "Z" else fields[19]
