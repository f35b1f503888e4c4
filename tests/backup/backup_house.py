"""A home with a ledger and a shop's files, the folder of its backups, and processes that die."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from winback.backup import Backup, back_up
from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.landing import load
from winback.ledger import insert_new, open_ledger, tables

NOW = datetime(2026, 3, 10, 20, tzinfo=UTC)
CUSTOMERS = (
    "customer_id,email,phone,country,first_name\n"
    "c1,ann@example.com,+4915112345678,DE,Ann\nc2,bob@example.com,+4915112345679,DE,Bob\n"
)

ORDERS = (
    "order_id,customer_id,ordered_at,total_amount,currency,status\n"
    "o1,c1,2025-10-01T10:00:00Z,20.00,EUR,paid\n"
)


def message(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "message_id": f"m{number}", "enrollment_id": f"e{number}", "playbook_id": "p", "step": 1,
        "customer_id": "c1" if number % 2 else "c2", "channel": "email", "variant": "a",
        "address": "ann@example.com" if number % 2 else "bob@example.com", "sender": "s",
        "payload_json": '{"text": "We miss you"}', "payload_sha256": "x", "template_version": "1",
        "zones": "UTC", "local_opens_minute": 0, "local_closes_minute": 1440,
        "expires_at": NOW + timedelta(days=1), "state": "planned", "planned_at": NOW,
        "updated_at": NOW, "version": 3, "exported_version": 3,
    } | changes  # fmt: skip


class BackupHouse:
    """A shop's home, and where its backups go."""

    def __init__(self, folder: Path, ledger_url: str, make_url: Callable[[], str]) -> None:
        self.folder, self.make_url = folder, make_url
        self.settings = Settings.load(
            home=folder / "home",
            ledger_url=ledger_url,
            brand_name="A shop",
            sendgrid_api_key="SG.k",
        )
        self.place = folder / "backups"
        exports = folder / "exports"
        exports.mkdir()
        (exports / "customers.csv").write_text(CUSTOMERS)
        (exports / "orders.csv").write_text(ORDERS)
        load(exports, self.settings, FixedClock(NOW))
        self.add(range(1, 40))
        events = self.settings.events_dir
        events.mkdir(parents=True)
        (events / "a-000000000001.jsonl").write_text("{}\n")

    def add(self, numbers: range) -> None:
        with open_ledger(self.settings) as ledger, ledger.write() as connection:
            insert_new(connection, tables.messages, [message(number) for number in numbers])

    def back_up(self, at: datetime = NOW) -> Backup:
        return back_up(self.settings, FixedClock(at), str(self.place))

    def elsewhere(self, name: str) -> Settings:
        """Settings of another, empty home; of another, empty schema where PostgreSQL is used."""
        url = self.make_url() if self.settings.ledger_url else ""
        return self.settings.model_copy(update={"home": self.folder / name, "ledger_url": url})


def killed(act: Callable[..., object], *arguments: object) -> bool:
    """Run in a process of its own; whether it was killed. Any other bad end is a failure."""
    process = get_context("fork").Process(target=act, args=arguments)
    process.start()
    process.join()
    assert process.exitcode in {0, -signal.SIGKILL}, process.exitcode
    return process.exitcode != 0


def die_before(module: Any, name: str, which: int) -> None:
    """Kill this process before the which-th call of a function of a module or a class."""
    original, calls = getattr(module, name), [0]

    def counted(*arguments: Any, **options: Any) -> Any:
        calls[0] += 1
        if calls[0] == which:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments, **options)

    setattr(module, name, counted)
