"""All of it is killed while a run begins and while another one sends: `make test-control`.

A real server, worker and receiver (`winback up`), killed by SIGKILL and started again. What was due
leaves within ten minutes, nothing leaves twice, and the watchdog speaks while nothing runs.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from flow_shop import OPENS, Shop, small_shop

from winback.base.clock import WallClock
from winback.base.settings import Settings
from winback.ledger import count_by_state, open_ledger
from winback.readiness.watch import watch

PEOPLE = 40
TEN_MINUTES = 600.0


@pytest.fixture
def shop(tmp_path: Path, ledger_url: str) -> Shop:
    home = tmp_path / "home"
    small_shop(home, loaded_at=OPENS, lapsed=PEOPLE)
    return Shop(Settings.load(home=home, ledger_url=ledger_url))


class House:
    """A `winback up`, and what its server says."""

    def __init__(self, shop: Shop) -> None:
        self.environment = {
            **os.environ,
            "WINBACK_HOME": str(shop.settings.home),
            "WINBACK_LEDGER_URL": shop.settings.ledger_url,
            # Slowly enough to be killed in the middle.
            "WINBACK_SMS_PER_SECOND": "0.5",
        }
        self._ports = [free_port(), free_port()]
        self.api = f"http://127.0.0.1:{self._ports[0]}/api"
        self._log = shop.settings.home / "up.log"

    @contextmanager
    def up(self) -> Iterator[subprocess.Popen[bytes]]:
        server, receiver = map(str, self._ports)
        words = ["up", "--port", server, "--receiver-port", receiver]
        with self._log.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "winback.cli", *words],
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        try:
            wait_for(lambda: b"All is up" in self._log.read_bytes(), 240)
            yield process
        finally:
            process.terminate()
            process.wait(120)

    def winback(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "winback.cli", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def call(self, path: str, **body: Any) -> Any:
        answer = httpx.post(f"{self.api}{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def run(self, name: str, parameters: dict[str, Any], *, after: timedelta = timedelta()) -> str:
        """Ask for a run of a deployment."""
        found = httpx.get(f"{self.api}/deployments/name/{name}", timeout=30).json()
        when = {"scheduled_time": (WallClock().now() + after).isoformat()}
        state = {"type": "SCHEDULED", "state_details": when}
        path = f"/deployments/{found['id']}/create_flow_run"
        return str(self.call(path, parameters=parameters, state=state)["id"])

    def hold_schedules(self) -> None:
        """By the machine's clock, what the shop's day has planned would have expired."""
        for found in self.call("/deployments/filter"):
            if found["schedules"]:
                self.call(f"/deployments/{found['id']}/pause_deployment")

    def read(self, run: str) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{self.api}/flow_runs/{run}", timeout=30).json()
        return found

    def kill(self, up: subprocess.Popen[bytes], *runs: str) -> None:
        """Nothing is left that could clean up."""
        pids = [int(pid) for run in runs if (pid := self.read(run)["infrastructure_pid"])]
        for pid in (*children_of(up.pid), up.pid, *pids):
            os.kill(pid, signal.SIGKILL)
        up.wait()


def children_of(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_for(happened: Callable[[], object], seconds: float) -> float:
    """How long it took."""
    began = time.monotonic()
    while not happened():
        assert time.monotonic() - began < seconds
        time.sleep(0.1)
    return time.monotonic() - began


def counts(shop: Shop) -> dict[str, int]:
    with open_ledger(shop.settings) as ledger, ledger.read() as connection:
        return dict(count_by_state(connection))


def is_over(house: House, run: str) -> bool:
    state = house.read(run)["state_type"]
    assert state != "FAILED", house.read(run)["state"]
    return bool(state == "COMPLETED")


@pytest.mark.both_databases
@pytest.mark.timeout(2400)
def test_what_is_due_leaves_after_everything_was_killed(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    house, at = House(shop), {"as_of": OPENS.isoformat()}
    with house.up() as up:
        house.hold_schedules()
        assert house.winback("mode", "sandbox").returncode == 0
        sends = house.run("winback-run/run", at)
        # As of a worker that dies after it took the slot, and before the process began.
        begins = house.run("collect/collect", at, after=timedelta(hours=1))
        house.call(f"/flow_runs/{begins}/set_state", state={"type": "PENDING"})
        wait_for(lambda: len(shop.accepted()) > 0, 300)
        assert [house.read(it)["state_type"] for it in (sends, begins)] == ["RUNNING", "PENDING"]
        house.kill(up, sends)
    left = len(shop.accepted())
    assert house.winback("watch").returncode == 0
    later = WallClock().now() + timedelta(minutes=15)
    silent = {it.stage for it in watch(shop.settings, now=later).stages if it.is_silent}
    assert {"collect", "reconcile"} <= silent

    began = time.monotonic()
    with house.up():
        again = [house.run(name, at) for name in ("winback-run/run", "collect/collect")]
        took = [wait_for(lambda: is_over(house, it), TEN_MINUTES) for it in again]  # noqa: B023
        assert time.monotonic() - began < TEN_MINUTES
        dead = (sends, begins)
        wait_for(lambda: all(house.read(it)["state_type"] == "CRASHED" for it in dead), TEN_MINUTES)
    crashed = time.monotonic() - began
    with capsys.disabled():
        sys.stdout.write(f"\nsent {sum(took):.0f} s, crashed {crashed:.0f} s after the start\n")
    accepted = shop.accepted()
    assert len(accepted) == len(set(accepted)), "a message left twice"
    assert set(counts(shop)) <= {"accepted", "unknown"}
    assert len(accepted) > left, "nothing was left to send"
    assert counts(shop)["accepted"] + counts(shop).get("unknown", 0) >= len(accepted)
