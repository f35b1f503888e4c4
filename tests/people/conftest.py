"""A ledger, and a list brought into it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from erasable_home import filled_home

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.ledger import open_ledger
from winback.people.optouts import import_list

NOW = datetime(2026, 3, 10, 20, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path):
    return Settings.load(home=tmp_path / "home", shop_timezone="America/New_York")


@pytest.fixture
def ledger(settings):
    with open_ledger(settings) as opened:
        yield opened


@pytest.fixture
def bring_in(ledger, settings, tmp_path):
    def run(text, at=NOW, name="list.csv", **options):
        file = tmp_path / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return import_list(ledger, settings, FixedClock(at), file, **options)

    return run


@pytest.fixture
def home(ledger_url, tmp_path):
    yield from filled_home(ledger_url, tmp_path)
