"""A run killed anywhere, or two at once: nothing is sent twice and nothing is lost."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from winback.ledger import count_by_state
from winback.sending import plan, send_due

WORKER = Path(__file__).with_name("crash_worker.py")
TEXTS, EMAILS = 40, 600


@pytest.fixture
def planned(ledger, settings, clock, make_row):
    rows = [make_row(n) for n in range(TEXTS)]
    rows += [make_row(n, channel="email") for n in range(1000, 1000 + EMAILS)]
    plan(ledger, rows, settings, clock)
    return rows


@pytest.fixture
def start(settings, provider, clock):
    def run(point):
        arguments = [str(settings.home), provider.url, clock.at.isoformat(), point]
        return subprocess.Popen([sys.executable, str(WORKER), *arguments])

    return run


def check(ledger, provider, rows):
    """Every message accepted once, or unknown and in nobody's hands; the sum is whole."""
    with ledger.read() as connection:
        states = count_by_state(connection)
    assert set(states) <= {"accepted", "unknown"}
    assert sum(states.values()) == len(rows)
    assert set(provider.accepted.values()) == {1}
    assert states["accepted"] <= len(provider.accepted) <= len(rows)
    return states


# Of one run: 1 sweep, 2 gate, 3 claim, 4 intent, 5 and 6 records of the email calls or the
# next claim, then the same for texts.
POINTS = [
    *(f"commit:{number}:{when}" for number in range(1, 13) for when in ("before", "after")),
    "call:1:before", "call:1:after", "call:3:after", "call:9:before", "call:20:after",
]  # fmt: skip


@pytest.mark.parametrize("point", POINTS)
def test_a_run_killed_at_any_point_is_finished_by_the_next_one(
    planned, start, ledger, settings, provider, clock, point
):
    assert start(point).wait(60) == -signal.SIGKILL
    report = send_due(ledger, settings, clock, sleep=lambda _: None)
    states = check(ledger, provider, planned)
    assert states.get("unknown", 0) == len(report.unknown_ids)


def test_two_runs_at_once_send_everything_once(planned, start, ledger, provider):
    runs = [start("none"), start("none")]
    assert [run.wait(60) for run in runs] == [0, 0]
    assert check(ledger, provider, planned) == {"accepted": len(planned)}
