"""`GET /healthz` says what the receiver can't do, and answers 503 where it can't store."""

from __future__ import annotations

import errno
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from inbound_parts import EMAIL, PHONE, Provider, rows, sg_event

from winback.base.settings import Settings
from winback.inbound import _health, _lanes, _receiver
from winback.ledger import Ledger, LedgerUnavailable, open_ledger
from winback.pages import RunningReceiver
from winback.providers.sendgrid.verify import SENDGRID_SIGNATURE


def health(provider: Provider) -> tuple[int, dict[str, Any]]:
    response = requests.get(f"{provider.base_url}/healthz", timeout=10)
    return response.status_code, response.json()


def later(patch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let so much time pass for what waits."""
    patch.setattr(_health, "monotonic", lambda: time.monotonic() + seconds)


def test_a_receiver_that_can_do_everything_says_ok_and_leaves_no_trace(
    provider: Provider, settings: Settings
) -> None:
    assert health(provider) == (200, {
        "status": "ok", "stored": 0, "refused": 0, "not_stored": 0, "can_store": True,
        "has_room": True, "ledger": "ok", "uncollected": 0, "uncollected_seconds": 0,
        "problems": [],
    })  # fmt: skip
    assert [path.name for path in settings.events_dir.rglob("*")] == ["open"]


def in_the_place_of(folder: str) -> Callable[[Settings], Callable[[], None]]:
    def spoil(settings: Settings) -> Callable[[], None]:
        path = settings.events_dir / folder
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a file where the folder should be")
        return path.unlink

    return spoil


def a_device(settings: Settings) -> Callable[[], None]:
    settings.events_dir.mkdir(parents=True, exist_ok=True)
    (settings.events_dir / "open").symlink_to("/dev/full")
    return (settings.events_dir / "open").unlink


def dangling(settings: Settings) -> Callable[[], None]:
    settings.landing_dir.mkdir(parents=True, exist_ok=True)
    settings.events_dir.symlink_to(settings.home / "unmounted")
    return settings.events_dir.unlink


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (in_the_place_of("."), "Not a directory"),
        (in_the_place_of("open"), "File exists"),
        (a_device, "File exists"),
        (dangling, "File exists"),
    ],
)
def test_where_nothing_can_be_stored_it_fails_until_the_cause_is_gone(
    provider: Provider, settings: Settings, spoil: Any, why: str
) -> None:
    mend = spoil(settings)
    status, told = health(provider)
    assert (status, told["status"], told["can_store"]) == (503, "failing", False)
    (problem,) = told["problems"]
    assert problem == (
        f"Callbacks can't be stored ({why}): providers hear 503 and come again. "
        "Next: look at the disk and at landing/events under WINBACK_HOME"
    )
    mend()
    assert health(provider)[0] == 200
    assert provider.text("STOP") == 200


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("code", ["ENOSPC", "EDQUOT", "EROFS", "EIO", "EACCES", "EMFILE"])
def test_what_the_disk_refuses_is_told_and_the_last_failure_until_one_is_stored(
    monkeypatch: pytest.MonkeyPatch, provider: Provider, call: str, code: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(getattr(errno, code), os.strerror(getattr(errno, code)), f"/home/{EMAIL}")

    where = os if call == "fsync" else Path
    with monkeypatch.context() as patch:
        patch.setattr(where, call, refuse)
        assert health(provider)[0] == 503
        assert provider.events(sg_event("m1", "open")).status_code == 503
        status, told = health(provider)
    assert (status, told["not_stored"]) == (503, 1)
    assert all(os.strerror(getattr(errno, code)) in problem for problem in told["problems"])
    assert EMAIL not in str(told)
    status, told = health(provider)
    assert (status, told["status"], told["can_store"]) == (200, "degraded", True)
    assert told["problems"][0].startswith("The newest callback was not stored")
    assert provider.events(sg_event("m1", "open")).status_code == 204
    assert health(provider)[1]["status"] == "ok"


def test_a_full_disk_is_seen_by_a_probe_before_any_callback_comes(
    provider: Provider, settings: Settings
) -> None:
    assert provider.events(sg_event("m1", "open")).status_code == 204
    (first,) = settings.events_dir.glob("*.jsonl")
    following = settings.events_dir / "open" / first.name.replace("000001.", "000002.")
    following.symlink_to("/dev/full")
    status, told = health(provider)
    assert (status, "No space left" in told["problems"][0]) == (503, True)
    following.unlink()
    assert health(provider)[0] == 200


def test_a_disk_that_hangs_is_told_in_time(
    monkeypatch: pytest.MonkeyPatch, provider: Provider, eventually: Any
) -> None:
    sync, is_hanging = os.fsync, [True]

    def hang(descriptor: int) -> None:
        while is_hanging[0]:
            time.sleep(0.01)
        sync(descriptor)

    monkeypatch.setattr(_health, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(os, "fsync", hang)
    for _ in range(3):
        begun = time.monotonic()
        status, told = health(provider)
        assert (status, "no answer in time" in told["problems"][0]) == (503, True)
        assert time.monotonic() - begun < 2
    is_hanging[0] = False
    eventually(lambda: health(provider)[0] == 200)


def test_memory_that_is_full_of_bodies_is_told_and_who_was_turned_away_until_one_is_stored(
    monkeypatch: pytest.MonkeyPatch, provider: Provider, receiver: RunningReceiver, eventually: Any
) -> None:
    monkeypatch.setattr(_receiver, "MAX_BYTES_IN_FLIGHT", 3000)
    monkeypatch.setattr(_receiver, "LEAST_ROOM", 1000)
    parts = urlsplit(receiver.base_url)
    head = (
        "POST /webhooks/sendgrid/events HTTP/1.1\r\nHost: x\r\nContent-Length: 2500\r\n"
        f"{SENDGRID_SIGNATURE}: whatever\r\n\r\n"
    )
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as slow:
        slow.sendall(head.encode() + b"x" * 2400)
        eventually(lambda: health(provider)[0] == 503)
        _, told = health(provider)
        assert (told["status"], told["can_store"], told["has_room"]) == ("failing", True, False)
        (problem,) = told["problems"]
        assert problem == (
            "The memory for bodies is full (2,400 bytes are coming in): providers hear 503 and "
            "come again. Next: look at who posts so much, in your proxy's log"
        )
        many = [sg_event("m1", "open")] * 10
        assert provider.events(*many).status_code == 503
        assert health(provider)[1]["not_stored"] == 1
    eventually(lambda: health(provider)[0] == 200)
    told = health(provider)[1]
    assert (told["status"], told["has_room"]) == ("degraded", True)
    assert "was not stored (the memory for bodies is full, " in told["problems"][0]
    assert provider.events(sg_event("m1", "open")).status_code == 204
    assert health(provider)[1]["status"] == "ok"


def test_a_folder_that_was_deleted_is_made_anew(provider: Provider, settings: Settings) -> None:
    provider.text("STOP")
    for path in sorted(settings.events_dir.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    settings.events_dir.rmdir()
    assert health(provider)[0] == 200


class TestLedger:
    """What is on disk and not in the ledger is not in force."""

    pytestmark = pytest.mark.both_databases

    @pytest.fixture
    def ledger(self, settings: Settings, ledger_url: str) -> Iterator[Ledger]:
        with open_ledger(settings.model_copy(update={"ledger_url": ledger_url})) as opened:
            yield opened

    def test_a_locked_ledger_is_told_and_callbacks_are_still_taken(
        self,
        monkeypatch: pytest.MonkeyPatch,
        provider: Provider,
        ledger: Ledger,
        eventually: Any,
    ) -> None:
        monkeypatch.setattr(_health, "ANSWER_SECONDS", 0.2)
        with ledger.write():
            assert provider.text("STOP") == 200
            later(monkeypatch, 180)
            status, told = health(provider)
        assert (status, told["status"], told["ledger"]) == (200, "degraded", "no answer in time")
        assert (told["uncollected"], told["uncollected_seconds"]) == (1, 180)
        cannot, late = told["problems"]
        assert cannot == (
            "The ledger can't be written (no answer in time): opt-outs are kept on disk and not in "
            "force yet. Next: look at its database and at what else uses it"
        )
        assert late == (
            "Stored callbacks that are not in the ledger after 180 s: 1. Next: winback build, "
            "which collects them, and the receiver's log"
        )
        assert PHONE not in str(told)
        eventually(lambda: health(provider)[1]["status"] == "ok")
        assert [row["address"] for row in rows(ledger, "suppressions")] == [PHONE]

    def test_a_ledger_that_is_away_is_told(self, provider: Provider, eventually: Any) -> None:
        @contextmanager
        def away(_: Ledger) -> Any:
            raise LedgerUnavailable(f"{EMAIL} is away")
            yield

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Ledger, "read", away)
            patch.setattr(Ledger, "write", away)
            for number in range(3):
                assert provider.text("STOP", sid=f"SM{number}") == 200
            status, told = health(provider)
            assert (status, told["ledger"], told["uncollected"]) == (200, "away or locked", 3)
            assert EMAIL not in str(told)
        eventually(lambda: health(provider)[1]["uncollected"] == 0)

    def test_callbacks_that_nobody_collects_are_told_though_the_ledger_is_well(
        self,
        monkeypatch: pytest.MonkeyPatch,
        provider: Provider,
        eventually: Any,
    ) -> None:
        def defect(*_: object) -> None:
            raise ZeroDivisionError

        with monkeypatch.context() as patch:
            patch.setattr(_lanes, "collect", defect)
            patch.setattr(_lanes, "collect_writer", defect)
            provider.text("STOP")
            later(monkeypatch, 31)
            told = health(provider)[1]
            assert (told["status"], told["ledger"]) == ("degraded", "ok")
            assert told["problems"][0].startswith("Stored callbacks that are not in the ledger")
        eventually(lambda: health(provider)[1]["status"] == "ok")
