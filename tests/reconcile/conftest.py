"""A house whose letters get lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from reconcile_parts import NOW, House

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.ledger import open_ledger
from winback.readiness.modes import sandbox_settings
from winback.rehearsal import sandbox


@pytest.fixture
def house(tmp_path: Path, ledger_url: str) -> Iterator[House]:
    clock = FixedClock(NOW)
    # Until somebody listens, callbacks wait at the sandbox.
    home = tmp_path / "home"
    bare = Settings.load(home=home, ledger_url=ledger_url, public_base_url="")
    with sandbox.start(bare, clock) as box:
        public = "https://hooks.example.com"
        settings = sandbox_settings(bare, public_base_url=public, **box.overrides())
        with open_ledger(settings) as ledger, ExitStack() as stack:
            yield House(ledger, settings, clock, box, stack)
