"""A worker whose network to the ledger stalls in the middle of a run: the others go on without it,
and nothing goes twice when its network comes back."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from datetime import timedelta
from urllib.parse import quote

import pytest
from outbox_rows import outbox_row
from sqlalchemy.engine import make_url

from winback.ledger import LedgerUnavailable, _database, count_by_state, open_ledger
from winback.sending import _owner, send_due

pytestmark = [pytest.mark.long, pytest.mark.only_postgresql]
MESSAGES = 150
# No run has more calls under way.
AT_ONCE = 8


class Wire:
    """Stands between a worker and the server; while it is stalled no byte goes through."""

    def __init__(self, folder, server):
        self._server, self._flows = f"{server}/.s.PGSQL.5432", threading.Event()
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(folder / ".s.PGSQL.5432"))
        self._listening.listen()
        self.stall, self.flow = self._flows.clear, self._flows.set
        self.flow()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with suppress(OSError):
            while True:
                near, far = self._listening.accept()[0], socket.socket(socket.AF_UNIX)
                far.connect(self._server)
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._copy, args=ends, daemon=True).start()

    def _copy(self, source, target):
        with suppress(OSError):
            while data := source.recv(65_536):
                self._flows.wait()
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def close(self):
        self.flow()
        self._listening.close()


@pytest.fixture
def wire(tmp_path_factory, settings):
    url = make_url(settings.ledger_url)
    folder = tmp_path_factory.mktemp("wire")
    made = Wire(folder, url.query["host"])
    made.url = settings.ledger_url.replace(str(url.query["host"]), quote(str(folder)))
    yield made
    made.close()


@pytest.fixture
def impatience(monkeypatch):
    """A silent worker has lost its claims after a second, and a lock that it holds after two."""
    monkeypatch.setattr(_owner, "BEAT", timedelta(seconds=0.1))
    monkeypatch.setattr(_owner, "LEASE", timedelta(seconds=1))
    monkeypatch.setattr(_database, "_SESSION", _database._SESSION.replace("60s", "2s"))


@pytest.mark.usefixtures("impatience")
def test_the_others_send_what_is_left_and_nothing_goes_twice(
    *, ledger, settings, clock, provider, plan_all, finish, wire
):
    plan_all([outbox_row(n) for n in range(MESSAGES)])
    provider.fault = lambda _ids: time.sleep(0.02)
    started, reports = threading.Event(), []

    def work():
        mine = settings.model_copy(update={"ledger_url": wire.url})
        with open_ledger(mine) as own:
            started.set()
            with suppress(LedgerUnavailable):
                reports.append(send_due(own, mine, clock, sleep=lambda _: time.sleep(0.05)))

    stalled = threading.Thread(target=work)
    stalled.start()
    assert started.wait(30)
    until = time.monotonic() + 30
    while len(provider.accepted) < 20:
        assert time.monotonic() < until, "it sends"
    wire.stall()
    try:
        while states(ledger).keys() & {"planned", "claimed", "sending"}:
            assert time.monotonic() < until, "the others go on"
            with suppress(LedgerUnavailable):
                finish()
            time.sleep(0.1)
        assert stalled.is_alive()
    finally:
        wire.flow()
        stalled.join(60)
    finish()
    assert set(provider.accepted.values()) == {1}
    ended = states(ledger)
    assert set(ended) <= {"accepted", "unknown"}
    assert sum(ended.values()) == MESSAGES
    assert ended.get("unknown", 0) <= AT_ONCE


def states(ledger):
    with ledger.read() as connection:
        return count_by_state(connection)
