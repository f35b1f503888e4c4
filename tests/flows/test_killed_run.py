"""A run that dies is finished by running it again: nothing twice, nothing lost."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from flow_shop import OPENS, Shop, small_shop

from flows import command

PEOPLE = 40


@pytest.fixture
def crowded_shop(tmp_path: Path) -> Shop:
    return small_shop(tmp_path / "home", loaded_at=OPENS, lapsed=PEOPLE)


def start_run(shop: Shop, server: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "winback.cli", "run"),
            *("--mode", "sandbox", "--as-of", OPENS.isoformat()),
        ],
        env={
            **os.environ,
            "WINBACK_HOME": str(shop.settings.home),
            "PREFECT_API_URL": server,
        },
        cwd=shop.settings.home,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def kill_when(run: subprocess.Popen[str], happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 200
    while not happened():
        assert run.poll() is None, run.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(run.pid, signal.SIGKILL)
    run.communicate()


def rows(shop: Shop, query: str) -> list[tuple[str, ...]]:
    path = shop.settings.home / "ledger.db"
    if not path.exists():
        return []
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as ledger:
            return ledger.execute(query).fetchall()
    except sqlite3.OperationalError:  # its tables are just being made
        return []


@pytest.mark.slow
def test_a_run_killed_while_enrolling_and_again_while_sending_is_finished_by_a_third(
    crowded_shop: Shop,
    prefect_server: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shop = crowded_shop
    kill_when(
        start_run(shop, prefect_server),
        lambda: bool(rows(shop, "select 1 from enrollments limit 1")),
    )
    kill_when(start_run(shop, prefect_server), lambda: len(shop.accepted()) > 0)
    monkeypatch.setenv("WINBACK_HOME", str(shop.settings.home))
    monkeypatch.chdir(shop.settings.home)
    command.run(shop.settings, mode="sandbox", as_of=OPENS.isoformat())
    output = capsys.readouterr().out

    accepted = shop.accepted()
    assert len(accepted) == len(set(accepted)), "a message left twice"
    planned = dict(rows(shop, "select message_id, state from messages"))
    texted = rows(shop, "select 1 from enrollments where arm = 'treatment'")
    assert 0 < len(planned) <= len(texted)
    assert set(planned.values()) <= {"accepted", "unknown"}
    confirmed = {message_id for message_id, state in planned.items() if state == "accepted"}
    assert confirmed <= set(accepted), "believed sent, never accepted"
    unknown = set(planned) - confirmed
    assert all(message_id in output for message_id in sorted(unknown)[:5])
