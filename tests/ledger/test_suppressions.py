"""Suppressions: what they cover, what ends them, and that nothing older does."""

from __future__ import annotations

import hashlib
import itertools
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from winback.ledger import (
    holds,
    is_suppressed,
    lift,
    release_hold,
    stop_hashed,
    suppress,
    suppressed_among,
    tables,
)

pytestmark = pytest.mark.both_databases

NOW = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)
PHONE = "+15550000001"
m = tables.messages.c


def stop(connection, address, *, group="phone", at=NOW, reason="stop", told_at=None):
    return suppress(
        connection, group=group, address=address, reason=reason, source="test",
        occurred_at=at, recorded_at=told_at or at,
    )  # fmt: skip


def test_a_stop_covers_every_phone_channel_of_the_address_but_not_its_email(ledger, add_message):
    add_message(1)
    add_message(2, address="+15550000001", channel="voice")
    add_message(3, address="+15550000001", channel="email")
    add_message(4, address="+15550000001", state="sending")
    with ledger.write() as connection:
        assert stop(connection, "+15550000001") == 2
        assert is_suppressed(connection, group="phone", address="+15550000001")
        assert not is_suppressed(connection, group="email", address="+15550000001")
        assert stop(connection, "+15550000001") == 0
        states = dict(connection.execute(select(m.message_id, m.state)).tuples().all())
    assert states == {"m1": "suppressed", "m2": "suppressed", "m3": "planned", "m4": "sending"}


def test_email_addresses_are_compared_without_case(ledger):
    with ledger.write() as connection:
        stop(connection, "Ann@Example.com", group="email")
        assert is_suppressed(connection, group="email", address="ann@example.COM")


@pytest.mark.parametrize("address", ["+1 555 000-0001", "+1 (555) 000.0001", " +15550000001 "])
def test_a_number_is_the_same_number_however_it_is_written(ledger, add_message, address):
    add_message(1)
    with ledger.write() as connection:
        assert stop(connection, address) == 1
        assert suppressed_among(connection, group="phone", addresses=[PHONE, address, "+2"]) == {
            PHONE,
            address,
        }


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_newest_wish_counts_in_whatever_order_wishes_are_told(ledger, order):
    at = [NOW + timedelta(minutes=n) for n in range(3)]
    tell = [
        lambda connection: stop(connection, PHONE, at=at[0]),
        lambda connection: lift(connection, group="phone", address=PHONE, occurred_at=at[1]),
        lambda connection: stop(connection, PHONE, at=at[2]),
    ]
    for number in order:
        with ledger.write() as connection:
            tell[number](connection)
    with ledger.read() as connection:
        assert is_suppressed(connection, group="phone", address=PHONE)


def test_a_stop_told_after_the_start_that_followed_it_is_over_and_stops_nothing(
    ledger, add_message
):
    start = NOW + timedelta(hours=1)
    with ledger.write() as connection:
        stop(connection, PHONE, at=NOW)
        lift(connection, group="phone", address=PHONE, occurred_at=start)
    add_message(1)
    with ledger.write() as connection:
        before = NOW - timedelta(days=30)
        assert stop(connection, PHONE, at=before, reason="opted_out", told_at=start) == 0
        assert stop(connection, PHONE, at=NOW, told_at=start) == 0, "told once more"
        assert not is_suppressed(connection, group="phone", address=PHONE)
        assert stop(connection, PHONE, at=start) == 1, "as new as the start: it holds"
        assert is_suppressed(connection, group="phone", address=PHONE)


def test_a_stop_holds_against_a_start_that_is_yet_to_come_by_the_clock(ledger):
    """The machine's clock was set back between them: nobody knows which was first."""
    with ledger.write() as connection:
        stop(connection, PHONE, at=NOW - timedelta(days=1))
        lift(connection, group="phone", address=PHONE, occurred_at=NOW + timedelta(seconds=1))
        stop(connection, PHONE, at=NOW)
        assert is_suppressed(connection, group="phone", address=PHONE)


