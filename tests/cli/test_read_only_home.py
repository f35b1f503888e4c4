"""A home that can't be written is one line for who would write, and is read by who reads."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path

import pytest

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.cli import main
from winback.landing import load
from winback.ledger import open_ledger

pytestmark = pytest.mark.long

AT = datetime(2026, 3, 10, tzinfo=UTC)
COMMANDS = (
    "stop", "go", "inbox", "approvals", "suppressions holds", "suppressions export out.csv",
    "reconcile list", "replay-events", "serve --port 0", "load shop", "build", "erase c1",
    "erase c1 --dry-run", "backtest --segment one_time_buyers --from 2026-01-01 --to 2026-01-02",
)  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """With a shop and a ledger, mounted once more without the right to write: root has it else."""
    kept, home, shop = tmp_path / "kept", tmp_path / "home", tmp_path / "shop"
    for folder in (home, shop):
        folder.mkdir()
    (shop / "customers.csv").write_text("customer_id,phone\nc1,12\n")
    (shop / "orders.csv").write_text(
        "order_id,customer_id,ordered_at,total_amount\no1,c1,2026-01-01,40\n"
    )
    load(shop, Settings.load(home=kept), FixedClock(AT))
    open_ledger(Settings.load(home=kept)).close()
    for options in (["--bind", str(kept), str(home)], ["-o", "remount,bind,ro", str(home)]):
        command = ["mount", *options]
        if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("needs the right to mount")
    yield home
    subprocess.run(["umount", "-l", str(home)], check=True)  # noqa: S607


def winback(home: Path, command: str) -> tuple[int, str, str]:
    with (
        pytest.MonkeyPatch.context() as patch,
        redirect_stdout(io.StringIO()) as out,
        redirect_stderr(io.StringIO()) as said,
    ):
        patch.setenv("WINBACK_HOME", str(home))
        patch.chdir(home.parent)
        patch.setattr(sys, "argv", ["winback", *command.split()])
        with pytest.raises(SystemExit) as ended:
            main()
    return int(ended.value.code or 0), out.getvalue(), said.getvalue()


def test_every_command_ends_in_one_line_and_doctor_tells_what_it_can_read(home: Path) -> None:
    for command in COMMANDS:
        code, _, said = winback(home, command)
        assert code == 1, (command, said)
        (line,) = said.splitlines()
        assert line.startswith(("winback: the ledger's database does not", f"winback: {home}/"))
        assert "Next: " in line
    code, told, said = winback(home, "doctor")
    assert code == 1
    assert "missing: WINBACK_FROM_EMAIL is not set" in told
    assert "phones: 1 " in told
    assert len(said.splitlines()) == 1
