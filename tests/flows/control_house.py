"""A `winback up` of a test: a real server, worker and receiver, on ports of their own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import httpx
import psycopg

from winback.base.clock import WallClock
from winback.base.settings import Settings


class House:
    """A `winback up`, and what its server says."""

    def __init__(
        self,
        settings: Settings,
        *,
        program: Sequence[str] = (sys.executable, "-m", "winback.cli"),
        cwd: Path | None = None,
        **environment: str,
    ) -> None:
        self.settings = settings
        self._program, self._cwd = program, cwd
        self.environment = {
            **os.environ,
            "WINBACK_HOME": str(settings.home),
            "WINBACK_LEDGER_URL": settings.ledger_url,
            **environment,
        }
        self._ports = [free_port() for _ in range(3)]
        self.api = f"http://127.0.0.1:{self._ports[0]}/api"
        # Where `up --sandbox` has one.
        self.sandbox = f"http://127.0.0.1:{self._ports[2]}"
        self._log = settings.home / "up.log"

    @contextmanager
    def up(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        server, receiver, sandbox = map(str, self._ports)
        ports = ["--port", server, "--receiver-port", receiver, "--sandbox-port", sandbox]
        with self._log.open("wb") as log:
            process = subprocess.Popen(
                [*self._program, "up", *ports, *words],
                env=self.environment,
                cwd=self._cwd,
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
            [*self._program, *words],
            env=self.environment,
            cwd=self._cwd,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )

    def call(self, path: str, **body: Any) -> Any:
        answer = httpx.post(f"{self.api}{path}", json=body, timeout=120)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def run(self, name: str, parameters: dict[str, Any], *, after: timedelta = timedelta()) -> str:
        """Ask for a run of a deployment."""
        found = httpx.get(f"{self.api}/deployments/name/{name}", timeout=120).json()
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
        found: dict[str, Any] = httpx.get(f"{self.api}/flow_runs/{run}", timeout=120).json()
        return found

    def kill(self, up: subprocess.Popen[bytes], *runs: str) -> None:
        """Nothing is left that could clean up."""
        pids = [int(pid) for run in runs if (pid := self.read(run)["infrastructure_pid"])]
        for pid in (*children_of(up.pid), up.pid, *pids):
            os.kill(pid, signal.SIGKILL)
        up.wait()


@contextmanager
def own_postgresql() -> Iterator[str]:
    """A PostgreSQL that Prefect's server can live in: it needs pg_trgm, which the wheel lacks.

    Yields host and port; empty where the machine has none (Debian: apt install postgresql).
    """
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        yield ""
        return
    # It refuses to run as root.
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(mkdtemp(prefix="winback-control-"))
    if user:
        shutil.chown(folder, user)
    data, port = folder / "data", free_port()
    making = [programs[-1] / "initdb", "-D", data, "-A", "trust", "-U", "winback"]
    subprocess.run(making, user=user, check=True, capture_output=True, cwd=folder)
    serving = [programs[-1] / "postgres", "-D", data, "-p", str(port), "-k", folder]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(serving, user=user, stdout=log, stderr=log, cwd=folder)
    try:
        wait_for(lambda: _takes_calls(port), 60)
        yield f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(60)
        shutil.rmtree(folder)


def _takes_calls(port: int) -> bool:
    try:
        with psycopg.connect(
            f"postgresql://winback@127.0.0.1:{port}/postgres", autocommit=True
        ) as it:
            for name in ("prefect", "ledger"):
                it.execute(f"create database {name}")
    except psycopg.OperationalError:
        return False
    return True


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
