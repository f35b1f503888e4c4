"""Waiting for a ledger that is away for a moment: what has happened must be written down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from winback.ledger import LedgerUnavailable

T = TypeVar("T")

# A minute in all: a database that restarts or fails over is back by then, mostly.
PAUSES: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)


def patiently(act: Callable[[], T], sleep: Callable[[float], None]) -> T:
    """Call `act` until the ledger is there; it must be safe to repeat.

    Raises LedgerUnavailable where it does not come back.
    """
    for pause in PAUSES:
        try:
            return act()
        except LedgerUnavailable:
            sleep(pause)
    return act()
