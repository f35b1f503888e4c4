"""How two published sets of one moment differ in whom they write to."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from winback.base.duck import Rows, connect, rows_with

# A step that only waits for its hour is written, too.
_WRITTEN: Final = """
    with
    before as (
        select distinct playbook_id, step, channel, customer_id from read_parquet($before)
        where decision in ('send', 'deferred')
    ),
    after as (
        select distinct playbook_id, step, channel, customer_id from read_parquet($after)
        where decision in ('send', 'deferred')
    ),
    compared as (
        select
            playbook_id, step, channel, customer_id,
            before.customer_id is null as is_more, after.customer_id is null as is_fewer
        from before full join after using (playbook_id, step, channel, customer_id)
    )
"""
_STEPS: Final = f"""
    {_WRITTEN}
    select
        playbook_id, step, channel,
        count(*) filter (is_more) as more, count(*) filter (is_fewer) as fewer
    from compared group by all having more + fewer > 0 order by all
"""
_PEOPLE: Final = f"""
    {_WRITTEN},
    people as (
        select
            customer_id, bool_and(is_more) as is_more, bool_and(is_fewer) as is_fewer
        from compared group by all
    )
    select
        count(*) filter (is_more) as more, count(*) filter (is_fewer) as fewer
    from people
"""
_KNOWS_ENTRANTS: Final = """
    select count(*) = 0 or bool_or(
        enrollment_id in (select enrollment_id from read_parquet($decisions))
    ) as knows
    from read_parquet($entrants)
"""


def steps_that_differ(before: Path, after: Path) -> Rows:
    """Each step and channel with how many get it only after, and only before."""
    return _rows(_STEPS, before, after)


def people_who_differ(before: Path, after: Path) -> tuple[int, int]:
    """How many people are written to only after, and only before."""
    [row] = _rows(_PEOPLE, before, after)
    return row["more"], row["fewer"]


def knows_entrants(published: Path) -> bool:
    """Whether a set decided about those who enter a playbook, as a run does and a build doesn't."""
    entrants = published / "entrants.parquet"
    if not entrants.exists():
        return True
    decisions = published / "send_decisions.parquet"
    with connect() as connection:
        [row] = rows_with(connection, _KNOWS_ENTRANTS, decisions=decisions, entrants=entrants)
    return bool(row["knows"])


def _rows(query: str, before: Path, after: Path) -> Rows:
    name = "send_decisions.parquet"
    with connect() as connection:
        return rows_with(connection, query, before=before / name, after=after / name)
