"""What a published set says of everybody at once, in figures and opaque ids."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

from winback.base.duck import Rows, connect, literal, rows_of

_TABLES: Final = (
    "customers", "entry_candidates", "entrants", "send_decisions", "next_steps", "contact_rules",
)  # fmt: skip
# Each step that is or will be due. Why nothing leaves is one rule: what bars for good, before what
# another hour mends.
DUE: Final = """
    create temp table due as
    with decided as (
        select
            customer_id, playbook_id, step, channel,
            case
                when decision = 'send' then 'now'
                when decision = 'deferred' and send_after_at is not null then 'later'
                else 'not'
            end as becomes,
            case decision
                when 'exited' then 3 when 'expired' then 2 else 1
            end as place,
            case
                when decision = 'capped'
                    then list_filter(
                        string_split(blocked_by, ','),
                        r -> starts_with(r, 'cap') or r in ('offer_budget', 'offer_leak')
                    )
                else list_filter(
                    string_split(blocked_by, ','),
                    r -> r not in ('window', 'usual_hour') and not starts_with(r, 'cap')
                )
            end[1] as rule,
            string_split(blocked_by, ',')[1] as first_rule,
            send_after_at as from_at, 'window' as waits_for
        from send_decisions
    ),
    waiting as (
        select
            customer_id, playbook_id, step, channel, 'later' as becomes, 1 as place,
            null as rule, null as first_rule, due_at as from_at, 'due' as waits_for
        from next_steps
    )
    from decided union all by name from waiting
"""
# What becomes of each customer who was found: the best that any playbook has for them.
_PEOPLE: Final = """
    create temp table people as
    with passed_by as (
        select
            customer_id, playbook_id, null as step, null as channel, 'not' as becomes, 4 as place,
            string_split(blocked_by, ',')[1] as rule, null as first_rule, null as from_at,
            null as waits_for
        from entry_candidates where not is_entering
    ),
    -- A playbook whose first step is not due on the day of entry.
    entering as (
        select
            customer_id, playbook_id, null as step, null as channel, 'not' as becomes, 5 as place,
            null as rule, null as first_rule, null as from_at, null as waits_for
        from entry_candidates where is_entering
    )
    from (
        from due union all by name from passed_by
        union all by name from entering
    )
    qualify row_number() over (
        partition by customer_id
        order by case becomes when 'now' then 1 when 'later' then 2 else 3 end, place, from_at,
            playbook_id, step
    ) = 1
"""
_FOUND: Final = """
    select segment, count(distinct customer_id) as customers
    from entry_candidates group by segment order by customers desc, segment
"""
_ENTERING: Final = """
    select
        playbook_id as playbook, count(*) as customers,
        count(*) filter (where arm = 'holdout') as held_out
    from entrants group by playbook_id order by playbook_id
"""
_NOW: Final = """
    select playbook_id as playbook, step, channel, count(*) as customers
    from people where becomes = 'now' group by all order by all
"""
_LATER: Final = """
    select
        playbook_id as playbook, step, channel, waits_for, min(from_at) as from_at,
        count(distinct customer_id) as customers
    from due where becomes = 'later' group by playbook_id, step, channel, waits_for
    order by from_at, playbook_id, step
"""
_NOT: Final = """
    select
        coalesce(rules.rule_id, people.rule_id, 'other') as rule,
        coalesce(rules.sentence, 'nothing is due for them now') as sentence,
        count(*) as customers
    from (
        select split_part(coalesce(rule, first_rule), ':', 1) as rule_id
        from people where becomes = 'not'
    ) as people
    left join contact_rules as rules on people.rule_id = rules.rule_id
    group by all order by customers desc, rule
"""
_EXAMPLES: Final = """
    select coalesce(becomes, 'none') as becomes, min(customers.customer_id) as customer_id
    from customers left join people on customers.customer_id = people.customer_id
    group by all
"""


@dataclass(frozen=True)
class Outlook:
    """What a build decided for all customers, as rows that count people.

    `found` are the segments of playbooks, `entering` the playbooks that take somebody in this
    run, `now` and `later` the steps that may leave, `reasons` why the others get nothing: each
    person counts once, with one rule. `examples` has a customer id for `now`, `later`, `not`, and
    `none`: not found at all.
    """

    customers: int
    found_customers: int
    found: Rows
    entering: Rows
    now: Rows
    later: Rows
    reasons: Rows
    examples: dict[str, str]

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "customers": self.customers, "found_customers": self.found_customers,
            "found": self.found, "entering": self.entering, "due_now": self.now,
            "later": self.later, "not_written_to": self.reasons,
            "examples": self.examples,
        }  # fmt: skip


def read_outlook(published: Path) -> Outlook:
    """Read it from a published set."""
    with connect() as connection:
        for table in _TABLES:
            path = literal(published / f"{table}.parquet")
            connection.execute(f"create temp view {table} as from read_parquet({path})")
        connection.execute(DUE)
        connection.execute(_PEOPLE)
        return Outlook(
            customers=_rows(connection, "select count(*) as n from customers")[0]["n"],
            found_customers=_rows(connection, "select count(*) as n from people")[0]["n"],
            found=_rows(connection, _FOUND),
            entering=_rows(connection, _ENTERING),
            now=_rows(connection, _NOW),
            later=_rows(connection, _LATER),
            reasons=_rows(connection, _NOT),
            examples={row["becomes"]: row["customer_id"] for row in _rows(connection, _EXAMPLES)},
        )


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> Rows:
    return rows_of(connection.execute(query))
