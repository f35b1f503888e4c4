"""Many rows by one statement: in both databases what a statement for each row would do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from conftest import NOW
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from winback.ledger import tables, transition
from winback.ledger._many import insert_all, update_all

pytestmark = pytest.mark.both_databases
a, m = tables.attempts.c, tables.messages.c

# All that an array's own signs are made of, and what a database takes for nothing.
SIGNS = st.sampled_from("{}[]\",\\ '%:aÄ\n") | st.characters(codec="utf-8", exclude_characters="\0")
TEXTS = st.text(SIGNS) | st.sampled_from(["NULL", ""])
ATTEMPTS = st.lists(
    st.fixed_dictionaries(
        {
            "attempt_id": TEXTS,
            "channel": TEXTS,
            "n_messages": st.integers(0, 2**31 - 1),
            "request_sha256": TEXTS,
            "sg_batch_id": st.none() | TEXTS,
            "sg_send_at": st.none() | st.datetimes().map(lambda it: it.replace(tzinfo=NOW.tzinfo)),
            "started_at": st.just(NOW),
            "deadline_at": st.just(NOW + timedelta(minutes=1)),
        }
    ),
    max_size=5,
    unique_by=lambda row: row["attempt_id"],
)
QUICK = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def kept(connection):
    rows = connection.execute(select(tables.attempts)).mappings()
    return {row["attempt_id"]: row for row in rows}


@QUICK
@given(rows=ATTEMPTS, said=st.none() | TEXTS)
def test_rows_are_kept_and_changed_as_they_are_given(ledger, rows, said):
    with ledger.write() as connection:
        connection.execute(delete(tables.attempts))
        insert_all(connection, tables.attempts, rows)
        found = kept(connection)
        assert found.keys() == {row["attempt_id"] for row in rows}
        assert all(found[row["attempt_id"]].items() >= row.items() for row in rows)
        ends = [
            {"attempt_id": row["attempt_id"], "outcome": said, "http_status": number}
            for number, row in enumerate(rows)
        ]
        update_all(connection, tables.attempts, "attempt_id", ends[1:])
        found = kept(connection)
        assert all(found[row["attempt_id"]].items() >= row.items() for row in ends[1:])
        assert all(found[row["attempt_id"]]["http_status"] is None for row in ends[:1])


def test_messages_that_change_differently_move_together_and_only_those_that_may(
    ledger, add_message
):
    keys = [add_message(number, claim_token="mine", state="sending") for number in range(6)]
    add_message(6, claim_token="mine", state="planned")
    add_message(7, claim_token="other", state="sending")
    rows = [
        {"message_id": f"m{n}", "provider_id": None if n == 3 else f"SM{n}", "accepted_at": NOW}
        for n in range(8)
    ]
    with ledger.write() as connection:
        moved = transition(
            connection, rows, "accepted", from_states=("sending",), at=NOW, claim_token="mine"
        )
        found = connection.execute(select(m.message_id, m.provider_id, m.version, m.state)).all()
    assert moved == len(keys)
    assert sorted(row for row in found if row.state == "accepted") == [
        (f"m{n}", None if n == 3 else f"SM{n}", 2, "accepted") for n in range(6)
    ]
    assert {row.provider_id for row in found if row.state != "accepted"} == {None}
