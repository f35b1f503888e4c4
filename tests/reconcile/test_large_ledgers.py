"""What is asked again and again reads what it needs, and not all that ever happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from reconcile_parts import NOW
from sqlalchemy import event

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.ledger import Ledger, open_ledger, talking_among
from winback.reconcile import _progress
from winback.reconcile._ask import Records
from winback.reconcile._report import ReconcileReport
from winback.reconcile._unknown import Unknowns


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(home=tmp_path)


@contextmanager
def plans(ledger: Ledger) -> Iterator[list[str]]:
    """How SQLite goes about each query meanwhile."""
    found: list[str] = []

    def explain(connection: Any, _: Any, sql: str, values: Any, *__: Any) -> None:
        steps = connection.connection.cursor()
        found.append(str(steps.execute(f"explain query plan {sql}", values).fetchall()))

    event.listen(ledger.engine, "before_cursor_execute", explain)
    try:
        yield found
    finally:
        event.remove(ledger.engine, "before_cursor_execute", explain)


def polls(ledger: Ledger, _: Settings) -> None:
    with ledger.read() as connection:
        _progress._due(connection, NOW)


def clicks(ledger: Ledger, _: Settings) -> None:
    with ledger.read() as connection:
        talking_among(connection, customer_ids=["c"], addresses=[], since=NOW, until=NOW)


def known_texts(ledger: Ledger, settings: Settings) -> None:
    report = ReconcileReport()
    with Records(settings, report, lambda _: None) as records:
        clock, settle = FixedClock(NOW), _progress.ASKED_AT[0]
        Unknowns(ledger, records, report, clock=clock, settle=settle)._look_for_known("sms")


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        (polls, "messages_by_acceptance (accepted_at>? AND accepted_at<?)"),
        (clicks, "provider_events_by_message (message_id=?)"),
        (known_texts, "messages_by_acceptance (accepted_at>? AND accepted_at<?)"),
    ],
)
def test_an_index_that_narrows_it_serves(
    settings: Settings, ask: Callable[[Ledger, Settings], None], index: str
) -> None:
    with open_ledger(settings) as ledger, plans(ledger) as found:
        ask(ledger, settings)
    assert index in str(found)
