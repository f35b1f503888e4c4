"""A content series goes by its own consent and its own caps, and the others by theirs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from winback.ledger import ask_to_join, end_joins, grant_join, suppress, tables

PHONE = "+15550000001"


def tip(make_row, step=1, **changes):
    """A message of a series to the person 1, of as many a day as `cap_per_24h` says."""
    row = make_row(1, message_id=f"tip{step}", enrollment_id="tips", playbook_id="tips", step=step)
    caps = {"cap_scope": "tips", "cap_per_24h": 2, "cap_per_7d": 3}
    return row | caps | changes


def win_back(make_row, number=1, step=1):
    return make_row(number, message_id=f"win{step}", enrollment_id="back", step=step)


@pytest.fixture
def join(ledger, clock):
    """Have the person 1 join the series."""

    def run(*, customer_id="c1", is_granted=True):
        with ledger.write() as connection:
            join_id = ask_to_join(
                connection, series_id="tips", customer_id=customer_id, address=PHONE,
                words="TIPS", reply_id="r1", message_id=None, asked_at=clock.at,
                confirm_by=clock.at + timedelta(days=3), recorded_at=clock.at,
            )  # fmt: skip
            if is_granted:
                assert grant_join(
                    connection, join_id, words="yes", reply_id="r2", terms="?", at=clock.at
                )

    return run


def states(ledger):
    m = tables.messages.c
    with ledger.read() as connection:
        rows = connection.execute(select(m.message_id, m.state, m.state_reason)).all()
    return {row.message_id: (row.state, row.state_reason) for row in rows}


def test_a_series_and_the_others_do_not_count_for_each_other(join, send, make_row, ledger):
    join()
    rows = [tip(make_row, 1), tip(make_row, 2), tip(make_row, 3), win_back(make_row)]
    assert send(rows).refused_by_guard == {"cap_24h": 1}
    found = states(ledger)
    assert found["win1"][0] == "accepted"
    assert [found[f"tip{step}"] for step in (1, 2, 3)].count(("accepted", "accepted")) == 2
    assert send([win_back(make_row, step=2)]).refused_by_guard == {"cap_24h": 1}


def test_a_week_of_a_series_is_its_own(join, send, make_row, clock, ledger):
    join()
    send([tip(make_row, step, cap_per_24h=9) for step in (1, 2, 3)])
    assert send([tip(make_row, 4, cap_per_24h=9)]).refused_by_guard == {"cap_7d": 1}
    assert set(states(ledger).values()) == {("accepted", "accepted"), ("planned", "guard:cap_7d")}


@pytest.mark.parametrize("missing", ["cap_per_24h", "cap_per_7d"])
def test_a_series_without_a_cap_sends_nothing(join, send, make_row, missing):
    join()
    rule = missing.replace("_per_", "_")
    assert send([tip(make_row, **{missing: None})]).refused_by_guard == {rule: 1}


@pytest.mark.parametrize("joined", [{"is_granted": False}, {"customer_id": "other"}, None], ids=str)
def test_without_a_join_of_this_person_a_series_sends_nothing(join, send, make_row, ledger, joined):
    if joined is not None:
        join(**joined)
    assert send([tip(make_row), win_back(make_row)]).refused_by_guard == {"consent": 1}
    assert states(ledger) == {
        "tip1": ("suppressed", "guard:consent"),
        "win1": ("accepted", "accepted"),
    }


def test_who_leaves_a_series_gets_the_rest_and_no_more_of_it(join, send, make_row, ledger, clock):
    join()
    later = clock.at + timedelta(hours=1)
    rows = [row | {"not_before": later} for row in (tip(make_row), win_back(make_row))]
    send(rows)
    with ledger.write() as connection:
        ended = end_joins(
            connection, address=PHONE, ended_by="left", ended_at=clock.at, at=clock.at,
            series_ids=["tips"],
        )  # fmt: skip
    assert ended == 1
    clock.advance(timedelta(hours=1))
    send(rows)
    assert states(ledger) == {
        "tip1": ("suppressed", "suppressed:left_series"),
        "win1": ("accepted", "accepted"),
    }


@pytest.mark.parametrize(
    ("told", "ends"),
    [(("stop", 0), True), (("spam_report", 0), True), (("hold", 0), False), (("stop", -1), False)],
)
def test_what_ends_the_texts_ends_the_join_unless_it_was_said_before(
    join, ledger, clock, told, ends
):
    join()
    reason, days = told
    with ledger.write() as connection:
        suppress(
            connection, group="phone", address=PHONE, reason=reason, source="t",
            occurred_at=clock.at + timedelta(days=days), recorded_at=clock.at,
        )  # fmt: skip
        (row,) = connection.execute(select(tables.series_joins)).all()
    assert (row.ended_by, row.ended_at) == ((reason, clock.at) if ends else (None, None))
    assert row.version == (3 if ends else 2), "what ended reaches the warehouse"


def test_a_yes_counts_once_in_time_and_before_the_end(join, ledger, clock):
    join(is_granted=False)
    with ledger.write() as connection:
        (row,) = connection.execute(select(tables.series_joins)).all()

        def say_yes(at):
            return grant_join(connection, row.join_id, words="y", reply_id="r", terms="", at=at)

        assert not say_yes(clock.at + timedelta(days=3, seconds=1))
        assert say_yes(clock.at + timedelta(days=3))
        assert not say_yes(clock.at)
    join(is_granted=False)
    with ledger.write() as connection:
        assert len(connection.execute(select(tables.series_joins)).all()) == 1, "asked once"
