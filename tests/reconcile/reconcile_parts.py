"""Messages that are due, a sandbox whose answers get lost, and questions to both."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import requests
from sqlalchemy import select
from twilio.rest import Client

from winback import pages
from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.inbound import collect
from winback.inbound._apply import apply
from winback.inbound._collect import parse
from winback.ledger import Ledger, insert_new, tables
from winback.providers import Record
from winback.reconcile import ReconcileReport, reconcile, withdraw_unresolved
from winback.rehearsal.sandbox import RunningSandbox
from winback.sending import SendReport, send_due

# 16:00 in New York.
NOW = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)
SETTLE = timedelta(minutes=15)


def json_bytes(value: object) -> bytes:
    return json.dumps(value).encode()


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
    """A ledger, a sandbox that may be told to fail, and one clock for all."""

    ledger: Ledger
    settings: Settings
    clock: FixedClock
    box: RunningSandbox
    stack: ExitStack

    def add(self, *numbers: int, channel: str = "sms", **changes: Any) -> list[str]:
        service = self.settings.twilio_messaging_service_sid
        rows = [due_message(n, channel=channel, service=service, **changes) for n in numbers]
        with self.ledger.write() as connection:
            assert insert_new(connection, tables.messages, rows) == len(rows)
        return [row["message_id"] for row in rows]

    def fail(self, kind: str, *, count: int = 1, **more: Any) -> None:
        """Let the next posts that would send something go wrong."""
        body = {"kind": kind, "count": count, "path": "mail/send|Messages.json"} | more
        requests.post(
            f"{self.box.base_url}/_sandbox/faults", json=body, timeout=10
        ).raise_for_status()

    def chance(self, seed: int, rates: dict[str, float], webhooks: dict[str, float]) -> None:
        """Let what sends, and what is told, go wrong by chance."""
        wanted = {"seed": seed, "rates": rates, "webhooks": webhooks}
        self._control("faults", wanted | {"path": "mail/send|Messages.json"})

    def withdraw(self) -> None:
        withdraw_unresolved(self.ledger, self.settings, self.clock, sleep=lambda _: None)

    def stamp_by(self, now: datetime) -> None:
        """The sandbox's clock stands still at another time than ours."""
        self._control("clock", {"now": now.isoformat()})

    def behave(self, **wishes: Any) -> None:
        body = {name: value for name, value in wishes.items() if value is not None}
        requests.post(
            f"{self.box.base_url}/_sandbox/behavior", json=body, timeout=10
        ).raise_for_status()

    def _control(self, page: str, body: dict[str, Any]) -> None:
        url = f"{self.box.base_url}/_sandbox/{page}"
        requests.post(url, json=body, timeout=10).raise_for_status()

    def listen(self) -> None:
        """From now on callbacks reach us."""
        receiver = self.stack.enter_context(pages.start(self.ledger, self.settings, self.clock))
        self.box.send_webhooks_to(receiver.base_url, public_url=self.settings.public_base_url)

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

    @property
    def service(self) -> str:
        return self.settings.twilio_messaging_service_sid

    def twilio(self) -> Client:
        """Twilio's own client, for what others of the shop send."""
        client = Client(self.box.account_sid, self.box.auth_token)
        client.api.base_url = self.box.base_url
        return client

    def payload(self, message_id: str) -> dict[str, Any]:
        return dict(json.loads(self.message(message_id)["payload_json"]))

    def set_payload(self, message_id: str, payload: dict[str, Any]) -> None:
        m = tables.messages
        with self.ledger.write() as connection:
            connection.execute(
                m.update()
                .where(m.c.message_id == message_id)
                .values(payload_json=json.dumps(payload))
            )

    def forget_texts(self) -> None:
        """The sandbox loses its memory, as a stand-in that never had one."""
        with sqlite3.connect(self.settings.home / "sandbox" / "sandbox.db") as database:
            database.execute("delete from messages")
        database.close()

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

    def prove(self, message_id: str, kind: str = "delivered", **changes: Any) -> None:
        """One signed event of an email comes in, and no other."""
        row = self.message(message_id)
        (attempt,) = (
            link["attempt_id"]
            for link in self.rows("attempt_messages")
            if link["message_id"] == message_id
        )
        event = {
            "email": row["address"],
            "event": kind,
            "timestamp": int(self.clock.now().timestamp()),
            "sg_event_id": f"{message_id}-{kind}",
            "sg_message_id": "request.recvd-0",
            "wb_message": message_id,
            "wb_attempt": attempt,
        } | changes
        with self.ledger.write() as connection:
            record = Record("sendgrid", "events", self.clock.now(), "", {}, json_bytes([event]))
            apply(connection, list(parse([record])), self.clock)

    def act(self, message_id: str, event: str, **more: Any) -> None:
        """Something happens to a message at the provider."""
        self._control("events", {"events": [{"message_id": message_id, "event": event} | more]})

    def call_back(self, message_id: str, status: str, *, sid: str = "") -> None:
        """A status callback of a text comes in."""
        sid = sid or self.message(message_id)["provider_id"]
        body = urlencode({"MessageSid": sid, "MessageStatus": status}).encode()
        record = Record(
            "twilio", "status", self.clock.now(), urlencode({"m": message_id}), {}, body
        )
        with self.ledger.write() as connection:
            apply(connection, list(parse([record])), self.clock)

    def withdrawals(self) -> list[dict[str, Any]]:
        """What SendGrid holds as cancelled."""
        key = self.settings.sendgrid_api_key.get_secret_value()
        found = requests.get(
            f"{self.box.base_url}/v3/user/scheduled_sends",
            headers={"Authorization": f"Bearer {key}"},
            timeout=10,
        )
        return list(found.json())

    def delivered(self) -> dict[str, int]:
        """How many deliveries of each message we were told of."""
        return dict(
            Counter(
                row["message_id"]
                for row in self.rows("provider_events")
                if row["kind"] == "delivered"
            )
        )

    def left(self) -> dict[str, int]:
        """How often each message left the sandbox: what it threw away did not."""
        url = f"{self.box.base_url}/_sandbox/messages?limit=10000"
        found = requests.get(url, timeout=10).json()["messages"]
        return dict(Counter(row["message_id"] for row in found if row["status"] != "dropped"))

    def accepted(self) -> Counter[str]:
        """How often the sandbox accepted each message, by our id."""
        found = requests.get(
            f"{self.box.base_url}/_sandbox/messages", params={"limit": 10_000}, timeout=10
        )
        return Counter(row["message_id"] for row in found.json()["messages"])
