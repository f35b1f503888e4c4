"""Commands that are called at the same time each end well or in one line, and none is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.landing import load
from winback.ledger import is_suppressed, open_ledger
from winback.people.erasure import erased_at

AT = datetime(2026, 3, 10, tzinfo=UTC)
COMMANDS = (
    "stop", "suppressions import list.csv", "suppressions import list.csv", "erase c1", "load shop",
    "replay-events",
)  # fmt: skip


def test_six_commands_on_one_home(tmp_path: Path) -> None:
    settings, shop = Settings.load(home=tmp_path / "home"), tmp_path / "shop"
    shop.mkdir()
    (shop / "customers.csv").write_text("customer_id,email\nc1,ann@example.com\nc2,\n")
    (shop / "orders.csv").write_text(
        "order_id,customer_id,ordered_at,total_amount\no1,c1,2026-01-01,40\no2,c2,2026-01-01,40\n"
    )
    (tmp_path / "list.csv").write_text("email\nbob@example.com\n")
    load(shop, settings, FixedClock(AT))
    (shop / "customers.csv").write_text("customer_id,email\nc2,\n")
    (shop / "orders.csv").write_text(
        "order_id,customer_id,ordered_at,total_amount\no2,c2,2026-01-01,40\n"
    )
    begun = [
        subprocess.Popen(
            [sys.executable, "-m", "winback.cli", *command.split()],
            cwd=tmp_path, env={**os.environ, "WINBACK_HOME": str(settings.home)}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for command in COMMANDS
    ]  # fmt: skip
    for command, process in zip(COMMANDS, begun, strict=True):
        _, said = process.communicate(timeout=120)
        assert "Traceback" not in said, (command, said)
        may_refuse = command.startswith(("load", "erase"))
        assert process.returncode == 0 or may_refuse, (command, said)
        if process.returncode:
            assert "is under way" in said or "is writing to" in said, (command, said)
            assert "Next: " in said
    with open_ledger(settings) as ledger, ledger.read() as connection:
        assert is_suppressed(connection, group="email", address="bob@example.com")
        is_erased = erased_at(settings, "c1") is not None
        assert is_suppressed(connection, group="email", address="ann@example.com") is is_erased
        assert is_erased is (begun[COMMANDS.index("erase c1")].returncode == 0)
