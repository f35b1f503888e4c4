from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from winback.base.settings import Settings
from winback.ledger import insert_new, open_ledger, tables

NOW = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path, ledger_url):
    return Settings.load(home=tmp_path / "home", ledger_url=ledger_url)


@pytest.fixture
def ledger(settings):
    with open_ledger(settings) as opened:
        yield opened


@pytest.fixture
def add_message(ledger):
    """Write one message in a given state and return its id."""

    def add(number=1, **changes):
        row = {
            "message_id": f"m{number}", "enrollment_id": f"e{number}", "playbook_id": "p",
            "step": 1, "customer_id": f"c{number}", "channel": "sms", "variant": "a",
            "address": f"+1555000{number:04d}", "sender": "MG", "payload_json": "{}",
            "payload_sha256": "0", "template_version": "0", "expires_at": NOW + timedelta(days=1),
            "zones": "UTC", "local_opens_minute": 0, "local_closes_minute": 1440,
            "state": "planned", "planned_at": NOW, "updated_at": NOW,
        }  # fmt: skip
        with ledger.write() as connection:
            assert insert_new(connection, tables.messages, [row | changes]) == 1
        return row["message_id"]

    return add
