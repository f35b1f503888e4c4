"""The one look that comes first: a table that knows a recipient is never left out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from outbox_rows import NOW, outbox_row
from sqlalchemy import insert, select, update

from winback.ledger import (
    AddressKey,
    Revocation,
    keep_revocations,
    known_of,
    suppress,
    tables,
)

pytestmark = pytest.mark.both_databases
TABLES = ("suppressions", "conversations", "revocations", "preferences", "sends")
WHO = {"customer_id": "c1", "channel_group": "phone", "address": "+15550000001"}


def say_stop(connection):
    said = {"reason": "stop", "source": "sms", "occurred_at": NOW, "recorded_at": NOW}
    suppress(connection, group="phone", address="+1 (555) 000-0001", **said)


def say_stop_by_hash(connection):
    """As an erasure leaves it."""
    say_stop(connection)
    hidden = AddressKey.of(connection).hide("+15550000001")
    connection.execute(update(tables.suppressions).values(address=hidden))


def reply(connection):
    row = {"conversation_id": "k", "hidden_address": "h", "opened_at": NOW, "last_reply_at": NOW}
    connection.execute(insert(tables.conversations).values(row | WHO | {"version": 1}))


def wait_for_a_human(connection):
    long_ago = NOW - timedelta(days=90)
    row = {"conversation_id": "k", "hidden_address": "h", "opened_at": long_ago}
    row |= {"last_reply_at": long_ago, "waiting_since": long_ago}
    connection.execute(insert(tables.conversations).values(row | WHO | {"version": 1}))


def take_a_consent_back(connection):
    keep_revocations(connection, [Revocation("c9", "phone", None, NOW)], load_id="l")


def wish(connection):
    row = {"preference_id": "p", "kind": "pause", "occurred_at": NOW, "recorded_at": NOW}
    connection.execute(insert(tables.preferences).values(row | WHO | {"version": 1}))


def get_a_message(connection):
    other = {"customer_id": "c1", "state": "accepted", "accepted_at": NOW - timedelta(days=6)}
    m = tables.messages.c
    connection.execute(update(tables.messages).where(m.customer_id == "c2").values(other))


@pytest.mark.parametrize(
    ("happens", "known"),
    [
        (lambda _: None, ""),
        (say_stop, "suppressions"),
        (say_stop_by_hash, "suppressions"),
        (reply, "conversations"),
        (wait_for_a_human, "conversations"),
        (take_a_consent_back, "revocations"),
        (wish, "preferences"),
        (get_a_message, "sends"),
    ],
)
def test_what_speaks_against_a_message_is_known(ledger, plan_all, happens, known):
    plan_all([outbox_row(1), outbox_row(2)])
    with ledger.write() as connection:
        happens(connection)
        m = tables.messages
        mine = connection.execute(select(m).where(m.c.address == "+15550000001")).all()
        found = known_of(connection, mine, since=NOW - timedelta(days=7), now=NOW)
    assert [name for name in TABLES if getattr(found, name)] == [known] * bool(known)
