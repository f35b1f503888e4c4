"""While the ledger's database is away nothing that came in is lost, and pages say so."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from inbound_parts import Provider, add_message, rows

from winback.ledger import Ledger, LedgerUnavailable, sign_token
from winback.pages import RunningReceiver

pytestmark = pytest.mark.long


def test_a_stop_is_kept_and_takes_effect_once_the_ledger_is_back(
    receiver: RunningReceiver,
    provider: Provider,
    ledger: Ledger,
    eventually: Callable[[Callable[[], bool]], float],
    caplog: pytest.LogCaptureFixture,
) -> None:
    add_message(ledger, "m1")

    @contextmanager
    def away(_: Ledger) -> Any:
        raise LedgerUnavailable("away")
        yield

    with pytest.MonkeyPatch.context() as patch, caplog.at_level(logging.ERROR):
        patch.setattr(Ledger, "read", away)
        patch.setattr(Ledger, "write", away)
        assert provider.text("STOP") == 200, "it is on disk"
        click = requests.get(f"{receiver.base_url}/r/abcdefghijkl", timeout=5)
        way_out = requests.get(f"{receiver.base_url}/u/{sign_token(ledger, 'm1')}", timeout=5)
    assert (click.status_code, way_out.status_code) == (503, 200)
    assert not any("can't be applied" in message for message in caplog.messages), "no defect"
    eventually(lambda: bool(rows(ledger, "suppressions")))
