"""A run killed anywhere, or two at once: nothing is sent twice and nothing is lost."""

from __future__ import annotations

import signal

import pytest

from winback.ledger import count_by_state
from winback.sending import plan

pytestmark = pytest.mark.both_databases

TEXTS, EMAILS = 24, 260


@pytest.fixture
def planned(ledger, settings, clock, make_row):
    rows = [make_row(n) for n in range(TEXTS)]
    rows += [make_row(n, channel="email") for n in range(1000, 1000 + EMAILS)]
    plan(ledger, rows, settings, clock)
    return rows


def wait(process):
    process.join(60)
    return process.exitcode


@pytest.fixture
def check(planned, ledger, provider):
    def run():
        """Every message accepted once, or unknown and in nobody's hands; the sum is whole."""
        with ledger.read() as connection:
            states = count_by_state(connection)
        assert set(states) <= {"accepted", "unknown"}
        assert sum(states.values()) == len(planned)
        assert set(provider.accepted.values()) == {1}
        assert states["accepted"] <= len(provider.accepted) <= len(planned)
        return states

    return run


# A run's commits: sweep, its name, gate, claim, intent, then records and claims as calls return.
POINTS = [
    *(f"commit:{number}:{when}" for number in range(4, 10) for when in ("before", "after")),
    "commit:1:after", "commit:11:after", "call:1:before", "call:1:after", "call:9:after",
]  # fmt: skip


@pytest.mark.parametrize("point", POINTS)
def test_a_run_killed_at_any_point_is_finished_by_the_next_one(check, start_run, finish, point):
    assert wait(start_run(point)) == -signal.SIGKILL
    report = finish()
    states = check()
    assert states.get("unknown", 0) == len(report.unknown_ids)


def test_two_runs_at_once_send_everything_once(check, start_run):
    runs = [start_run("none"), start_run("none")]
    assert [wait(run) for run in runs] == [0, 0]
    assert check() == {"accepted": TEXTS + EMAILS}
