"""Runs killed at every point, under every fault, in both databases, alone and beside others.

The oracle is the list of who stands in for the providers. Whatever happens, it has each message
at most once, the ledger says `accepted` of nothing that it lacks, and every message ends.

In every test run the matrix is short: all faults at once, and a seeded part of the points.
`make test-crash` runs it whole: each fault alone, with every point, over 10,000 messages.
"""

from __future__ import annotations

import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from crash_runs import start_run, starting_line
from crash_worker import nap
from outbox_rows import NOW, outbox_row
from sqlalchemy import select

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.ledger import FINAL, Ledger, count_by_state, open_ledger, tables
from winback.readiness.modes import sandbox_settings
from winback.reconcile import reconcile
from winback.rehearsal import sandbox
from winback.rehearsal.sandbox import RunningSandbox
from winback.sending import plan, send_due

pytestmark = [pytest.mark.long, pytest.mark.both_databases]

IS_WHOLE = os.environ.get("CRASH_MATRIX") == "whole"
SEED = int(os.environ.get("CRASH_SEED", "20261123"))

# What a run commits, and which time: the first may be another path than the later ones.
COMMITS = ("sweep:1", "other:1", "claim:1", "claim:2", "intent:1", "intent:2", "record:1",
           "record:3", "release:1")  # fmt: skip
POINTS = [f"{commit}:{when}" for commit in COMMITS for when in ("before", "after")]
POINTS += [f"call:{n}:{when}" for n in (1, 3) for when in ("before", "half", "inside", "after")]
FAULTS: dict[str, dict[str, float]] = {
    "none": {},
    "answers lost": {"drop_accepted": 0.1},
    "dropped": {"drop": 0.1},
    "500": {"error": 0.1},
    "500 but accepted": {"error_accepted": 0.1},
    "accepted late": {"late_accepted": 0.1},
    "storm of 429": {"rate_limited": 0.3},
    "slow": {"slow": 0.2},
}
ALL_AT_ONCE = {
    "drop_accepted": 0.03, "drop": 0.03, "error": 0.02, "error_accepted": 0.02,
    "late_accepted": 0.03, "rate_limited": 0.05, "slow": 0.05,
}  # fmt: skip
CASES = FAULTS if IS_WHOLE else {"all at once": ALL_AT_ONCE}
# In real seconds; the sandbox is waited for before the clock moves on by a settle time.
LATE = 0.2
TEXTS, EMAILS = (240, 90) if IS_WHOLE else (100, 40)
ROUNDS = 40


@dataclass
class House:
    """A ledger, a sandbox that fails now and then, one clock for both, and runs to be killed."""

    ledger: Ledger
    settings: Settings
    clock: FixedClock
    box: RunningSandbox
    rows: list[dict[str, Any]] = field(default_factory=list)
    killed: Counter[str] = field(default_factory=Counter)

    def plan(self) -> None:
        """What every run's plan does: what waits gets its window anew."""
        hours = timedelta(hours=3)
        window = {"not_before": self.clock.at, "window_closes_at": self.clock.at + hours}
        plan(self.ledger, [row | window for row in self.rows], self.settings, self.clock)

    def fail(self, rates: dict[str, float], *, seed: int) -> None:
        if not rates:
            return
        sends = "mail/send|Messages.json"
        self._post("faults", {"rates": rates, "seed": seed, "seconds": LATE, "path": sends})

    def kill(self, points: list[str]) -> None:
        """Runs side by side, each to be killed at its point."""
        line = starting_line(len(points))
        runs = [
            (point, start_run(self.settings, self.clock.at, point, together=line))
            for point in points
        ]
        for point, run in runs:
            run.join(120)
            assert run.exitcode in {0, -signal.SIGKILL}
            self.killed[point] += run.exitcode == -signal.SIGKILL

    def finish(self) -> dict[str, int]:
        """Send and reconcile until every message has ended; how many in each state."""
        for _ in range(ROUNDS):
            self.plan()
            send_due(self.ledger, self.settings, self.clock, sleep=nap)
            assert self.box.settle(), "what is accepted late has been"
            reconcile(self.ledger, self.settings, self.clock, sleep=nap)
            states = self.states()
            if set(states) <= FINAL:
                break
            self.clock.advance(timedelta(minutes=6))
        # Until all that was held back has left or is discarded, and its cancellation is over.
        for _ in range(3):
            self.clock.advance(timedelta(hours=1))
            reconcile(self.ledger, self.settings, self.clock, sleep=nap)
        return self.states()

    def states(self) -> dict[str, int]:
        with self.ledger.read() as connection:
            return count_by_state(connection)

    def accepted(self) -> set[str]:
        """The messages that the ledger believes to be with a provider."""
        m = tables.messages.c
        with self.ledger.read() as connection:
            return set(connection.scalars(select(m.message_id).where(m.state == "accepted")))

    def taken(self) -> Counter[str]:
        """How often each message left, or will: what SendGrid discards does neither."""
        url = f"{self.box.base_url}/_sandbox/messages?limit=10000"
        found = requests.get(url, timeout=30).json()["messages"]
        return Counter(m["message_id"] for m in found if m["status"] not in DISCARDED)

    def met(self) -> dict[str, int]:
        """How often each fault was met."""
        return dict(requests.get(f"{self.box.base_url}/_sandbox/faults", timeout=10).json()["met"])

    def _post(self, page: str, body: dict[str, Any]) -> None:
        url = f"{self.box.base_url}/_sandbox/{page}"
        requests.post(url, json=body, timeout=10).raise_for_status()


