"""`winback stop`, `winback go`, and what `winback doctor` says of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from typer.testing import CliRunner

from winback.base.clock import WallClock
from winback.base.errors import UsageError
from winback.base.settings import Settings
from winback.cli._app import app
from winback.ledger import open_ledger, tables
from winback.sending.brakes import _stops

pytestmark = pytest.mark.long


@pytest.fixture
def winback(tmp_path, monkeypatch):
    monkeypatch.setenv("WINBACK_HOME", str(tmp_path))
    monkeypatch.setenv("WINBACK_LEDGER_URL", "")
    return lambda *words: CliRunner().invoke(app, words)


def stopped(winback):
    lines = winback("doctor").output.splitlines()
    return [line for line in lines if line.startswith("stopped: ")]


def test_what_is_stopped_is_told_until_go(winback, tmp_path):
    assert stopped(winback) == []
    assert not (tmp_path / "ledger.db").exists()
    assert winback("stop", "--because", "a wrong price").exit_code == 0
    (line,) = stopped(winback)
    assert line.startswith("stopped: all channels: stopped by an operator at ")
    assert "(a wrong price). Next: winback go" in line
    with open_ledger(Settings.load()) as ledger, ledger.write() as connection:
        _stops.stop(connection, "email", "complaints", "why", now=WallClock().now())
    assert len(stopped(winback)) == 2
    assert winback("go", "email").output == "goes on: email (why)\n"
    assert len(stopped(winback)) == 1
    done = winback("go").output
    assert done.startswith("goes on: all channels (stopped by an operator")
    assert done.endswith("(a wrong price))\n")
    assert winback("go").output == "Nothing was stopped.\n"
    assert stopped(winback) == []


def test_go_refuses_a_channel_that_does_not_exist(winback):
    winback("stop")
    refused = winback("go", "emial").exception
    assert isinstance(refused, UsageError)
    assert str(refused).startswith("there is no channel 'emial'; there are email, sms, ")
    assert len(stopped(winback)) == 1


def test_go_says_that_a_machine_is_still_stopped_by_its_file(winback, tmp_path):
    (tmp_path / "STOP").touch()
    done = winback("go")
    assert done.exit_code == 1
    assert "STOP exists. Remove it to send." in done.output.replace("\n", " ")


def test_stop_tells_what_it_does_not_reach(winback):
    def attempt(number, outcome, wait):
        return {
            "attempt_id": f"a{number}", "channel": "email", "n_messages": 100 + number,
            "request_sha256": "", "started_at": now, "deadline_at": now, "outcome": outcome,
            "sg_send_at": now + timedelta(minutes=wait),
        }  # fmt: skip

    now = WallClock().now()
    with open_ledger(Settings.load()) as ledger, ledger.write() as connection:
        rows = [attempt(1, "accepted", 20), attempt(2, "accepted", -1), attempt(3, "refused", 20)]
        connection.execute(tables.attempts.insert(), rows)
    line = winback("stop").output.splitlines()[1]
    assert line.startswith("101 emails are with SendGrid, which sends the last of them at ")
    assert f"{now + timedelta(minutes=20):%H:%M} UTC" in line
