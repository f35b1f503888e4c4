"""What a process and those that it started use of a machine, by Linux's /proc."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from sqlalchemy import text

from winback.ledger import Ledger

_TICKS: Final = os.sysconf("SC_CLK_TCK")


def seconds_of(pid: int | None) -> float:
    """Seconds of processor of a process and all that it started, ended ones too; 0 for none."""
    return 0.0 if pid is None else sum(seconds for _, seconds in _family(pid))


def peak_mb_of(pid: int) -> float:
    """Megabytes that a process and those that it started and that still run had at most, each at
    its own moment."""
    peaks = 0
    for one, _ in _family(pid):
        with suppress(OSError):
            told = Path(f"/proc/{one}/status").read_text(encoding="utf-8").splitlines()
            peaks += sum(int(line.split()[1]) for line in told if line.startswith("VmHWM:"))
    return peaks / 1024


def _family(pid: int) -> Iterator[tuple[int, float]]:
    """A process and all under it, each with its seconds and those of its ended children."""
    children, seconds = defaultdict(list), {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            fields = _fields(int(folder.name))
            children[int(fields[1])].append(int(folder.name))
            seconds[int(folder.name)] = sum(map(int, fields[11:15])) / _TICKS
    under = [pid]
    for one in under:
        under += children[one]
        yield one, seconds.get(one, 0.0)


def server_of(ledger: Ledger) -> int | None:
    """The process of a ledger's PostgreSQL, if it is on this machine."""
    if ledger.engine.dialect.name != "postgresql":
        return None
    with ledger.read() as connection:
        pid = connection.execute(text("select pg_backend_pid()")).scalar_one()
    with suppress(OSError):
        if "postgres" in Path(f"/proc/{pid}/comm").read_text(encoding="utf-8"):
            return int(_fields(pid)[1])
    return None


def _fields(pid: int) -> list[str]:
    """Of /proc/PID/stat, from the state on."""
    stat = Path("/proc", str(pid), "stat").read_text(encoding="utf-8", errors="replace")
    return stat.rpartition(")")[2].split()