DISCARDED = {"dropped"}


class Deaf(BaseHTTPRequestHandler):
    """Says yes to every callback and keeps none."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def deaf_receiver() -> Iterator[str]:
    """Nothing is told of what was taken: what is unknown must be found out."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Deaf) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def house(tmp_path: Path, ledger_url: str) -> Iterator[House]:
    clock = FixedClock(NOW)
    bare = Settings.load(
        home=tmp_path / "home",
        ledger_url=ledger_url,
        public_base_url="https://hooks.example.com",
        email_batch_size=10,
        email_mode="abortable",
    )
    with deaf_receiver() as url, sandbox.start(bare, clock, webhooks_url=url) as box:
        settings = sandbox_settings(bare, **box.overrides())
        with open_ledger(settings) as ledger:
            yield House(ledger, settings, clock, box)


@pytest.mark.timeout(1200)
# One run at a time meets fewer states than three beside each other.
@pytest.mark.parametrize(
    "workers", [1, 3] if IS_WHOLE else [pytest.param(1, marks=pytest.mark.slow), 3]
)
@pytest.mark.parametrize("fault", CASES)
def test_killed_anywhere_under_any_fault_nothing_is_sent_twice_or_lost(
    house, fault, workers, record_property
):
    chance = random.Random(f"{SEED}{fault}{workers}")  # noqa: S311
    points = chance.sample(POINTS, len(POINTS) if IS_WHOLE else 9)
    all_day = {"local_opens_minute": 0, "local_closes_minute": 1440}
    rows = [outbox_row(n, **all_day) for n in range(TEXTS)]
    rows += [outbox_row(n, channel="email", **all_day) for n in range(1000, 1000 + EMAILS)]
    chance.shuffle(rows)
    house.fail(CASES[fault], seed=SEED)
    rounds = [points[first : first + workers] for first in range(0, len(points), workers)]
    for number, together in enumerate(rounds):
        # A portion for each, so that there is something left to do when the last are killed.
        house.rows += rows[number :: len(rounds)]
        house.plan()
        house.kill(together)
    states = house.finish()
    ids, taken = {row["message_id"] for row in house.rows}, house.taken()
    record_property("ended", states)
    record_property("killed", dict(house.killed))
    record_property("faults", house.met())
    assert {key: n for key, n in taken.items() if n > 1} == {}, "sent twice"
    assert sum(states.values()) == len(ids), "planned is the sum of what they ended as"
    assert set(states) <= {"accepted", "unknown_final"}
    assert states["accepted"] <= len(taken) <= len(ids)
    assert house.accepted() <= set(taken), "believed to be sent, and lost"
    assert sum(house.killed.values()) >= len(points) * 0.6, "the points were reached"


TWO_TEXTS, TWO_EMAILS = 24, 260


def test_two_runs_at_once_send_everything_once(ledger, provider, plan_all, start_one):
    rows = [outbox_row(n) for n in range(TWO_TEXTS)]
    rows += [outbox_row(n, channel="email") for n in range(1000, 1000 + TWO_EMAILS)]
    plan_all(rows)
    runs = [start_one("none"), start_one("none")]
    for run in runs:
        run.join(60)
    assert [run.exitcode for run in runs] == [0, 0]
    with ledger.read() as connection:
        assert count_by_state(connection) == {"accepted": len(rows)}
    assert set(provider.accepted.values()) == {1}
    assert len(provider.accepted) == len(rows)
