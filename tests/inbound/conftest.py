"""A receiver over a real ledger, and a provider that signs what it posts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from inbound_parts import NOW, Provider

from winback import pages
from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.ledger import Ledger, open_ledger
from winback.pages import RunningReceiver
from winback.rehearsal.sandbox import Credentials, load_or_create


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Credentials:
    return load_or_create(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def settings(tmp_path: Path, keys: Credentials) -> Settings:
    return Settings.load(
        home=tmp_path / "home",
        public_base_url="",
        sendgrid_webhook_public_keys=keys.public_key,
        twilio_auth_token=keys.auth_token,
        brand_name="Björn & Co <Shop>",
    )


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def ledger(settings: Settings) -> Iterator[Ledger]:
    with open_ledger(settings) as opened:
        yield opened


@pytest.fixture
def receiver(ledger: Ledger, settings: Settings, clock: FixedClock) -> Iterator[RunningReceiver]:
    with pages.start(ledger, settings, clock) as running:
        yield running


@pytest.fixture
def provider(receiver: RunningReceiver, keys: Credentials) -> Iterator[Provider]:
    posting = Provider(receiver.base_url, keys)
    yield posting
    posting.session.close()


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], float]:
    """Wait until something is so; the seconds it took. Fails after five."""

    def wait(is_so: Callable[[], bool]) -> float:
        started = time.monotonic()
        while not is_so():
            assert time.monotonic() - started < 5, "it never came to be"
            time.sleep(0.005)
        return time.monotonic() - started

    return wait
