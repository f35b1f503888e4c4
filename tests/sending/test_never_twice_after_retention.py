"""Nothing leaves twice, and a no still counts, once the words and addresses of old are gone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from outbox_rows import NOW, outbox_row
from sqlalchemy import select

from winback.inbound import collect
from winback.inbound._log import log_part_path
from winback.ledger import tables
from winback.people.retention import retain
from winback.providers import unsubscribe_record

pytestmark = [pytest.mark.long, pytest.mark.both_databases]

LATER = NOW + timedelta(days=200)
MOVED = {
    "not_before": LATER - timedelta(hours=1),
    "window_closes_at": LATER + timedelta(hours=2),
    "expires_at": LATER + timedelta(days=2),
}


def forget(settings, clock):
    clock.at = LATER
    kept = {"keep_addresses_days": 30, "keep_words_days": 30, "keep_callbacks_days": 30}
    return retain(settings.model_copy(update=kept), clock).forgotten


def test_what_was_sent_is_not_sent_again(provider, settings, clock, plan_all, finish):
    rows = [outbox_row(n, channel="sms" if n < 3 else "email") for n in range(6)]
    plan_all(rows)
    finish()
    assert len(provider.accepted) == 6
    assert forget(settings, clock)["message addresses"] == 6
    plan_all([row | MOVED for row in rows])
    finish()
    assert set(provider.accepted.values()) == {1}
    # A later step to the same people is another message.
    plan_all([outbox_row(n, message_id=f"{n}" * 32, **MOVED | {"step": 3}) for n in range(3)])
    finish()
    assert len(provider.accepted) == 9


def test_the_link_of_an_old_message_still_stops_its_address(
    ledger, settings, clock, plan_all, finish
):
    first = outbox_row(1, channel="email")
    plan_all([first])
    finish()
    forget(settings, clock)
    path = log_part_path(settings.events_dir, "w", 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(unsubscribe_record(first["message_id"], LATER).to_line())
    collect(ledger, settings, clock)
    plan_all([outbox_row(1, channel="email", message_id="9" * 32, **MOVED | {"step": 4})])
    finish()
    m = tables.messages.c
    with ledger.read() as connection:
        states = connection.execute(select(m.step, m.state).order_by(m.step)).all()
    assert states == [(2, "accepted"), (4, "suppressed")]
