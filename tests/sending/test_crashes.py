"""A run killed anywhere, or two at once: nothing is sent twice and nothing is lost."""

from __future__ import annotations

import multiprocessing
import signal

import crash_worker
import pytest

from winback.ledger import count_by_state
from winback.sending import plan, send_due

TEXTS, EMAILS = 24, 260


@pytest.fixture
def planned(ledger, settings, clock, make_row):
    rows = [make_row(n) for n in range(TEXTS)]
    rows += [make_row(n, channel="email") for n in range(1000, 1000 + EMAILS)]
    plan(ledger, rows, settings, clock)
    return rows


@pytest.fixture
def start(settings, provider, clock):
    # Forks from a clean process that has imported everything: fast, and no locks inherited.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["crash_worker"])

    def run(point):
        arguments = (str(settings.home), provider.url, clock.at.isoformat(), point)
        process = context.Process(target=crash_worker.run, args=arguments)
        process.start()
        return process

    return run


def wait(process):
    process.join(60)
    return process.exitcode


def check(ledger, provider, rows):
    """Every message accepted once, or unknown and in nobody's hands; the sum is whole."""
    with ledger.read() as connection:
        states = count_by_state(connection)
    assert set(states) <= {"accepted", "unknown"}
    assert sum(states.values()) == len(rows)
    assert set(provider.accepted.values()) == {1}
    assert states["accepted"] <= len(provider.accepted) <= len(rows)
    return states


# A run's commits: sweep, gate, claim, intent, then records and claims as calls return.
POINTS = [
    *(f"commit:{number}:{when}" for number in range(3, 9) for when in ("before", "after")),
    "commit:1:after", "commit:10:after", "call:1:before", "call:1:after", "call:9:after",
]  # fmt: skip


@pytest.mark.parametrize("point", POINTS)
def test_a_run_killed_at_any_point_is_finished_by_the_next_one(
    planned, start, ledger, settings, provider, clock, point
):
    assert wait(start(point)) == -signal.SIGKILL
    report = send_due(ledger, settings, clock, sleep=lambda _: None)
    states = check(ledger, provider, planned)
    assert states.get("unknown", 0) == len(report.unknown_ids)


def test_two_runs_at_once_send_everything_once(planned, start, ledger, provider):
    runs = [start("none"), start("none")]
    assert [wait(run) for run in runs] == [0, 0]
    assert check(ledger, provider, planned) == {"accepted": len(planned)}
