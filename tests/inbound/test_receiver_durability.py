"""What was acknowledged is kept: through kill -9, and not acknowledged when it can't be."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import requests
from inbound_parts import Provider, rows, sg_event

from winback import inbound
from winback.clock import FixedClock, WallClock
from winback.inbound import collect
from winback.ledger import Ledger, open_ledger
from winback.sandbox import Credentials
from winback.settings import Settings

SERVE = """
import sys
from winback import inbound
from winback.clock import WallClock
from winback.ledger import open_ledger
from winback.settings import Settings

settings = Settings.load()
with open_ledger(settings) as ledger:
    inbound.serve(ledger, settings, WallClock(), host="127.0.0.1", port=int(sys.argv[1]))
"""
KILLS = 2
EVENTS_PER_KILL = 60


def serve(settings: Settings, port: int) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "WINBACK_HOME": str(settings.home),
        "WINBACK_SENDGRID_WEBHOOK_PUBLIC_KEYS": settings.sendgrid_webhook_public_keys,
        "WINBACK_PUBLIC_BASE_URL": "",
    }
    command = [sys.executable, "-c", SERVE, str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    for _ in range(600):
        try:
            requests.get(f"http://127.0.0.1:{port}/healthz", timeout=1).raise_for_status()
        except requests.ConnectionError:
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


def test_no_acknowledged_event_is_lost_when_the_receiver_is_killed(
    ledger: Ledger, settings: Settings, keys: Credentials
) -> None:
    acknowledged: set[str] = set()
    for round_number in range(KILLS):
        port = free_port()
        process = serve(settings, port)
        provider = Provider(f"http://127.0.0.1:{port}", keys)
        try:
            for number in range(EVENTS_PER_KILL):
                name = f"{round_number}-{number}"
                if number == EVENTS_PER_KILL * 2 // 3:
                    process.send_signal(signal.SIGKILL)
                answer = provider.events(sg_event("m1", "open", sg_event_id=name))
                assert answer.status_code == 204
                acknowledged.add(f"sg:{name}")
        except requests.ConnectionError:
            pass
        finally:
            provider.session.close()
            process.kill()
            process.wait()
    collect(ledger, settings, WallClock())
    events = rows(ledger, "provider_events")
    assert len(acknowledged) >= KILLS * EVENTS_PER_KILL // 2
    assert acknowledged <= {event["dedupe_key"] for event in events}
    assert all(event["n_seen"] == 1 for event in events)


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
    with inbound.start(ledger, settings, clock) as receiver:
        provider = Provider(receiver.base_url, keys)
        for number in range(20):
            provider.events(sg_event("m1", "open", sg_event_id=str(number)))
        provider.session.close()
    assert len(rows(ledger, "provider_events")) == 20


def test_what_an_earlier_receiver_left_behind_is_collected_at_the_start(
    ledger: Ledger, settings: Settings, clock: FixedClock, tmp_path: Path, keys: Credentials
) -> None:
    with inbound.start(ledger, settings, clock) as receiver:
        provider = Provider(receiver.base_url, keys)
        provider.text("STOP")
        provider.session.close()
    fresh = settings.model_copy(update={"ledger_url": f"sqlite:///{tmp_path}/restored.db"})
    with open_ledger(fresh) as restored:
        with inbound.start(restored, fresh, clock):
            pass
        assert [row["reason"] for row in rows(restored, "suppressions")] == ["stop"]
