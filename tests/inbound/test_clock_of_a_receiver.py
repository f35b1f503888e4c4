"""The machine's clock jumps under a running receiver: nothing signed is lost, and no age is odd."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from inbound_parts import NOW, PHONE, Provider, add_message, kinds, rows, sg_event

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.inbound import _health
from winback.ledger import Ledger, is_suppressed, open_ledger

pytestmark = pytest.mark.both_databases

JUMPS = (timedelta(days=1), timedelta(hours=-1), timedelta(days=-3_650), timedelta(seconds=-2))
jumps = pytest.mark.parametrize("jump", JUMPS, ids=str)


@pytest.fixture
def ledger(settings: Settings, ledger_url: str) -> Iterator[Ledger]:
    with open_ledger(settings.model_copy(update={"ledger_url": ledger_url})) as opened:
        yield opened


def is_silent(ledger: Ledger) -> bool:
    with ledger.read() as connection:
        return is_suppressed(connection, group="phone", address=PHONE, reasons=["stop"])


@jumps
def test_what_a_provider_signed_is_taken_whatever_our_clock_says(
    provider: Provider, ledger: Ledger, clock: FixedClock, jump: timedelta, eventually: Any
) -> None:
    """A signature covers its time, and is held to no clock of ours: none is refused for it."""
    add_message(ledger, "m1")
    assert provider.events(sg_event("m1", "delivered")).status_code == 204
    clock.advance(jump)
    assert provider.events(sg_event("m1", "open")).status_code == 204
    assert provider.text("STOP") == 200
    eventually(lambda: is_silent(ledger) and kinds(ledger) == ["delivered", "opened", "opted_out"])


@jumps
def test_a_stop_holds_that_comes_after_the_clock_has_jumped(
    provider: Provider, ledger: Ledger, clock: FixedClock, jump: timedelta, eventually: Any
) -> None:
    assert provider.text("STOP", sid="SM1") == 200
    eventually(lambda: is_silent(ledger))
    clock.advance(timedelta(minutes=1))
    assert provider.text("START", sid="SM2") == 200
    eventually(lambda: not is_silent(ledger))
    clock.advance(jump)
    assert provider.text("STOP", sid="SM3") == 200
    eventually(lambda: len(rows(ledger, "provider_events")) == 3)
    assert is_silent(ledger)


@jumps
def test_health_tells_how_long_something_has_waited_not_how_far_the_clock_has_gone(
    *,
    monkeypatch: pytest.MonkeyPatch,
    provider: Provider,
    ledger: Ledger,
    clock: FixedClock,
    jump: timedelta,
) -> None:
    def told() -> dict[str, Any]:
        answer: dict[str, Any] = requests.get(f"{provider.base_url}/healthz", timeout=10).json()
        return answer

    monkeypatch.setattr(_health, "ANSWER_SECONDS", 0.1)
    with ledger.write():
        assert provider.text("STOP") == 200
        clock.at = NOW + jump
        at_once = told()
        assert (at_once["uncollected"], at_once["uncollected_seconds"]) in {(1, 0), (1, 1)}
        assert not any("not in the ledger after" in line for line in at_once["problems"])
        monkeypatch.setattr(_health, "monotonic", lambda: time.monotonic() + 60)
        late = told()
        assert 60 <= late["uncollected_seconds"] < 65
        assert any("not in the ledger after 6" in line for line in late["problems"])
