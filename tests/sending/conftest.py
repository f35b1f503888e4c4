"""A tiny provider on loopback, and a ledger full of messages to send through it."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import crash_runs
import pytest
from outbox_rows import NOW, outbox_row

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.ledger import Ledger, open_ledger
from winback.sending import SendReport, plan, send_due


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
        # By itself: a call that takes for ever keeps no other waiting.
        if (refusal := self.fault(ids)) is not None:
            return refusal
        with self._lock:
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
def plan_all(
    ledger: Ledger, settings: Settings, clock: FixedClock
) -> Callable[[list[dict[str, Any]]], None]:
    """Plan these rows of the outbox."""
    return lambda rows: plan(ledger, rows, settings, clock) and None


@pytest.fixture
def start_one(settings: Settings, clock: FixedClock) -> Callable[[str], ForkServerProcess]:
    """Start a run in a process of its own, to be killed at a point (crash_worker.py)."""
    return lambda point: crash_runs.start_run(settings, clock.at, point)


@pytest.fixture
def send(ledger: Ledger, settings: Settings, clock: FixedClock) -> Callable[..., SendReport]:
    """Plan these rows of the outbox and send what is due."""

    def run(rows: list[dict[str, Any]], **options: Any) -> SendReport:
        plan(ledger, rows, settings, clock)
        return send_due(ledger, settings, clock, sleep=lambda _: None, **options)

    return run


@pytest.fixture
def make_row() -> Callable[..., dict[str, Any]]:
    return outbox_row
