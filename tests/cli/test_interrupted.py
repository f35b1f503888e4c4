"""Ctrl-C and SIGTERM, at any moment: one line, no traceback, within two seconds."""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

from winback.base.clock import WallClock
from winback.base.settings import Settings
from winback.landing import load

pytestmark = pytest.mark.whole

# A busy machine of two cores may be this much later than the two seconds.
PATIENCE = 6.0
KEPT = {
    "load": "Next: the same winback load",
    "build": "Next: winback build",
    "run": "Next: winback run",
    "serve": "Next: winback serve",
    "demo": "Next: winback demo",
}


def begin(home: Path, *arguments: str) -> subprocess.Popen[str]:
    home.parent.mkdir(exist_ok=True, parents=True)
    return subprocess.Popen(
        [sys.executable, "-m", "winback.cli", *arguments], cwd=home.parent, text=True,
        env={**os.environ, "WINBACK_HOME": str(home), "PREFECT_HOME": str(home.parent / "prefect")},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def shop(folder: Path, customers: int = 2_000) -> Path:
    folder.mkdir(parents=True)
    ids = range(customers)
    (folder / "customers.csv").write_text(
        "customer_id,email\n" + "".join(f"c{i},c{i}@example.com\n" for i in ids)
    )
    (folder / "orders.csv").write_text(
        "order_id,customer_id,ordered_at,total_amount\n"
        + "".join(f"o{i},c{i},2026-01-{i % 28 + 1:02},40\n" for i in ids)
    )
    return folder


def wait_until_it_listens(process: subprocess.Popen[str]) -> None:
    """Python itself has a third of a second until a command of ours has begun."""
    status = Path(f"/proc/{process.pid}/status")
    while process.poll() is None:
        caught = re.search(r"^SigCgt:\s*([0-9a-f]+)$", status.read_text(), re.MULTILINE)
        if caught is None or int(caught[1], 16) >> (signal.SIGTERM - 1) & 1:
            return
        time.sleep(0.02)


def gates_beside(pid: int) -> list[str]:
    """The ids of the processes that judge its gates."""
    with suppress(OSError):  # it may be done
        ids = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [it for it in ids if b"quality" in Path(f"/proc/{it}/cmdline").read_bytes()]
    return []


def interrupt(process: subprocess.Popen[str], number: int, *, command: str) -> None:
    """Send the signal, and hold the command to what it promises; one that was done is no miss."""
    wait_until_it_listens(process)
    beside = gates_beside(process.pid)
    process.send_signal(number)
    begun = time.monotonic()
    # A server that Prefect began closes the pipes a little later.
    process.wait(timeout=60)
    assert time.monotonic() - begun < PATIENCE
    _, error = process.communicate(timeout=60)
    assert "Traceback" not in error
    assert not any(Path(f"/proc/{pid}/exe").exists() for pid in beside)
    if process.returncode == 0:
        return
    assert process.returncode == 128 + number, error
    (line,) = (it for it in error.splitlines() if it.startswith("winback: "))
    assert line.startswith("winback: interrupted; ")
    assert KEPT[command] in line


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_receiver_drains_and_says_what_was_kept(tmp_path: Path, number: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = begin(tmp_path / "home", "serve", "--port", str(port))
    for _ in range(300):
        try:
            urlopen(f"http://127.0.0.1:{port}/healthz").close()
            break
        except OSError:
            time.sleep(0.1)
    interrupt(process, number, command="serve")
    assert process.returncode == 128 + number


def test_a_signal_that_comes_where_nothing_can_be_raised_prints_no_traceback() -> None:
    script = (
        "import os, time\n"
        "from winback.cli._interrupted import interruptible\n"
        "class Gone:\n"
        "    def __del__(self):\n"
        "        os.kill(os.getpid(), 15)\n"
        "        time.sleep(0.1)\n"
        "with interruptible('load'):\n"
        "    Gone()\n"
        "    time.sleep(30)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 128 + signal.SIGTERM
    [line] = done.stderr.splitlines()
    assert line.startswith("winback: interrupted; ")


@pytest.mark.parametrize("seed", range(3))
def test_a_load_that_is_interrupted_is_made_again(tmp_path: Path, seed: int) -> None:
    home, files = tmp_path / "home", shop(tmp_path / "shop")
    chance = random.Random(seed)  # noqa: S311
    process = begin(home, "load", str(files))
    time.sleep(chance.uniform(0.5, 2.5))
    interrupt(process, chance.choice([signal.SIGINT, signal.SIGTERM]), command="load")
    settings = Settings.load(home=home)
    report = load(files, settings, WallClock())
    assert [table.rows for table in report.tables] == [2_000, 2_000]


MOMENTS = [("build", 1), ("build", 2), ("run", 3)]
MANY = [(command, seed) for command in ("build", "run", "demo") for seed in range(10, 20)]


@pytest.mark.parametrize(
    ("command", "seed"),
    [*MOMENTS, *(pytest.param(*it, marks=pytest.mark.slow) for it in MANY)],
)
def test_a_long_command_ends_at_once_at_any_moment(tmp_path: Path, command: str, seed: int) -> None:
    home = tmp_path / "home"
    if command != "demo":
        load(shop(tmp_path / "shop"), Settings.load(home=home), WallClock())
    arguments = [command, *(["--as-of", "2026-03-01"] if command != "demo" else [])]
    arguments += ["--mode", "sandbox"] if command == "run" else []
    chance = random.Random(seed)  # noqa: S311
    process = begin(home, *arguments)
    time.sleep(chance.uniform(0.6, 25 if seed >= 10 else 9))
    interrupt(process, chance.choice([signal.SIGINT, signal.SIGTERM]), command=command)
