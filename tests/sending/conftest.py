"""A tiny provider on loopback, and a ledger full of messages to send through it."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from winback.clock import FixedClock
from winback.ledger import Ledger, open_ledger
from winback.sending import SendReport, plan, send_due
from winback.settings import Settings

# 16:00 in New York: inside the phone window.
NOW = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)


class FakeProvider:
    """Speaks just enough SendGrid and Twilio to count what it accepted, by message id."""

    def __init__(self) -> None:
        self.accepted: Counter[str] = Counter()
        self.bodies: list[Any] = []
        # Batch ids asked for.
        self.batches = 0
        # Decides an answer (status, headers, body) for a request; None accepts it.
        self.fault: Callable[[list[str]], tuple[int, dict[str, str], bytes] | None] = lambda _: None
        # Decides an answer when a batch id is asked for; None gives one.
        self.batch_fault: Callable[[], tuple[int, dict[str, str], bytes] | None] = lambda: None
        self._lock = threading.Lock()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                status, headers, body = provider.answer(self.path, raw)
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, path: str, raw: bytes) -> tuple[int, dict[str, str], bytes]:
        if path == "/v3/mail/batch":
            with self._lock:
                self.batches += 1
                batch = json.dumps({"batch_id": f"B{self.batches}"}).encode()
            return self.batch_fault() or (201, {}, batch)
        if path == "/v3/mail/send":
            body = json.loads(raw)
            ids = [person["custom_args"]["wb_message"] for person in body["personalizations"]]
            success = (202, {"X-Message-Id": "X" + ids[0][:8]}, b"")
        else:
            body = {name: values[0] for name, values in parse_qs(raw.decode()).items()}
            ids = parse_qs(urlsplit(body["StatusCallback"]).query)["m"]
            success = (201, {}, json.dumps({"sid": "SM" + ids[0]}).encode())
        with self._lock:
            self.bodies.append(body)
            if (refusal := self.fault(ids)) is not None:
                return refusal
            self.accepted.update(ids)
        return success

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    fake = FakeProvider()
    yield fake
    fake.close()


@pytest.fixture
def settings(tmp_path: Path, provider: FakeProvider, ledger_url: str) -> Settings:
    return Settings.load(
        home=tmp_path / "home",
        ledger_url=ledger_url,
        brand_name="Example Shop",
        postal_address="1 Main St, Springfield",
        from_email="hello@example.com",
        public_base_url="https://hooks.example.com",
        sendgrid_api_key="SG.key",
        sendgrid_base_url=provider.url,
        twilio_account_sid="AC" + "0" * 32,
        twilio_auth_token="token",
        twilio_base_url=provider.url,
        twilio_messaging_service_sid="MG" + "0" * 32,
    )


@pytest.fixture
def ledger(settings: Settings) -> Iterator[Ledger]:
    with open_ledger(settings) as opened:
        yield opened


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def finish(ledger: Ledger, settings: Settings, clock: FixedClock) -> Callable[[], SendReport]:
    """Send whatever is due, without waiting for real."""
    return lambda: send_due(ledger, settings, clock, sleep=lambda _: None)


@pytest.fixture
def send(ledger: Ledger, settings: Settings, clock: FixedClock) -> Callable[..., SendReport]:
    """Plan these rows of the outbox and send what is due."""

    def run(rows: list[dict[str, Any]], **options: Any) -> SendReport:
        plan(ledger, rows, settings, clock)
        return send_due(ledger, settings, clock, sleep=lambda _: None, **options)

    return run


def outbox_row(number: int, *, channel: str = "sms", **changes: object) -> dict[str, Any]:
    """One decision to send now, to a person of that number."""
    is_sms = channel == "sms"
    row: dict[str, Any] = {
        "action": "plan",
        "message_id": md5(f"{number}{channel}".encode(), usedforsecurity=False).hexdigest(),
        "enrollment_id": f"e{number}",
        "playbook_id": "sms_email",
        "step": 1 if is_sms else 2,
        "customer_id": f"c{number}",
        "channel": channel,
        "variant": "offer",
        "address": f"+1555{number:07d}" if is_sms else f"p{number}@example.com",
        "decision": "send",
        "not_before": NOW - timedelta(hours=1),
        "window_closes_at": NOW + timedelta(hours=2),
        "expires_at": NOW + timedelta(days=2),
        "zones": "America/New_York",
        "local_opens_minute": 900 if is_sms else 480,
        "local_closes_minute": 1080 if is_sms else 1200,
        "template": "sms_email/1" if is_sms else "sms_email/2_offer",
        "country": "US",
        "first_name": "Ann",
        "last_product_name": "Blue mug",
        "last_product_url": None,
        "favorite_category": None,
        "offer_id": "welcome_back_20",
        "offer_kind": "percent",
        "offer_value": Decimal(20),
        "offer_code": "WELCOME20",
        "offer_expires_at": NOW + timedelta(days=30),
        "extra_offer_kind": None,
        "extra_offer_value": None,
        "extra_offer_code": None,
        "cost_cents_per_segment": Decimal("0.79") if is_sms else Decimal("0.08"),
    }
    return row | changes


@pytest.fixture
def make_row() -> Callable[..., dict[str, Any]]:
    return outbox_row
