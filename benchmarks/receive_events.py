"""How fast callbacks are acknowledged: `python benchmarks/receive_events.py [SECONDS] [RATE]`.

`winback serve` runs in a process of its own, its collector at work, and hears from a mailing
(default: 500 events a second for 20 seconds): signed SendGrid batches of ten and single Twilio
callbacks, half of the events each, at random instants. A post's time counts from the instant
at which it was due, so that a receiver that falls behind can't hide it. The same posts to the
same receiver that stores and collects nothing are the measure of what being durable costs.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlencode, urlsplit

import requests
from sqlalchemy import func, select

from winback.base.settings import Settings
from winback.ledger import Ledger, open_ledger, tables
from winback.rehearsal.sandbox import Credentials, load_or_create

BATCH: Final = 10
MESSAGES: Final = 5_000
CONNECTIONS: Final = 20
SEED: Final = 20261123
SERVE: Final = [sys.executable, "-m", "winback.cli", "serve", "--port"]
WITHOUT_STORING: Final = """
import sys
from concurrent.futures import Future
from winback.cli import main
from winback.inbound._log import LogWriter

def append(self, record):
    future = Future()
    future.set_result(None)
    return future

LogWriter.append = append
sys.argv = ["winback", "serve", "--port", sys.argv[1]]
main()
"""
SERVE_WITHOUT_STORING: Final = [sys.executable, "-c", WITHOUT_STORING]


def add_messages(ledger: Ledger) -> None:
    """A mailing that went out an hour ago, half by email, half by text."""
    now = datetime.now(UTC) - timedelta(hours=1)
    rows = [
        {
            "message_id": f"m{number}",
            "enrollment_id": f"e{number}",
            "playbook_id": "sms_email",
            "step": 1,
            "customer_id": f"c{number}",
            "channel": "email" if number % 2 else "sms",
            "variant": "a",
            "address": f"m{number}@example.com" if number % 2 else f"+1415555{number:04d}",
            "sender": "shop",
            "payload_json": "{}",
            "payload_sha256": "",
            "template_version": "1",
            "expires_at": now,
            "zones": "UTC",
            "local_opens_minute": 0,
            "local_closes_minute": 1440,
            "state": "accepted",
            "accepted_at": now,
            "planned_at": now,
            "updated_at": now,
        }
        for number in range(MESSAGES)
    ]
    with ledger.write() as connection:
        connection.execute(tables.messages.insert(), rows)


def make_posts(base_url: str, keys: Credentials, events: int) -> list[tuple[bytes, int]]:
    """Every post as bytes, already signed, and how many events it holds."""
    draw = random.Random(SEED)  # noqa: S311
    posts = [
        (_sendgrid(base_url, keys, draw, f"b{number}"), BATCH)
        for number in range(events // 2 // BATCH)
    ]
    posts += [(_twilio(base_url, keys, draw, f"SM{number}"), 1) for number in range(events // 2)]
    draw.shuffle(posts)
    return posts


def _sendgrid(base_url: str, keys: Credentials, draw: random.Random, name: str) -> bytes:
    stamp = str(int(time.time()))
    batch = []
    for place in range(BATCH):
        message = f"m{draw.randrange(MESSAGES // 2) * 2 + 1}"
        batch.append(
            {
                "email": f"{message}@example.com",
                "timestamp": int(stamp),
                "event": draw.choice(["processed", "delivered", "delivered", "open", "click"]),
                "sg_event_id": f"{name}-{place}",
                "sg_message_id": "request.recvd-0",
                "useragent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)",
                "url": "https://shop.example.com/",
                "wb_message": message,
                "wb_attempt": "a1",
            }
        )
    body = json.dumps(batch).encode()
    headers = {
        "Content-Type": "application/json",
        "X-Twilio-Email-Event-Webhook-Signature": keys.sign_event_webhook(stamp, body),
        "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
    }
    return _request(f"{base_url}/webhooks/sendgrid/events", headers, body)


def _twilio(base_url: str, keys: Credentials, draw: random.Random, sid: str) -> bytes:
    number = draw.randrange(MESSAGES // 2) * 2
    url = f"{base_url}/webhooks/twilio/status?m=m{number}&a=a1"
    form = {
        "MessageSid": sid,
        "MessageStatus": draw.choice(["sent", "delivered"]),
        "To": f"+1415555{number:04d}",
        "From": "+15005550006",
        "AccountSid": keys.account_sid,
        "ApiVersion": "2010-04-01",
    }
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": keys.sign_twilio_webhook(url, form),
    }
    return _request(url, headers, urlencode(form).encode())


def _request(url: str, headers: dict[str, str], body: bytes) -> bytes:
    parts = urlsplit(url)
    target = parts.path + ("?" + parts.query if parts.query else "")
    named = {"Host": parts.netloc, "Content-Length": str(len(body))} | headers
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"POST {target} HTTP/1.1\r\n{lines}\r\n".encode() + body


async def post_all(base_url: str, posts: list[tuple[bytes, int]], seconds: float) -> list[float]:
    """Post each at its instant; the milliseconds from then to its answer, a 2xx each."""
    parts = urlsplit(base_url)
    idle: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        idle.put_nowait(await asyncio.open_connection(parts.hostname, parts.port))
    draw = random.Random(SEED)  # noqa: S311
    instants = sorted(draw.uniform(0, seconds) for _ in posts)
    start = time.perf_counter() + 0.5

    async def post(request: bytes, instant: float) -> float:
        await asyncio.sleep(start + instant - time.perf_counter())
        reader, writer = await idle.get()
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        if not head.startswith("HTTP/1.1 20"):
            raise RuntimeError(head)
        if "content-length: " in head:
            await reader.readexactly(int(head.partition("content-length: ")[2].split()[0]))
        waited = time.perf_counter() - start - instant
        idle.put_nowait((reader, writer))
        return waited * 1000

    jobs = [post(request, at) for (request, _), at in zip(posts, instants, strict=True)]
    waits = await asyncio.gather(*jobs)
    while not idle.empty():
        idle.get_nowait()[1].close()
    return sorted(waits)


@contextmanager
def receiver(command: list[str], settings: Settings) -> Iterator[tuple[str, int]]:
    """A receiver in a process of its own: its address and its process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "WINBACK_HOME": str(settings.home),
        "WINBACK_SENDGRID_WEBHOOK_PUBLIC_KEYS": settings.sendgrid_webhook_public_keys,
        "WINBACK_TWILIO_AUTH_TOKEN": settings.twilio_auth_token.get_secret_value(),
        "WINBACK_PUBLIC_BASE_URL": "",
    }
    process = subprocess.Popen([*command, str(port)], env=environment, stdout=subprocess.DEVNULL)
    base_url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                requests.get(f"{base_url}/healthz", timeout=1)
                break
            except requests.ConnectionError:
                time.sleep(0.05)
        yield base_url, process.pid
    finally:
        process.terminate()
        process.wait()


