"""The ledger knows which published set its messages were last planned from."""

from __future__ import annotations

from winback.ledger import Ledger, note_planned, planned_from


def test_the_set_that_was_planned_last_is_known(ledger: Ledger) -> None:
    with ledger.read() as connection:
        assert planned_from(connection) is None
    for run_id in ("first", "second", "second"):
        with ledger.write() as connection:
            note_planned(connection, run_id)
        with ledger.read() as connection:
            assert planned_from(connection) == run_id
