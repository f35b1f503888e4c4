"""From a STOP to silence: `python benchmarks/stop_to_silence.py [TEXTS] [STOPS]`.

A run sends that many texts (default 600) to the sandbox. While it does, customers (default 40)
text STOP, one after the other, each to a receiver in a process of its own, as `winback serve`
is. Timed is what a customer sees: from the receiver's answer 200 to the moment at which the
ledger, read by another connection, suppresses the number: from then on the guard refuses it.
Then every call is held against that moment: one to the number that began after it is a failure.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime, timedelta
from hashlib import md5
from pathlib import Path
from urllib.parse import urlencode

import requests
from sqlalchemy import select
from twilio.request_validator import RequestValidator

from winback.base.clock import WallClock
from winback.base.settings import Settings
from winback.ledger import Ledger, insert_new, is_suppressed, open_ledger, tables
from winback.rehearsal import sandbox
from winback.sending import send_due


def plan_texts(ledger: Ledger, settings: Settings, *, count: int, now: datetime) -> None:
    payload = json.dumps(
        {
            "body": "Shop: we miss you. Reply STOP to end",
            "messaging_service_sid": settings.twilio_messaging_service_sid,
        }
    )
    rows = [
        {
            "message_id": md5(f"{n}".encode(), usedforsecurity=False).hexdigest(),
            "enrollment_id": f"e{n}", "playbook_id": "sms_email", "step": 1,
            "customer_id": f"c{n}", "channel": "sms", "variant": "a",
            "address": f"+1212{5550000 + n:07d}", "sender": "shop",
            "payload_json": payload,
            "payload_sha256": "", "template_version": "1",
            "not_before": now - timedelta(hours=1), "window_closes_at": now + timedelta(hours=8),
            "expires_at": now + timedelta(days=1), "zones": "UTC",
            "local_opens_minute": 0, "local_closes_minute": 1440, "state": "planned",
            "planned_at": now, "updated_at": now,
        }
        for n in range(count)
    ]  # fmt: skip
    with ledger.write() as connection:
        insert_new(connection, tables.messages, rows)


def serve(settings: Settings, port: int) -> subprocess.Popen[bytes]:
    """A receiver in a process of its own, ready to listen."""
    environment = os.environ | {
        "WINBACK_HOME": str(settings.home),
        "WINBACK_PUBLIC_BASE_URL": settings.public_base_url,
        "WINBACK_TWILIO_AUTH_TOKEN": settings.twilio_auth_token.get_secret_value(),
        "WINBACK_SENDGRID_WEBHOOK_PUBLIC_KEYS": settings.sendgrid_webhook_public_keys,
    }
    command = [sys.executable, "-m", "winback.cli", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    for _ in range(300):
        try:
            requests.get(f"{settings.public_base_url}/healthz", timeout=1)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return process
    raise SystemExit("the receiver did not start")


def stop(ledger: Ledger, settings: Settings, address: str) -> tuple[float, float, datetime]:
    """Text STOP; seconds until the answer, seconds from it to silence, and when that began."""
    url = f"{settings.public_base_url}/webhooks/twilio/inbound"
    form = {"MessageSid": f"SM{address}", "From": address, "To": "+15005550006", "Body": "STOP"}
    token = settings.twilio_auth_token.get_secret_value()
    signature = RequestValidator(token).compute_signature(url, form)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": signature,
    }
    asked = time.perf_counter()
    requests.post(url, data=urlencode(form), headers=headers, timeout=30).raise_for_status()
    answered = time.perf_counter()
    while True:
        with ledger.read() as connection:
            if is_suppressed(connection, group="phone", address=address):
                return answered - asked, time.perf_counter() - answered, WallClock().now()
        time.sleep(0.001)


def waiting(ledger: Ledger) -> list[str]:
    m = tables.messages.c
    query = select(m.address).where(m.state.in_(("planned", "claimed")))
    with ledger.read() as connection:
        return list(connection.scalars(query.order_by(m.message_id.desc())))


def calls_after(ledger: Ledger, silence: dict[str, datetime]) -> int:
    """Calls to a number that began after it was suppressed."""
    m, a, link = tables.messages.c, tables.attempts.c, tables.attempt_messages
    query = (
        select(m.address, a.started_at)
        .join(link, link.c.attempt_id == a.attempt_id)
        .join(tables.messages, m.message_id == link.c.message_id)
    )
    with ledger.read() as connection:
        return sum(
            address in silence and started_at > silence[address]
            for address, started_at in connection.execute(query)
        )


def main() -> None:
    texts, stops = (int(sys.argv[n]) if len(sys.argv) > n else default
                    for n, default in ((1, 600), (2, 40)))  # fmt: skip
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.load(
            home=Path(folder) / "home",
            public_base_url=f"http://127.0.0.1:{port}",
            from_email="a@example.com",
        )
        with sandbox.start(settings, WallClock()) as box:
            settings = settings.model_copy(update=box.overrides())
            with open_ledger(settings) as ledger:
                measure(ledger, settings, texts=texts, stops=stops, port=port)


def measure(ledger: Ledger, settings: Settings, *, texts: int, stops: int, port: int) -> None:
    plan_texts(ledger, settings, count=texts, now=WallClock().now())
    receiver = serve(settings, port)
    sending = threading.Thread(target=send_due, args=(ledger, settings, WallClock()))
    answers: list[float] = []
    silences: list[float] = []
    silence: dict[str, datetime] = {}
    try:
        sending.start()
        while sending.is_alive() and len(silences) < stops and (left := waiting(ledger)):
            address = next((a for a in left if a not in silence), None)
            if address is None:
                break
            answer, seconds, silence[address] = stop(ledger, settings, address)
            answers.append(answer)
            silences.append(seconds)
        was_sending = sending.is_alive()
        sending.join()
    finally:
        receiver.terminate()
        receiver.wait()
    answers.sort()
    silences.sort()
    lines = (
        f"{len(silences)} stops while {texts} texts were sent; still sending: {was_sending}",
        f"to the answer: median {ms(answers[len(answers) // 2])}, longest {ms(answers[-1])}",
        f"then to silence: median {ms(silences[len(silences) // 2])}, longest {ms(silences[-1])}",
        f"calls to a number that began after that: {calls_after(ledger, silence)}",
    )
    sys.stdout.write("\n".join(lines) + "\n")


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


if __name__ == "__main__":
    main()
