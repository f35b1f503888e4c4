"""What the run report counts as the last day's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from winback.base.settings import Settings
from winback.ledger import insert_new, open_ledger, tables
from winback.measure.last_screen import read_came_back, read_sent

NOW = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def message(number: int, accepted_at: datetime) -> dict[str, object]:
    return {
        "message_id": f"m{number}", "enrollment_id": f"e{number}", "playbook_id": "p",
        "step": 1, "customer_id": f"c{number}", "channel": "sms", "variant": "a",
        "address": f"+1555000{number:04d}", "sender": "MG", "payload_json": "{}",
        "payload_sha256": "0", "template_version": "0", "expires_at": NOW, "zones": "UTC",
        "local_opens_minute": 0, "local_closes_minute": 1440, "state": "accepted",
        "cost_cents": Decimal(5), "planned_at": NOW, "updated_at": NOW, "accepted_at": accepted_at,
    }  # fmt: skip


def event(number: int, occurred_at: datetime) -> dict[str, object]:
    key = f"e{number}"
    return {
        "dedupe_key": key, "semantic_key": key, "provider": "twilio", "kind": "delivered",
        "message_id": f"m{number}", "occurred_at": occurred_at, "received_at": NOW,
        "raw_ref": "r:1",
    }  # fmt: skip


def test_the_last_24_hours_count_and_what_a_providers_clock_says_is_later(tmp_path: Path) -> None:
    times = (NOW - 24 * HOUR, NOW - 23 * HOUR, NOW, NOW + 27 * HOUR)
    with open_ledger(Settings.load(home=tmp_path)) as ledger:
        with ledger.write() as connection:
            insert_new(connection, tables.messages, [message(*it) for it in enumerate(times)])
            insert_new(connection, tables.provider_events, [event(*it) for it in enumerate(times)])
        with ledger.read() as connection:
            (row,) = read_sent(connection, now=NOW)
            assert (row["messages"], row["cost_cents"]) == (3, 15)
            assert read_came_back(connection, now=NOW) == {"delivered": 3}
