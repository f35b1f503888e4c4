"""What somebody writes is read before the ledger is held, and never holds up a stop behind it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from inbound_parts import PHONE, Provider, add_message, rows
from urllib3.filepost import encode_multipart_formdata

from winback.base.settings import Settings
from winback.inbound import _read_ahead
from winback.ledger import Ledger, open_ledger

pytestmark = [pytest.mark.long, pytest.mark.both_databases]

STOPS = [f"+1415555{number:04d}" for number in range(20)]


@pytest.fixture
def ledger(settings: Settings, ledger_url: str) -> Iterator[Ledger]:
    """Of either kind."""
    with open_ledger(settings.model_copy(update={"ledger_url": ledger_url})) as opened:
        yield opened


def stopped(ledger: Ledger) -> set[str]:
    return {row["address"] for row in rows(ledger, "suppressions") if row["reason"] == "stop"}


def test_while_a_reply_is_read_others_write(
    monkeypatch: pytest.MonkeyPatch, provider: Provider, ledger: Ledger, eventually: Any
) -> None:
    read, waited = _read_ahead.read_reply, list[float]()

    def reading(text: str, **options: Any) -> Any:
        begun = time.perf_counter()
        other = threading.Thread(target=add_message, args=(ledger, f"other{len(waited)}"))
        other.start()
        other.join(timeout=5)
        waited.append(time.perf_counter() - begun)
        return read(text, **options)

    monkeypatch.setattr(_read_ahead, "read_reply", reading)
    provider.text("STOP")
    eventually(lambda: stopped(ledger) == {PHONE})
    assert len(waited) == 1
    assert waited[0] < 2, "the other waited for the transaction in which it was read"


def test_a_reply_that_can_not_be_read_is_set_aside_and_those_behind_it_go_on(
    monkeypatch: pytest.MonkeyPatch,
    provider: Provider,
    ledger: Ledger,
    eventually: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    read = _read_ahead.read_reply

    def stumble(text: str, **options: Any) -> Any:
        if "odd" in text:
            raise ZeroDivisionError
        return read(text, **options)

    monkeypatch.setattr(_read_ahead, "read_reply", stumble)
    provider.text("an odd one", sid="SM1", sender="+14155550199")
    provider.text("STOP", sid="SM2")
    eventually(lambda: stopped(ledger) == {PHONE})
    assert any("can't be read: ZeroDivisionError" in message for message in caplog.messages)
    assert not any("odd" in message for message in caplog.messages)


@pytest.mark.parametrize("piece", ["no ", "s t o p ", "@:\n", "From: a To: b ", "<a"])
def test_stops_behind_the_worst_mails_are_applied_within_seconds(
    provider: Provider, ledger: Ledger, eventually: Any, piece: str
) -> None:
    text = (piece * 1_000_000)[:1_000_000]
    body, content_type = encode_multipart_formdata({"from": "a@example.com", "text": text})
    for number in range(3):
        extra = f"--x{number}".encode()  # each another mail
        provider.raw_events(body + extra, path="inbound", **{"Content-Type": content_type})
    for number, sender in enumerate(STOPS):
        provider.text("STOP", sid=f"SM{number}", sender=sender)
    assert eventually(lambda: stopped(ledger) >= set(STOPS)) < 5
