"""How two published sets differ in whom they write to, by step and by person."""

from __future__ import annotations

from pathlib import Path

from winback.base.duck import connect
from winback.measure.difference import knows_entrants, people_who_differ, steps_that_differ

BEFORE = """
    ('a', 'p', 1, 'sms', 'send'), ('b', 'p', 1, 'sms', 'send'), ('c', 'p', 1, 'sms', 'suppressed'),
    ('d', 'p', 2, 'sms', 'deferred'), ('h', 'p', 1, 'sms', 'holdout')
"""
AFTER = """
    ('a', 'p', 1, 'sms', 'deferred'), ('b', 'p', 1, 'sms', 'capped'), ('c', 'p', 1, 'sms', 'send'),
    ('d', 'p', 2, 'email', 'send'), ('h', 'p', 1, 'sms', 'holdout'), ('e', 'q', 1, 'sms', 'send')
"""


def published(folder: Path, rows: str) -> Path:
    folder.mkdir()
    with connect() as connection:
        connection.execute(
            f"copy (select 'e-' || customer_id as enrollment_id, * from (values {rows})"
            " as it (customer_id, playbook_id, step, channel, decision))"
            f" to '{folder}/send_decisions.parquet'"
        )
    return folder


def test_who_is_written_to_in_one_set_alone_is_counted_by_step_and_once_a_person(
    tmp_path: Path,
) -> None:
    before, after = published(tmp_path / "1", BEFORE), published(tmp_path / "2", AFTER)
    found = [tuple(row.values()) for row in steps_that_differ(before, after)]
    assert found == [
        ("p", 1, "sms", 1, 1), ("p", 2, "email", 1, 0), ("p", 2, "sms", 0, 1),
        ("q", 1, "sms", 1, 0),
    ]  # fmt: skip
    # Another channel is another message to the same person.
    assert people_who_differ(before, after) == (2, 1)
    assert people_who_differ(after, before) == (1, 2)
    assert steps_that_differ(before, before) == []
    assert people_who_differ(before, before) == (0, 0)


def test_a_build_knows_nobody_who_enters_and_a_run_does(tmp_path: Path) -> None:
    found = published(tmp_path / "1", BEFORE)
    assert knows_entrants(found), "where nobody enters, both decide alike"
    for entrants, knows in (("'e-a'", True), ("'e-z'", False), ("'e-z'), ('e-a'", True)):
        with connect() as connection:
            connection.execute(
                f"copy (select * from (values ({entrants})) as it (enrollment_id))"
                f" to '{found}/entrants.parquet'"
            )
        assert knows_entrants(found) is knows