@pytest.mark.parametrize("reason", ["hold", "spam_report", "hard_bounce", "bad_address"])
def test_a_start_ends_only_the_persons_own_stop(ledger, reason):
    with ledger.write() as connection:
        stop(connection, PHONE, reason=reason)
        later = NOW + timedelta(days=1)
        assert lift(connection, group="phone", address=PHONE, occurred_at=later) == 0
        assert is_suppressed(connection, group="phone", address=PHONE)


def test_a_hold_is_listed_until_a_person_releases_it_and_a_stop_beside_it_stays(ledger):
    later = NOW + timedelta(hours=1)
    with ledger.write() as connection:
        stop(connection, PHONE, reason="hold")
        stop(connection, "Ann@example.com", group="email", reason="hold", at=later)
        stop(connection, "+15550000002", reason="hold", at=later)
        stop(connection, "+15550000002", at=later)
        assert next(iter(holds(connection))).address == PHONE
        assert release_hold(connection, group="phone", address=PHONE, released_at=later) == 1
        assert release_hold(connection, group="phone", address=PHONE, released_at=later) == 0
        for group, address in (("email", "ANN@example.com"), ("phone", "+15550000002")):
            assert release_hold(connection, group=group, address=address, released_at=later) == 1
        assert holds(connection) == []
        assert not is_suppressed(connection, group="phone", address=PHONE)
        assert not is_suppressed(connection, group="email", address="ann@example.com")
        assert is_suppressed(connection, group="phone", address="+15550000002")
        versions = connection.scalars(select(tables.suppressions.c.version)).all()
    assert sorted(versions) == [1, 2, 2, 2], "a release reaches the warehouse"


def hashed(text):
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("group", "listed", "asked"),
    [
        ("email", "ann@example.com", "ann@example.com"),
        ("email", "ann@example.com", " Ann@Example.COM "),
        ("phone", "+15550000001", "+15550000001"),
        ("phone", "+15550000001", "+1 (555) 000-0001"),
        ("phone", "15550000001", "+15550000001"),
    ],
)
def test_a_hashed_list_speaks_for_the_address_that_it_does_not_name(ledger, group, listed, asked):
    with ledger.write() as connection:
        stop(connection, hashed(listed), group=group)
        other = "+15550000002" if group == "phone" else "bob@example.com"
        asks = [asked, other]
        assert suppressed_among(connection, group=group, addresses=asks) == {asked}
        assert is_suppressed(connection, group=group, address=hashed(listed))
        other_group = "email" if group == "phone" else "phone"
        assert not is_suppressed(connection, group=other_group, address=asked)


def test_a_start_ends_a_hashed_stop_and_one_told_after_it_is_over(ledger):
    with ledger.write() as connection:
        stop(connection, hashed(PHONE))
        stop(connection, hashed(PHONE), reason="spam_report")
        later = NOW + timedelta(days=1)
        assert lift(connection, group="phone", address=PHONE, occurred_at=later) == 1
        assert is_suppressed(connection, group="phone", address=PHONE), "a report of spam stays"
        stop(connection, PHONE, told_at=later)
        reasons = ["stop"]
        assert not is_suppressed(connection, group="phone", address=PHONE, reasons=reasons)


def test_what_is_planned_to_an_address_of_a_hashed_list_is_stopped_at_once(ledger, add_message):
    add_message(1, state="planned")
    add_message(2, state="planned", address="+15550000002")
    with ledger.write() as connection:
        assert stop_hashed(connection, at=NOW) == 0
        stop(connection, hashed(PHONE))
        assert stop_hashed(connection, at=NOW) == 1
        assert stop_hashed(connection, at=NOW) == 0
        states = dict(connection.execute(select(m.address, m.state)).all())
    assert states == {PHONE: "suppressed", "+15550000002": "planned"}
