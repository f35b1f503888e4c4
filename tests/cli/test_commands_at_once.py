"""Commands that are called at the same time each end well or in one line, and none is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.landing import load
from winback.ledger import is_suppressed, open_ledger
from winback.people.erasure import erased_at
from winback.warehouse import published_rows

# The commands go by the machine's clock, and the gates ask for orders of these days.
AT = datetime.now(UTC)
YESTERDAY = (AT - timedelta(days=1)).date()
COMMANDS = (
    "stop", "suppressions import list.csv", "suppressions import list.csv", "erase c1", "load shop",
    "replay-events",
)  # fmt: skip


# These take a minute together: `run` starts a server, and each builds.
LONG_COMMANDS = (
    "build", "run --mode dry-run",
    "backtest --segment lapsed_30_45 --from 2026-02-01 --to 2026-02-03 --presets fixed",
    "erase c1", "load shop",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    "commands", [COMMANDS, pytest.param(LONG_COMMANDS, marks=pytest.mark.slow)]
)
def test_commands_on_one_home(tmp_path: Path, commands: Sequence[str]) -> None:
    settings, shop = Settings.load(home=tmp_path / "home"), tmp_path / "shop"
    shop.mkdir()
    (shop / "customers.csv").write_text("customer_id,email\nc1,ann@example.com\nc2,\n")
    (shop / "orders.csv").write_text(
        "order_id,customer_id,ordered_at,total_amount\n"
        f"o1,c1,2026-01-01,40\no2,c2,2026-01-01,40\no3,c2,{YESTERDAY},40\n"
    )
    (tmp_path / "list.csv").write_text("email\nbob@example.com\n")
    load(shop, settings, FixedClock(AT))
    (shop / "customers.csv").write_text("customer_id,email\nc2,\n")
    (shop / "orders.csv").write_text(
        f"order_id,customer_id,ordered_at,total_amount\no2,c2,2026-01-01,40\no3,c2,{YESTERDAY},40\n"
    )
    begun = [
        subprocess.Popen(
            [sys.executable, "-m", "winback.cli", *command.split()],
            cwd=tmp_path, env={**os.environ, "WINBACK_HOME": str(settings.home)}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for command in commands
    ]  # fmt: skip
    for command, process in zip(commands, begun, strict=True):
        _, said = process.communicate(timeout=270)
        assert "Traceback" not in said, (command, said)
        may_refuse = command.startswith(("load", "erase"))
        assert process.returncode == 0 or may_refuse, (command, said)
        if process.returncode:
            assert "is under way" in said or "is writing to" in said, (command, said)
            assert "Next: " in said
    is_erased = erased_at(settings, "c1") is not None
    assert is_erased is (begun[commands.index("erase c1")].returncode == 0)
    with open_ledger(settings) as ledger, ledger.read() as connection:
        assert is_suppressed(connection, group="email", address="ann@example.com") is is_erased
        is_listed = is_suppressed(connection, group="email", address="bob@example.com")
        assert is_listed is ("suppressions import list.csv" in commands)
    if "build" in commands:
        published = {
            row["customer_id"]
            for row in published_rows(settings.published_dir / "current", "customers")
        }
        assert "c2" in published
