"""How fast a run sends: `python benchmarks/send_due.py [EMAILS] [TEXTS] [LEDGER_URL] [WORKERS]`.

Emails (default 20,000, in batches of 250) and texts (default 3,000) go each to a new `winback
sandbox` in a process of its own: once by `send_due`, with every commit, guard and record, and
once by the providers' own clients, as they come, with the same bodies and as many calls at once,
that look at nothing and record nothing. The two take turns, three times each; told is the median
of each and the ratio of the two, the part of the bare client's speed that a run keeps. The ledger
is a new SQLite file for each run, or the empty PostgreSQL database that is named, which they share.

With WORKERS, one process of ours sends, then two, up to so many, each with a home of its own and
all from the one ledger; beside each is one process of the bare client. Processor milliseconds a
message are those of the senders, without their start, of the server, where it is PostgreSQL on this
machine, and of the sandbox: on a busy machine only they compare.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any, Final

import requests
from processors import seconds_of, server_of
from sendgrid import SendGridAPIClient
from twilio.rest import Client

from winback.base.clock import WallClock
from winback.base.settings import Settings
from winback.content.payloads import from_json
from winback.ledger import Ledger, insert_new, open_ledger, tables
from winback.providers import Channel, Outgoing, open_channel
from winback.rehearsal.sandbox import client_settings, load_or_create, sandbox_dir
from winback.sending import send_due

ROUNDS: Final = 3
PORTION: Final = 5_000
TEXT: Final = (
    "Shop: we miss you, Ann. 20% off until Mar 30: https://shop.example.com Reply STOP to end"
)
PAGE: Final = "<p>We miss you, Ann. Your 20 percent wait until Mar 30.</p>" * 40


def messages(settings: Settings, channel: str, *, count: int, run: int) -> Iterator[dict[str, Any]]:
    """Rows of the ledger, due now, each for a person of its own."""
    now = WallClock().now()
    is_email = channel == "email"
    payload = (
        {
            "from": {"email": "hello@example.com", "name": "Shop"},
            "subject": "We miss you, Ann",
            "text": TEXT,
            "html": PAGE,
            "headers": {"List-Unsubscribe": "<https://hooks.example.com/u/token>"},
        }
        if is_email
        else {"body": TEXT, "messaging_service_sid": settings.twilio_messaging_service_sid}
    )
    for number in range(count):
        name = f"{channel}-{run}-{number}"
        yield {
            "message_id": name, "enrollment_id": name, "playbook_id": "sms_email", "step": 1,
            "customer_id": name, "channel": channel, "variant": "a",
            "address": f"{name}@example.com" if is_email else f"+1212{run}{number:06d}",
            "sender": "shop", "payload_json": json.dumps(payload), "payload_sha256": "",
            "template_version": "1", "not_before": now - timedelta(hours=1),
            "window_closes_at": now + timedelta(hours=8), "expires_at": now + timedelta(days=1),
            "zones": "UTC", "local_opens_minute": 0, "local_closes_minute": 1440,
            "state": "planned", "planned_at": now, "updated_at": now,
        }  # fmt: skip


def fill(ledger: Ledger, rows: Sequence[dict[str, Any]]) -> None:
    for start in range(0, len(rows), PORTION):
        with ledger.write() as connection:
            insert_new(connection, tables.messages, rows[start : start + PORTION])


def by_winback(
    settings: Settings, rows: list[dict[str, Any]], workers: int, sandbox: int
) -> tuple[float, ...]:
    """Seconds that runs in so many processes take to send these rows, and seconds of processor: of
    them, of the ledger's server, and of the sandbox, whose process is given."""
    with tempfile.TemporaryDirectory() as home:
        own = settings.model_copy(update={"home": Path(home)})
        with open_ledger(own) as ledger:
            fill(ledger, rows)
            server = server_of(ledger)
        context = multiprocessing.get_context("spawn")
        start, told = context.Barrier(workers + 1), context.Queue()
        # A home of its own for each, where the ledger is not in it.
        homes = [own] if not own.ledger_url else [
            own.model_copy(update={"home": Path(home) / str(number)}) for number in range(workers)
        ]  # fmt: skip
        processes = [context.Process(target=work, args=(it, start, told)) for it in homes]
        for process in processes:
            process.start()
        start.wait()
        begun, others = time.perf_counter(), [seconds_of(server), seconds_of(sandbox)]
        ended = [told.get() for _ in processes]
        seconds = time.perf_counter() - begun
        busy = [seconds_of(server) - others[0], seconds_of(sandbox) - others[1]]
        for process in processes:
            process.join()
    if (accepted := sum(count for count, _ in ended)) != len(rows):
        raise SystemExit(f"{accepted} of {len(rows)} were accepted")
    return seconds, sum(cpu for _, cpu in ended), *busy


def work(settings: Settings, start: Barrier, told: Any) -> None:
    """One worker: how many messages it sent, and its seconds of processor."""
    for channel in ("email", "sms"):
        # The bare client has imported what it needs, too.
        open_channel(channel, settings).close()
    with open_ledger(settings) as ledger:
        start.wait()
        begun = time.process_time()
        report = send_due(ledger, settings, WallClock())
        told.put((report.counts["accepted"], time.process_time() - begun))


