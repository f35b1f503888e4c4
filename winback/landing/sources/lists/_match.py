"""Whose a list's addresses are, among the customers who are landed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

from winback.landing._merge import copy
from winback.landing._sql import parquet
from winback.landing._stage import Work
from winback.landing.sources._addresses import email_key, know_numbers, tail

# What lands as a consent, and as which status: what a word can't tell counts as a no. What was only
# seen says nothing of a consent.
_STATUS = """
    case becomes when 'granted' then 'granted' when 'none' then null when 'held' then null
        when 'seen' then 'seen'
        when 'unclear' then 'unclear' else 'revoked' end
"""


def match_customers(work: Work, landed: Path) -> None:
    """The temp table `matched`: each statement that is a consent, with each customer it is about.

    Everybody who shares the address is meant.
    """
    customers = parquet(landed)
    _read_numbers(work, customers)
    work.connection.execute(
        f"""
        create or replace temp table matched as
        with told as (
            select *, {_STATUS} as status, {email_key("email")} as email_key from said
        ),
        customers as (
            select customer_id, {email_key("email")} as email_key, phone, country from {customers}
        ),
        by_number as (
            select customers.customer_id, numbers.number from customers inner join numbers
                on customers.phone = numbers.phone
                and customers.country is not distinct from numbers.country
        )
        select told.*, theirs.number, row_number() over () as nth,
            coalesce(customers.customer_id, by_number.customer_id) as customer_id
        from told
        left join customers on told.email_key = customers.email_key
        left join numbers as theirs
            on told.phone = theirs.phone and theirs.country is null
        left join by_number on theirs.number = by_number.number
        where told.status is not null
        """
    )


def _read_numbers(work: Work, customers: str) -> None:
    """The one spelling of each phone of the list, and of the customers who may have it."""
    found = work.connection.execute(
        f"""
        with listed as (select distinct phone from said where phone is not null)
        select phone, null as country from listed
        union
        select phone, country from {customers}
        where phone is not null and {tail("phone")} in (select {tail("phone")} from listed)
        """
    ).fetchall()
    know_numbers(work, found)


def write_refused(work: Work) -> Path | None:
    """The refusals of addresses that are no customer's, who may become one; None without any.

    One without a date that can be read counts from the load.
    """
    path = work.folder / "refused.parquet"
    copy(
        work,
        """
        select if(channel = 'email', 'email', 'phone') as channel_group,
            coalesce(email_key, number, phone) as address,
            if(becomes = 'suppressed', 'hard_bounce', 'opted_out') as reason,
            max(least(
                coalesce(try_cast(occurred_at as timestamptz), getvariable('loaded_at')),
                getvariable('loaded_at')
            )) as occurred_at
        from matched
        where customer_id is null and status = 'revoked'
            and coalesce(email_key, number, phone) is not null
        group by all
        """,
        path,
    )
    return path if pq.read_metadata(path).num_rows else None


def list_notes(work: Work, system: str, unread: int) -> Iterator[str]:
    """What the list says of nobody who is landed, and what waits for a proof."""
    found = work.connection.execute(
        """
        select
            count(*) filter (status = 'granted' and customer_id is null),
            (select count(*) from said where becomes = 'held')
        from matched
        """
    ).fetchone()
    grants, held = found or (0, 0)
    if unread:
        yield (
            f"{unread:,} rows of this {system} list can't be read: whom they name may still be "
            "written to. Next: mend them and load the list again"
        )
    if grants:
        yield f"{grants:,} subscribers of this {system} list are no customers"
    if held:
        yield (
            f"{held:,} subscribers to texts are held until there is a proof of a written consent. "
            "Next: send the proofs in consents.csv"
        )
