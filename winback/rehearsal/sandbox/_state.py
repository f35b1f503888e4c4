"""The state that every part of a running sandbox shares."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from winback.base.clock import Clock
from winback.rehearsal.sandbox._batches import Batches
from winback.rehearsal.sandbox._credentials import Credentials
from winback.rehearsal.sandbox._fault_plan import Faults
from winback.rehearsal.sandbox._store import Store
from winback.rehearsal.sandbox._suppressions import Suppressions
from winback.rehearsal.sandbox._webhooks import Outbox


class AdjustableClock:
    """A clock that follows another one until somebody sets its time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.standing_at: datetime | None = None

    def now(self) -> datetime:
        return self.standing_at or self._clock.now()


@dataclass
class State:
    """The state of one sandbox."""

    credentials: Credentials
    store: Store
    batches: Batches
    suppressions: Suppressions
    outbox: Outbox
    faults: Faults
    clock: AdjustableClock
    # Whether what is accepted is also delivered, without anybody asking for it.
    delivers: bool = True
    # How long Twilio keeps a message in its queue before it leaves.
    queue_seconds: float = 0.0
    # What a text or a call costs, in dollars; empty: it has no price yet.
    price: str = ""
    # How long what was accepted does not show in lists and logs.
    lag_seconds: float = 0.0
    # The next moment (Unix seconds) at which something that waits moves on.
    next_due: float | None = None
    departing: threading.RLock = field(default_factory=threading.RLock)

    def shown_before(self) -> str | None:
        """Return the moment before which accepted messages show in lists; None: all show."""
        if not self.lag_seconds:
            return None
        return (self.clock.now() - timedelta(seconds=self.lag_seconds)).isoformat()
