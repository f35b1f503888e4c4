"""Who holds a claim, and whether that run still lives.

A run that holds claims says so in the ledger, again and again while it lives, in real time: the
clock it goes by may stand still, and another machine can't look at its processes. A run that is
silent for longer than a lease has lost its claims. On its own machine a process that is gone is
seen at once.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from threading import Event, Thread

from sqlalchemy import Connection, delete, func, select, update

from winback.base.clock import WallClock
from winback.ledger import Ledger, LedgerUnavailable, insert_new, tables

# Five beats may get lost, to a busy machine or a database that restarts, before a run counts
# as dead.
BEAT = timedelta(seconds=10)
LEASE = 6 * BEAT

_UNREADABLE = "unreadable"
_active: set[str] = set()
_h = tables.claim_holders.c


@contextmanager
def claiming(ledger: Ledger) -> Iterator[str]:
    """A new claim token, alive until the block ends."""
    token = "|".join((_machine(), str(os.getpid()), _started(), secrets.token_hex(8)))
    _active.add(token)
    over = Event()
    beating = Thread(target=_beat, args=(ledger, token, over), daemon=True)
    try:
        renew(ledger, token)
        beating.start()
        yield token
    finally:
        over.set()
        if beating.is_alive():
            beating.join()
        _active.discard(token)
        # A row that stays behind is taken for a run that fell silent.
        with suppress(LedgerUnavailable), ledger.write_own() as connection:
            connection.execute(delete(tables.claim_holders).where(_h.claim_token == token))


def renew(ledger: Ledger, token: str) -> None:
    """Say that a run lives, for the length of a lease from now."""
    with ledger.write_own() as connection:
        alive = {"alive_until": _real_now(connection) + LEASE}
        if not insert_new(connection, tables.claim_holders, [{"claim_token": token, **alive}]):
            mine = update(tables.claim_holders).where(_h.claim_token == token)
            connection.execute(mine.values(alive))


def dead_among(connection: Connection, tokens: Collection[str | None]) -> set[str | None]:
    """The claims whose owners are gone: silent for a lease, or a process of this machine that
    ended."""
    alive = set(
        connection.scalars(select(_h.claim_token).where(_h.alive_until > _real_now(connection)))
    )
    return {token for token in tokens if token not in alive or _is_gone(token or "")}


def runs_alive(connection: Connection) -> int:
    """How many runs hold claims now, on any machine."""
    tokens = set(connection.scalars(select(_h.claim_token)))
    return len(tokens - dead_among(connection, tokens))


def forget_the_dead(connection: Connection) -> None:
    """Drop the rows of runs that ended without a word; the caller has freed what they held."""
    dead = dead_among(connection, set(connection.scalars(select(_h.claim_token))))
    for token in dead:
        connection.execute(delete(tables.claim_holders).where(_h.claim_token == token))


def _beat(ledger: Ledger, token: str, over: Event) -> None:
    while not over.wait(BEAT.total_seconds()):
        with suppress(LedgerUnavailable):
            renew(ledger, token)


def _real_now(connection: Connection) -> datetime:
    """The database's time, which is the same for all machines; SQLite's is that of this one."""
    if connection.dialect.name == "sqlite":
        return WallClock().now()
    return connection.execute(select(func.clock_timestamp(type_=tables.UtcDateTime))).scalar_one()


def _is_gone(token: str) -> bool:
    """Whether a claim's owner ran on this machine and ended; another machine's is not known."""
    machine, pid, started, _ = token.split("|")
    if machine != _machine():
        return False
    if pid == str(os.getpid()) and started == _started():
        return token not in _active
    return not _exists(int(pid)) or _started(pid) not in {started, _UNREADABLE}


@cache
def _machine() -> str:
    """This machine since its start, and in it the processes that one can see from here.

    The name alone would do for neither: clones share it, and so do containers over time.
    """
    parts = [socket.gethostname()]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return "/".join(parts)


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
