"""Messages in a ledger, callbacks signed by hand, and questions to the ledger."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import requests
from sqlalchemy import select

from winback.ledger import Ledger, tables
from winback.rehearsal.sandbox import Credentials

NOW = datetime(2026, 3, 2, 16, tzinfo=UTC)
PHONE = "+14155550100"
EMAIL = "m1@example.com"


def add_message(ledger: Ledger, message_id: str, **changes: object) -> None:
    """A message in the ledger: an accepted email unless told otherwise."""
    with ledger.write() as connection:
        connection.execute(tables.messages.insert(), message(message_id, **changes))


def message(message_id: str, **changes: object) -> dict[str, object]:
    """A message's row: an accepted email unless told otherwise."""
    row: dict[str, object] = {
        "message_id": message_id,
        "enrollment_id": f"e-{message_id}",
        "playbook_id": "sms_email",
        "step": 1,
        "customer_id": f"c-{message_id}",
        "channel": "email",
        "variant": "a",
        "address": f"{message_id}@example.com",
        "sender": "shop@example.com",
        "payload_json": "{}",
        "payload_sha256": "",
        "template_version": "1",
        "not_before": NOW,
        "expires_at": NOW + timedelta(days=5),
        "zones": "UTC",
        "local_opens_minute": 0,
        "local_closes_minute": 1440,
        "state": "accepted",
        "accepted_at": NOW - timedelta(hours=1),
        "planned_at": NOW - timedelta(days=1),
        "updated_at": NOW - timedelta(days=1),
    }
    return row | changes


def rows(ledger: Ledger, table: str) -> list[dict[str, Any]]:
    """Every row of a ledger table."""
    with ledger.read() as connection:
        found = connection.execute(select(tables.metadata.tables[table]))
        return [dict(row) for row in found.mappings()]


def kinds(ledger: Ledger) -> list[str]:
    return sorted(row["kind"] for row in rows(ledger, "provider_events"))


def sg_event(message_id: str, event: str, **fields: object) -> dict[str, object]:
    return {
        "email": f"{message_id}@example.com",
        "timestamp": int(NOW.timestamp()),
        "event": event,
        "sg_event_id": f"id-{message_id}-{event}",
        "sg_message_id": "req1.recvd-0",
        "wb_message": message_id,
    } | fields


class Provider:
    """Posts callbacks to a receiver, signed as the providers sign them."""

    def __init__(self, base_url: str, keys: Credentials) -> None:
        self.base_url, self.keys = base_url, keys
        self.session = requests.Session()

    def events(self, *events: object, **options: Any) -> requests.Response:
        return self.raw_events(json.dumps(events).encode(), **options)

    def raw_events(self, body: bytes, *, path: str = "events", **headers: str) -> requests.Response:
        timestamp = str(int(NOW.timestamp()))
        signed = {
            "X-Twilio-Email-Event-Webhook-Signature": self.keys.sign_event_webhook(timestamp, body),
            "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
        }
        url = f"{self.base_url}/webhooks/sendgrid/{path}"
        return self.session.post(url, data=body, headers=signed | headers, timeout=10)

    def twilio(self, path: str, form: dict[str, str]) -> requests.Response:
        url = f"{self.base_url}/webhooks/twilio/{path}"
        headers = {"X-Twilio-Signature": self.keys.sign_twilio_webhook(url, form)}
        return self.session.post(url, data=urlencode(form), headers=_FORM | headers, timeout=10)

    def status(self, message_id: str, status: str, sid: str = "SM1", **form: str) -> int:
        posted = {"MessageSid": sid, "MessageStatus": status, "To": PHONE, "Empty": ""} | form
        return self.twilio(f"status?m={message_id}&a=a1", posted).status_code

    def text(self, body: str, *, sid: str = "SMin1", sender: str = PHONE, **form: str) -> int:
        posted = {"MessageSid": sid, "From": sender, "To": "+15005550006", "Body": body} | form
        return self.twilio("inbound", posted).status_code


_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
