"""A deployment with a schedule gets runs: with a wrong SQLAlchemy the scheduler dies silently."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
PREFECT = str(Path(sys.executable).with_name("prefect"))


@pytest.fixture
def server(prefect_home: Path) -> Iterator[dict[str, str]]:
    """A real Prefect server with its scheduler; yields the environment that finds it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "PREFECT_HOME": str(prefect_home),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "2",
    }
    with (prefect_home / "server.log").open("w") as log:
        process = subprocess.Popen(
            [PREFECT, "server", "start", "--host", "127.0.0.1", "--port", str(port)],
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        wait_for(lambda: answers(environment), seconds=120)
        yield environment
    finally:
        process.terminate()
        process.wait(30)


def answers(environment: dict[str, str]) -> bool:
    try:
        return httpx.get(f"{environment['PREFECT_API_URL']}/health").status_code == 200
    except httpx.HTTPError:
        return False


def wait_for(happened: object, *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not happened():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.5)


def scheduled_runs(environment: dict[str, str]) -> int:
    answer = httpx.post(
        f"{environment['PREFECT_API_URL']}/flow_runs/count",
        json={"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}},
    )
    return int(answer.json())


# A server and a command of Prefect's own, for a fault that only another lock can bring.
@pytest.mark.slow
def test_deploying_from_prefect_yaml_gets_scheduled_runs(server: dict[str, str]) -> None:
    def prefect(*arguments: str) -> None:
        done = subprocess.run(
            [PREFECT, "--no-prompt", *arguments],
            cwd=ROOT,
            env=server,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    pool = {"name": "winback", "type": "process"}
    httpx.post(f"{server['PREFECT_API_URL']}/work_pools/", json=pool).raise_for_status()
    # As Prefect's own command does it; `winback up` does it with all of them (test_up.py).
    prefect("deploy", "--name", "reconcile", "--name", "reply")
    wait_for(lambda: scheduled_runs(server) > 10, seconds=60)
