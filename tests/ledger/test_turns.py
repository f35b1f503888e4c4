"""Whoever waits to write comes before whoever comes back to write again."""

from __future__ import annotations

import fcntl
import threading

from winback.ledger._turns import turn


def test_a_waiting_writer_is_not_overtaken_by_one_that_comes_back(tmp_path):
    database, order = tmp_path / "ledger.db", []
    waiting = threading.Event()

    def write_once():
        waiting.set()
        with turn(database):
            order.append("waiting")

    for _ in range(30):
        waiting.clear()
        other = threading.Thread(target=write_once)
        with turn(database):
            other.start()
            waiting.wait()
            while not _is_somebody_at_the_head_of(database):
                pass
        with turn(database):
            order.append("coming back")
        other.join()
    assert order == ["waiting", "coming back"] * 30


def _is_somebody_at_the_head_of(database):
    with database.with_name("ledger.db.queue").open("w") as queue:
        try:
            fcntl.flock(queue, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
