"""A home with a ledger, for all parsers of a file."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from fuzz_engine import Home

from winback.base.settings import Settings
from winback.ledger import open_ledger
from winback.rehearsal.sandbox import Credentials, load_or_create


@pytest.fixture(scope="module", autouse=True)
def _little_to_collect() -> None:
    """Each parser's memory is collected again and again: without all that was there before."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Credentials:
    return load_or_create(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, keys: Credentials) -> Iterator[Home]:
    folder = tmp_path_factory.mktemp("files")
    settings = Settings.load(
        home=tmp_path_factory.mktemp("home"),
        shop_timezone="Europe/Berlin",
        shop_country="US",
        from_email="hello@example.com",
        postal_address="1 Main St, Springfield",
        public_base_url="https://h.example.com",
        twilio_messaging_service_sid="MG1",
        sendgrid_webhook_public_keys=keys.public_key,
        twilio_auth_token=keys.auth_token,
    )
    with pytest.MonkeyPatch.context() as environment, open_ledger(settings) as ledger:
        environment.setenv("WINBACK_HOME", str(settings.home))
        environment.setenv("WINBACK_SHOP_TIMEZONE", settings.shop_timezone)
        yield Home(folder, settings, ledger)
