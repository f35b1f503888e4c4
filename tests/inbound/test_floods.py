"""What one number sends a thousand times costs what it costs once, and delays nobody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from inbound_parts import NOW, PHONE, message, rows
from sqlalchemy import event

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.inbound import collect
from winback.inbound._log import log_part_path
from winback.ledger import Ledger, ask_to_join, open_ledger, tables
from winback.providers import Record

pytestmark = [pytest.mark.long, pytest.mark.both_databases]

TIMES = 1_000
# Three for each hundred that are read, and those of one turn; a thousand turns took 11,000.
STATEMENTS = 100
OTHER = "+14155550199"
CLOCK = FixedClock(NOW + timedelta(hours=1))


@pytest.fixture
def ledger(settings: Settings, ledger_url: str) -> Iterator[Ledger]:
    with open_ledger(settings.model_copy(update={"ledger_url": ledger_url})) as opened:
        with opened.write() as connection:
            same: dict[str, object] = {"channel": "sms", "address": PHONE, "customer_id": "c1"}
            planned = same | {"state": "planned", "accepted_at": None}
            for one in (message("m1", **same), message("p1", **planned)):
                connection.execute(tables.messages.insert(), one)
            ask_to_join(
                connection, series_id="daily_tips", customer_id="c1", address=PHONE, words="TIPS",
                reply_id="r0", message_id="m1", asked_at=NOW - timedelta(days=1), confirm_by=None,
                recorded_at=NOW,
            )  # fmt: skip
        yield opened


def lay_down(settings: Settings, texts: list[tuple[str, str]]) -> None:
    """One part of the log, with a text a second."""
    path = log_part_path(settings.events_dir, "w", 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        for number, (sender, words) in enumerate(texts):
            form = urlencode({"MessageSid": f"SM{number}", "From": sender, "Body": words})
            at = NOW + timedelta(seconds=number)
            file.write(Record("twilio", "inbound", at, "", {}, form.encode()).to_line())


@pytest.mark.parametrize(
    ("words", "reason"), [("STOP", "stop"), ("you are spammers", "hold"), ("Blue?", None)]
)
def test_a_flood_from_one_number_costs_little_more_than_one_text(
    ledger: Ledger, settings: Settings, words: str, reason: str | None
) -> None:
    lay_down(settings, [*[(PHONE, words)] * TIMES, (OTHER, "STOP")])
    asked = list[str]()
    event.listen(ledger.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    assert collect(ledger, settings, CLOCK).events == TIMES + 1
    assert len(asked) < STATEMENTS
    silent = {row["address"]: row["reason"] for row in rows(ledger, "suppressions")}
    assert silent == {OTHER: "stop"} | ({PHONE: reason} if reason else {})
    assert len(rows(ledger, "replies")) == TIMES + 1, "a person can read each of them"
    (planned,) = (row for row in rows(ledger, "messages") if row["message_id"] == "p1")
    assert planned["state"] == ("suppressed" if reason else "planned")
    (joined,) = rows(ledger, "series_joins")
    assert joined["ended_by"] == ("stop" if reason == "stop" else None)


def test_the_last_of_a_flood_that_changes_its_mind_counts(
    ledger: Ledger, settings: Settings
) -> None:
    lay_down(settings, [(PHONE, words) for words in ["STOP"] * 5 + ["START"] * 5 + ["STOP"] * 5])
    collect(ledger, settings, CLOCK)
    found = [row["lifted_at"] for row in rows(ledger, "suppressions")]
    assert len(found) == 10
    assert found.count(None) == 5