def by_bare_client(settings: Settings, rows: list[dict[str, Any]]) -> tuple[float, ...]:
    """Seconds that the provider's own client takes for the same bodies, as many at once, and those
    of its processor."""
    channel = open_channel(rows[0]["channel"], settings)
    post = _sendgrid(settings) if channel.provider == "sendgrid" else _twilio(settings)
    bodies = _bodies(channel, rows)
    begun, cpu = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(channel.concurrency) as pool:
        statuses = set(pool.map(post, bodies))
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    channel.close()
    if statuses != {True}:
        raise SystemExit("the bare client was refused")
    return seconds, cpu


def _bodies(channel: Channel, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    now = WallClock().now()
    outgoing = [
        Outgoing(row["message_id"], row["address"], from_json(row["channel"], row["payload_json"]),
                 leaves_by=now + timedelta(hours=8))
        for row in rows
    ]  # fmt: skip
    return [request.body for request in channel.prepare(outgoing, now=now)]


def _sendgrid(settings: Settings) -> Callable[[dict[str, Any]], bool]:
    key = settings.sendgrid_api_key.get_secret_value()
    client = SendGridAPIClient(key, host=settings.sendgrid_base_url)
    return lambda body: client.client.mail.send.post(request_body=body).status_code == 202


def _twilio(settings: Settings) -> Callable[[dict[str, Any]], bool]:
    token = settings.twilio_auth_token.get_secret_value()
    client = Client(settings.twilio_account_sid, token)
    client.api.base_url = settings.twilio_base_url
    return lambda body: bool(client.messages.create(**body).sid)


@contextmanager
def sandbox_process(home: Path) -> Iterator[tuple[Settings, int]]:
    """The settings that lead to a sandbox in a process of its own, and that process."""
    settings = Settings.load(home=home, public_base_url="", click_links=False)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    base_url = f"http://127.0.0.1:{port}"
    credentials = load_or_create(sandbox_dir(settings))
    environment = os.environ | {"WINBACK_HOME": str(home), "WINBACK_PUBLIC_BASE_URL": ""}
    command = [sys.executable, "-m", "winback.cli", "sandbox", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait_for(f"{base_url}/_sandbox/healthz")
        settings = Settings.load(
            home=home,
            from_email="hello@example.com",
            postal_address="1 Main St",
            **client_settings(base_url, credentials),
        )
        yield settings, process.pid
    finally:
        process.terminate()
        process.wait()


def _wait_for(url: str) -> None:
    for _ in range(600):
        try:
            requests.get(url, timeout=1)
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("the sandbox did not start")


def measure(
    settings: Settings, channel: str, *, count: int, workers: int, sandbox: int
) -> dict[str, float]:
    """Messages a second by both, in turn, and the share that a run keeps."""
    ours, bare = [], []
    for run in range(ROUNDS):
        number = 2 * (ROUNDS * workers + run)
        rows = list(messages(settings, channel, count=count, run=number))
        bare.append(by_bare_client(settings, rows))
        rows = list(messages(settings, channel, count=count, run=number + 1))
        ours.append(by_winback(settings, rows, workers, sandbox))
    speed = [[count / seconds for seconds, *_ in told] for told in (ours, bare)]
    # Of ours: the senders, the server, the sandbox.
    cpu = [
        [
            round(1000 * statistics.median(busy) / count, 3)
            for busy in list(zip(*told, strict=True))[1:]
        ]
        for told in (ours, bare)
    ]
    return {
        "messages": count,
        "winback_per_second": round(statistics.median(speed[0])),
        "bare_client_per_second": round(statistics.median(speed[1])),
        "ratio": round(statistics.median(speed[0]) / statistics.median(speed[1]), 2),
        "winback_cpu_ms": cpu[0][0],
        "server_cpu_ms": cpu[0][1],
        "sandbox_cpu_ms": cpu[0][2],
        "bare_client_cpu_ms": cpu[1][0],
    }


def main() -> None:
    counts = {"email": 20_000, "sms": 3_000}
    counts |= {name: int(given) for name, given in zip(counts, sys.argv[1:3], strict=False)}
    ledger_url = "".join(sys.argv[3:4])
    most = int("".join(sys.argv[4:5]) or 1)
    figures: dict[str, Any] = {}
    for channel in filter(counts.get, counts):
        with (
            tempfile.TemporaryDirectory() as home,
            sandbox_process(Path(home)) as (settings, sandbox),
        ):
            own = settings.model_copy(update={"ledger_url": ledger_url})
            told = [
                measure(own, channel, count=counts[channel], workers=n, sandbox=sandbox)
                for n in range(1, most + 1)
            ]
        # By the number of workers, where there are several.
        figures[channel] = told[0] if most == 1 else dict(enumerate(told, 1))
    figures["load"] = round(os.getloadavg()[0], 1)
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