def processor_seconds(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def measure(command: list[str], seconds: float, per_second: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        keys = load_or_create(home / "keys")
        settings = Settings.load(
            home=home,
            sendgrid_webhook_public_keys=keys.public_key,
            twilio_auth_token=keys.auth_token,
        )
        with open_ledger(settings) as ledger:
            add_messages(ledger)
            with receiver(command, settings) as (base_url, pid):
                posts = make_posts(base_url, keys, int(seconds * per_second))
                before = processor_seconds(pid)
                waits = asyncio.run(post_all(base_url, posts, seconds))
                busy = processor_seconds(pid) - before
                in_the_ledger = _events(ledger)
            at_the_end = _events(ledger)  # the receiver collects what is left before it ends
    return {
        "posts": len(posts),
        "events": sum(events for _, events in posts),
        "p50_ms": round(waits[len(waits) // 2], 1),
        "p95_ms": round(waits[int(len(waits) * 0.95)], 1),
        "p99_ms": round(waits[int(len(waits) * 0.99)], 1),
        "max_ms": round(waits[-1], 1),
        "processor_share": round(busy / seconds, 2),
        "in_the_ledger_at_the_last_answer": in_the_ledger,
        "in_the_ledger_at_the_end": at_the_end,
    }


def _events(ledger: Ledger) -> int:
    with ledger.read() as connection:
        return connection.scalar(select(func.count()).select_from(tables.provider_events)) or 0


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20
    per_second = int(sys.argv[2]) if len(sys.argv) > 2 else 500
    durable = measure(SERVE, seconds, per_second)
    plain = measure(SERVE_WITHOUT_STORING, seconds, per_second)
    figures = {
        "events_per_second": per_second,
        "winback_serve": durable,
        "without_storing": plain,
        "times_slower_p50": round(durable["p50_ms"] / plain["p50_ms"], 1),
        "times_slower_p99": round(durable["p99_ms"] / plain["p99_ms"], 1),
        "load_average": os.getloadavg()[0],
    }
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
