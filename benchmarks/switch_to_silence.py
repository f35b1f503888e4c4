"""From the switch to silence: `python benchmarks/switch_to_silence.py [TEXTS] [ROUNDS]`.

A run sends that many texts (default 2,000) to the sandbox. In each round (default 20) somebody
says `winback stop` in the midst of it and, once the run has ended, `winback go`. Timed is how long
the switch waits for its turn in the ledger, and how long the calls that were under way take to
end. A call that began after the switch was in the ledger is a failure.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from stop_to_silence import ms, plan_texts

from winback.base.clock import WallClock
from winback.base.settings import Settings
from winback.ledger import Ledger, open_ledger, tables
from winback.rehearsal import sandbox
from winback.sending import release_stops, send_due, stop_all

# Long enough for all calls at once to be under way.
WARM_UP_SECONDS = 0.3


def switch_off(ledger: Ledger) -> tuple[float, datetime]:
    """Seconds until the switch is in the ledger, and the moment from which it is."""
    asked = time.perf_counter()
    with ledger.write() as connection:
        stop_all(connection, reason="benchmark", now=WallClock().now())
    return time.perf_counter() - asked, WallClock().now()


def calls_after(ledger: Ledger, moment: datetime) -> int:
    started_at = tables.attempts.c.started_at
    with ledger.read() as connection:
        return connection.scalar(select(func.count()).where(started_at > moment)) or 0


def measure(ledger: Ledger, settings: Settings, *, texts: int, rounds: int) -> None:
    plan_texts(ledger, settings, count=texts, now=WallClock().now())
    waits: list[float] = []
    ends: list[float] = []
    late = 0
    for _ in range(rounds):
        with ledger.write() as connection:
            release_stops(connection, channel=None)
        sending = threading.Thread(target=send_due, args=(ledger, settings, WallClock()))
        sending.start()
        time.sleep(WARM_UP_SECONDS)
        if not sending.is_alive():
            break
        wait, moment = switch_off(ledger)
        switched = time.perf_counter()
        sending.join()
        waits.append(wait)
        ends.append(time.perf_counter() - switched)
        late += calls_after(ledger, moment)
    waits.sort()
    ends.sort()
    lines = (
        f"{len(waits)} switches while {texts} texts were sent",
        f"into the ledger: median {ms(waits[len(waits) // 2])}, longest {ms(waits[-1])}",
        f"then until the run has ended: median {ms(ends[len(ends) // 2])}, longest {ms(ends[-1])}",
        f"calls that began after the switch: {late}",
    )
    sys.stdout.write("\n".join(lines) + "\n")


def main() -> None:
    texts, rounds = (int(sys.argv[n]) if len(sys.argv) > n else default
                     for n, default in ((1, 2_000), (2, 20)))  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.load(home=Path(folder) / "home", from_email="a@example.com")
        with sandbox.start(settings, WallClock()) as box:
            settings = settings.model_copy(update=box.overrides())
            with open_ledger(settings) as ledger:
                measure(ledger, settings, texts=texts, rounds=rounds)


if __name__ == "__main__":
    main()
