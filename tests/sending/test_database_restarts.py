"""The database is restarted in the middle of a run: nothing is lost, nothing goes twice."""

from __future__ import annotations

import threading
from contextlib import suppress

import pytest
from outbox_rows import outbox_row

from winback.ledger import LedgerUnavailable, count_by_state

pytestmark = [pytest.mark.long, pytest.mark.only_postgresql]
MESSAGES = 40
# No run has more calls under way.
AT_ONCE = 8


@pytest.mark.parametrize("after", [1, 15])
def test_a_run_or_the_next_one_sends_everything_once(
    *, after, ledger, provider, plan_all, finish, postgresql_server
):
    plan_all([outbox_row(n) for n in range(MESSAGES)])
    calls, is_away, is_back = [], threading.Event(), threading.Event()

    def restart():
        postgresql_server.stop()
        is_away.set()
        postgresql_server.start()
        is_back.set()

    def fault(ids):
        calls.append(ids)
        if len(calls) == after:
            threading.Thread(target=restart).start()
        if len(calls) >= after:
            is_away.wait(60)  # its answer comes while nobody can write it down

    provider.fault = fault
    with suppress(LedgerUnavailable):
        finish()
    assert is_back.wait(60)
    finish()
    assert set(provider.accepted.values()) == {1}
    assert len(provider.accepted) == MESSAGES
    with ledger.read() as connection:
        ended = count_by_state(connection)
    assert set(ended) <= {"accepted", "unknown"}
    assert sum(ended.values()) == MESSAGES
    assert ended.get("unknown", 0) <= AT_ONCE
