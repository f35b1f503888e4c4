"""What was acknowledged is kept: through kill -9, and not acknowledged when it can't be."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests
from inbound_parts import Provider, rows, sg_event

from winback import pages
from winback.base.clock import FixedClock, WallClock
from winback.base.settings import Settings
from winback.inbound import collect
from winback.ledger import Ledger, open_ledger
from winback.rehearsal.sandbox import Credentials

pytestmark = pytest.mark.long

# The full proof is `make test-crash`; in every test run it is short.
KILLS = int(os.environ.get("CRASH_KILLS", "2"))
EVENTS = int(os.environ.get("CRASH_EVENTS", "400"))
SEED = int(os.environ.get("CRASH_SEED", "20261123"))
POSTERS = 4
BATCH = 5


def serve(settings: Settings, port: int) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "WINBACK_HOME": str(settings.home),
        "WINBACK_SENDGRID_WEBHOOK_PUBLIC_KEYS": settings.sendgrid_webhook_public_keys,
        "WINBACK_TWILIO_AUTH_TOKEN": settings.twilio_auth_token.get_secret_value(),
        "WINBACK_PUBLIC_BASE_URL": "",
    }
    command = [sys.executable, "-m", "winback.cli", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    for _ in range(1200):
        try:
            requests.get(f"http://127.0.0.1:{port}/healthz", timeout=1).raise_for_status()
        except requests.RequestException:
            assert process.poll() is None, "the receiver ended"
            time.sleep(0.05)
        else:
            return process
    raise AssertionError("the receiver did not start")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Telling:
    """What a provider has told: each post again and again until it is taken, like a provider."""

    tries: Counter[str] = field(default_factory=Counter)
    acknowledged: set[str] = field(default_factory=set)

    def tell(self, provider: Provider, posts: Iterator[list[str]]) -> None:
        for names in posts:
            keys = {f"sg:{name}" for name in names}
            taken = False
            while not taken:
                self.tries.update(keys)
                try:
                    told = [sg_event("m1", "open", sg_event_id=name) for name in names]
                    taken = provider.events(*told).status_code == 204
                except requests.RequestException:
                    time.sleep(0.02)
            self.acknowledged |= keys
        provider.session.close()


def test_no_acknowledged_event_is_lost_or_counted_twice_when_the_receiver_is_killed(
    ledger: Ledger, settings: Settings, keys: Credentials
) -> None:
    draw = random.Random(SEED)  # noqa: S311
    port, telling = free_port(), Telling()
    base_url = f"http://127.0.0.1:{port}"
    names = [f"e{number}" for number in range(EVENTS)]
    posts = [names[start : start + BATCH] for start in range(0, EVENTS, BATCH)]
    posters = [
        threading.Thread(
            target=telling.tell,
            args=(Provider(base_url, keys), iter(posts[place::POSTERS])),
            daemon=True,
        )
        for place in range(POSTERS)
    ]
    process = serve(settings, port)
    for poster in posters:
        poster.start()
    for kill in range(1, KILLS + 1):
        while len(telling.acknowledged) < EVENTS * kill // (KILLS + 1):
            time.sleep(0.001)
        time.sleep(draw.uniform(0, 0.1))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process = serve(settings, port)
    for poster in posters:
        poster.join()
    process.kill()
    process.wait()

    collect(ledger, settings, WallClock())
    seen = {event["dedupe_key"]: event["n_seen"] for event in rows(ledger, "provider_events")}
    assert telling.acknowledged == seen.keys() == {f"sg:{name}" for name in names}
    assert all(n_seen <= telling.tries[key] for key, n_seen in seen.items())
    assert sum(telling.tries.values()) > EVENTS  # some were killed on their way
    assert collect(ledger, settings, WallClock()).events == 0


def test_what_can_not_be_stored_is_not_acknowledged(
    provider: Provider, ledger: Ledger, settings: Settings, clock: FixedClock
) -> None:
    settings.events_dir.parent.mkdir(parents=True, exist_ok=True)
    settings.events_dir.write_text("a file where the folder should be")
    assert provider.events(sg_event("m1", "open")).status_code == 503
    settings.events_dir.unlink()
    assert provider.events(sg_event("m1", "open")).status_code == 204
    assert collect(ledger, settings, clock).unreadable == 0
    assert len(rows(ledger, "provider_events")) == 1


def test_when_the_receiver_ends_everything_acknowledged_is_in_the_ledger(
    ledger: Ledger, settings: Settings, clock: FixedClock, keys: Credentials
) -> None:
    with pages.start(ledger, settings, clock) as receiver:
        provider = Provider(receiver.base_url, keys)
        for number in range(20):
            provider.events(sg_event("m1", "open", sg_event_id=str(number)))
        provider.session.close()
    assert len(rows(ledger, "provider_events")) == 20


def test_what_an_earlier_receiver_left_behind_is_collected_at_the_start(
    ledger: Ledger, settings: Settings, clock: FixedClock, tmp_path: Path, keys: Credentials
) -> None:
    with pages.start(ledger, settings, clock) as receiver:
        provider = Provider(receiver.base_url, keys)
        provider.text("STOP")
        provider.session.close()
    empty = {"ledger_url": f"sqlite:///{tmp_path}/restored.db", "adopt_ledger": "new"}
    fresh = settings.model_copy(update=empty)
    with open_ledger(fresh) as restored:
        with pages.start(restored, fresh, clock):
            pass
        assert [row["reason"] for row in rows(restored, "suppressions")] == ["stop"]
