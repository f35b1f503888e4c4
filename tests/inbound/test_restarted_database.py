"""The database is restarted while the receiver runs: what was acknowledged takes effect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from inbound_parts import Provider, add_message, rows

from winback import pages
from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.inbound import read_log_part
from winback.ledger import open_ledger
from winback.rehearsal.sandbox import Credentials

pytestmark = pytest.mark.long

STOPS = [f"+1415555{number:04d}" for number in range(20)]


@pytest.mark.only_postgresql
def test_a_stop_during_a_restart_is_stored_and_takes_effect_afterwards(
    *,
    settings: Settings,
    ledger_url: str,
    clock: FixedClock,
    keys: Credentials,
    postgresql_server: Any,
    eventually: Callable[[Callable[[], bool]], float],
) -> None:
    settings = settings.model_copy(update={"ledger_url": ledger_url})
    with open_ledger(settings) as ledger, pages.start(ledger, settings, clock) as receiver:
        add_message(ledger, "m1")
        provider = Provider(receiver.base_url, keys)
        assert provider.text("STOP", sid="SM0", sender=STOPS[0]) == 200
        postgresql_server.stop()
        try:
            for number, sender in enumerate(STOPS[1:], start=1):
                assert provider.text("STOP", sid=f"SM{number}", sender=sender) == 200
            parts = settings.events_dir.glob("*.jsonl")
            assert sum(1 for part in parts for _ in read_log_part(part)) == len(STOPS)
        finally:
            postgresql_server.start()
        eventually(lambda: {row["address"] for row in rows(ledger, "suppressions")} == set(STOPS))
        provider.session.close()
    assert len(rows_of(settings)) == len(STOPS), "each of them once"


def rows_of(settings: Settings) -> list[dict[str, Any]]:
    with open_ledger(settings) as ledger:
        return rows(ledger, "provider_events")
