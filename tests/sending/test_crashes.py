"""A run killed anywhere, or two at once: nothing is sent twice and nothing is lost."""

from __future__ import annotations

import multiprocessing
import signal

import crash_worker
import pytest

from winback.ledger import count_by_state
from winback.sending import plan

pytestmark = pytest.mark.both_databases

# The client imports it at the first text, for seconds where no bytecode is cached.
TWILIO_API = "twilio.rest.api.v2010.account"
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
    context.set_forkserver_preload(
        ["winback.sending", "winback.channels._email", "winback.channels._phone", TWILIO_API]
    )

    def run(point):
        arguments = (
            str(settings.home),
            settings.ledger_url,
            provider.url,
            clock.at.isoformat(),
            point,
        )
        process = context.Process(target=crash_worker.run, args=arguments)
        process.start()
        return process

    return run


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


# A run's commits: sweep, gate, claim, intent, then records and claims as calls return.
POINTS = [
    *(f"commit:{number}:{when}" for number in range(3, 9) for when in ("before", "after")),
    "commit:1:after", "commit:10:after", "call:1:before", "call:1:after", "call:9:after",
]  # fmt: skip


@pytest.mark.parametrize("point", POINTS)
def test_a_run_killed_at_any_point_is_finished_by_the_next_one(check, start, finish, point):
    assert wait(start(point)) == -signal.SIGKILL
    report = finish()
    states = check()
    assert states.get("unknown", 0) == len(report.unknown_ids)


def test_two_runs_at_once_send_everything_once(check, start):
    runs = [start("none"), start("none")]
    assert [wait(run) for run in runs] == [0, 0]
    assert check() == {"accepted": TEXTS + EMAILS}
