"""Plans messages with codes of one's own in a process that is to be killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from datetime import datetime
from multiprocessing.synchronize import Barrier
from typing import Any

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.ledger import open_ledger
from winback.sending import plan
from winback.sending.plan import _plan


def run(
    settings: Settings,
    at: str,
    rows: Sequence[Mapping[str, Any]],
    dies_after: int,
    together: Barrier,
) -> None:
    """Plan `rows` in small portions; killed after so many codes were given, 0: never."""
    give, given = _plan.CodesOf.give, 0

    def counted(codes: _plan.CodesOf, *, at: datetime) -> None:
        nonlocal given
        give(codes, at=at)
        given += 1
        if given == dies_after:
            os.kill(os.getpid(), signal.SIGKILL)

    _plan.CodesOf.give = counted  # type: ignore[method-assign]
    _plan.chunks = lambda all_rows: [all_rows[i : i + 7] for i in range(0, len(all_rows), 7)]  # type: ignore[assignment]
    together.wait(60)
    with open_ledger(settings) as ledger:
        plan(ledger, rows, settings, FixedClock(datetime.fromisoformat(at)))
