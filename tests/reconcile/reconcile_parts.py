"""Messages that are due, a sandbox whose answers get lost, and questions to both."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import requests
from sqlalchemy import select

from winback.clock import FixedClock
from winback.inbound import RunningReceiver, collect
from winback.ledger import Ledger, insert_new, tables
from winback.reconcile import ReconcileReport, reconcile
from winback.sandbox import RunningSandbox
from winback.sending import SendReport, send_due
from winback.settings import Settings

# 16:00 in New York.
NOW = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)
SETTLE = timedelta(minutes=15)


def due_message(number: int, *, channel: str = "sms", service: str = "", **changes: Any) -> dict:
    """A message that may go now, to a person of that number."""
    if channel == "email":
        address = f"p{number}@example.com"
        payload: dict[str, Any] = {
            "from": {"email": "hello@example.com", "name": "Shop"},
            "subject": f"Hello {number}",
            "text": f"We miss you, {number}. 1 Main St",
            "html": f"<p>We miss you, {number}. 1 Main St</p>",
            "headers": {},
        }
    else:
        address = f"+1555{number:07d}"
        payload = {
            "body": f"Shop: we miss you, number {number}! Reply STOP to end",
            "messaging_service_sid": service,
        }
    words = json.dumps(payload)
    row = {
        "message_id": f"{number:031d}{channel[0]}",
        "enrollment_id": f"e{number}",
        "playbook_id": "sms_email",
        "step": 1,
        "customer_id": f"c{number}",
        "channel": channel,
        "variant": "a",
        "address": address,
        "sender": service or "hello@example.com",
        "payload_json": words,
        "payload_sha256": sha256(words.encode()).hexdigest(),
        "template_version": "1",
        "not_before": NOW - timedelta(hours=1),
        "window_closes_at": NOW + timedelta(hours=3),
        "expires_at": NOW + timedelta(days=2),
        "zones": "America/New_York",
        "local_opens_minute": 0,
        "local_closes_minute": 1440,
        "state": "planned",
        "planned_at": NOW,
        "updated_at": NOW,
    }
    return row | changes


@dataclass
class House:
    """A ledger, a sandbox that may be told to fail, a receiver, and one clock for all."""

    ledger: Ledger
    settings: Settings
    clock: FixedClock
    box: RunningSandbox
    receiver: RunningReceiver

    def add(self, *numbers: int, channel: str = "sms", **changes: Any) -> list[str]:
        service = self.settings.twilio_messaging_service_sid
        rows = [due_message(n, channel=channel, service=service, **changes) for n in numbers]
        with self.ledger.write() as connection:
            assert insert_new(connection, tables.messages, rows) == len(rows)
        return [row["message_id"] for row in rows]

    def fail(self, kind: str, *, count: int = 1, **more: Any) -> None:
        """Let the next posts that would send something go wrong."""
        body = {"kind": kind, "count": count, "path": "mail/send|Messages.json"} | more
        requests.post(f"{self.box.base_url}/_sandbox/faults", json=body).raise_for_status()

    def behave(self, **wishes: Any) -> None:
        body = {name: value for name, value in wishes.items() if value is not None}
        requests.post(f"{self.box.base_url}/_sandbox/behavior", json=body).raise_for_status()

    def listen(self) -> None:
        """From now on callbacks reach us."""
        self.box.send_webhooks_to(self.receiver.base_url, public_url=self.settings.public_base_url)

    def send(self) -> SendReport:
        return send_due(self.ledger, self.settings, self.clock, sleep=lambda _: None)

    def collect(self) -> None:
        self.box.settle()
        collect(self.ledger, self.settings, self.clock)

    def reconcile(self, *, after: timedelta = timedelta(0), **changed: Any) -> ReconcileReport:
        self.clock.advance(after)
        settings = self.settings.model_copy(update=changed)
        return reconcile(self.ledger, settings, self.clock, sleep=lambda _: None)

    def plan_again(self) -> None:
        """What the next plan does: a new look gave everything that waits a window from now."""
        with self.ledger.write() as connection:
            connection.execute(
                tables.messages.update()
                .where(tables.messages.c.state == "planned")
                .values(
                    not_before=self.clock.now(),
                    window_closes_at=self.clock.now() + timedelta(hours=3),
                )
            )

    def states(self) -> dict[str, int]:
        return dict(Counter(row["state"] for row in self.rows("messages")))

    def rows(self, table: str) -> list[dict[str, Any]]:
        with self.ledger.read() as connection:
            found = connection.execute(select(tables.metadata.tables[table]))
            return [dict(row) for row in found.mappings()]

    def message(self, message_id: str) -> dict[str, Any]:
        (row,) = (row for row in self.rows("messages") if row["message_id"] == message_id)
        return row

    def evidence(self) -> list[str]:
        return sorted(row["kind"] for row in self.rows("evidence"))

    def accepted(self) -> Counter[str]:
        """How often the sandbox accepted each message, by our id."""
        found = requests.get(f"{self.box.base_url}/_sandbox/messages", params={"limit": 10_000})
        return Counter(row["message_id"] for row in found.json()["messages"])
