"""What every part of a running sandbox shares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from winback.clock import Clock
from winback.sandbox._credentials import Credentials
from winback.sandbox._faults import Faults
from winback.sandbox._store import Store
from winback.sandbox._webhooks import Outbox


class AdjustableClock:
    """The clock it was given, until somebody says what time it is."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.standing_at: datetime | None = None

    def now(self) -> datetime:
        return self.standing_at or self._clock.now()


@dataclass
class State:
    """One sandbox."""

    credentials: Credentials
    store: Store
    outbox: Outbox
    faults: Faults
    clock: AdjustableClock
    # Whether what is accepted is also delivered, without anybody asking for it.
    delivers: bool = True
