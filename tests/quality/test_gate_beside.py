"""A gate that is judged in a process beside the command passes and stops what it always did."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from quality import _beside, gate
from quality._figures import Figure
from quality._rules import GATES
from winback.base.clock import WallClock
from winback.base.errors import GateFailure
from winback.base.settings import Settings
from winback.landing import load

pytestmark = pytest.mark.whole

RULES = GATES["outcomes"]
FIGURES = [Figure(rule.name, float(n), 1.0, "") for n, rule in enumerate(RULES)]


@pytest.fixture
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that has not imported Great Expectations, where nobody works beside yet.

    A server of Prefect that another file has started keeps a process of its own beside it.
    """
    monkeypatch.setattr(_beside, "_shared", _beside._Shared())
    monkeypatch.delitem(sys.modules, "great_expectations", raising=False)


@pytest.fixture
def process(_fresh: None) -> Iterator[subprocess.Popen[bytes]]:
    with gate(sends=True).beside():
        assert _beside._shared.process is not None
        yield _beside._shared.process._process


def ask() -> frozenset[str]:
    return _beside.judge("outcomes", RULES, FIGURES)


def has_ended(pid: int) -> bool:
    """Within ten seconds; whoever inherits an orphan may not have taken note of its end."""
    for _ in range(200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


@pytest.mark.usefixtures("process")
def test_what_is_judged_beside_is_told_as_in_this_process() -> None:
    told = ask()
    assert told == {rule.name for rule in RULES[2:]}
    assert told == _beside.broken_rules("outcomes", RULES, FIGURES)
    # What it can't judge is told as it is here, and it goes on.
    with pytest.raises(ValueError, match="shorter") as here:
        _beside.broken_rules("outcomes", RULES, FIGURES[1:])
    with pytest.raises(ValueError, match="shorter") as there:
        _beside.judge("outcomes", RULES, FIGURES[1:])
    assert there.value.args == here.value.args
    assert ask() == told


@pytest.mark.slow
@pytest.mark.usefixtures("_fresh")
def test_who_works_beside_at_once_share_one_process_that_ends_with_the_last(
    process: subprocess.Popen[bytes],
) -> None:
    def work() -> None:
        with gate(sends=False).beside():
            told.append(ask())

    told: list[frozenset[str]] = []
    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 3
    assert len(set(told)) == 1
    assert process.poll() is None


def test_a_process_that_is_killed_lets_nothing_pass_and_stops_nobody_after(
    process: subprocess.Popen[bytes],
) -> None:
    told = ask()
    process.kill()
    with pytest.raises(GateFailure, match=r"nothing may pass\. Next: "):
        ask()
    # Another run of a worker that stays begins while the first has not ended yet.
    with gate(sends=False).beside():
        assert _beside._shared.process is not None
        assert ask() == told
    assert ask() == told


@pytest.mark.usefixtures("_fresh")
def test_one_that_has_imported_it_starts_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "great_expectations", sys)
    with gate(sends=True).beside():
        assert _beside._shared.process is None


@pytest.mark.slow
def test_a_build_that_a_gate_stops_says_so_in_one_line(tmp_path: Path) -> None:
    folder, home = tmp_path / "shop", tmp_path / "home"
    folder.mkdir()
    (folder / "customers.csv").write_text("customer_id\nc1\n")
    header = "order_id,customer_id,ordered_at,total_amount"
    (folder / "orders.csv").write_text(f"{header}\no1,c1,2026-01-01,40\n")
    load(folder, Settings.load(home=home), WallClock())
    build = subprocess.run(
        [sys.executable, "-m", "winback.cli", "build", "--as-of", "2040-01-01"],
        env=os.environ | {"WINBACK_HOME": str(home)},
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert build.returncode == 1
    (line,) = build.stderr.splitlines()
    assert line.startswith("winback: the sources gate stopped the run: Days since the newest order")
    assert not (home / "published").exists()


COMMAND = """
import time
from quality import _beside
with _beside.beside():
    print(_beside._shared.process._process.pid, flush=True)
    time.sleep({})
"""


@pytest.mark.parametrize("moment", [0.0, 1.5])
@pytest.mark.parametrize("how", ["killed", "ended"])
def test_whatever_ends_the_command_ends_the_process(how: str, moment: float) -> None:
    seconds = 60 if how == "killed" else moment
    with subprocess.Popen(
        [sys.executable, "-c", COMMAND.format(seconds)], stdout=subprocess.PIPE, text=True
    ) as command:
        assert command.stdout is not None
        pid = int(command.stdout.readline())
        time.sleep(moment)
        if how == "killed":
            command.send_signal(signal.SIGKILL)
        command.wait(timeout=60)
    assert has_ended(pid)
