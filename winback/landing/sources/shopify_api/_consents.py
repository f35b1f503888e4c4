"""What the API says of consents: a state with its date, in which form it was asked and by whom.

What each state becomes stands in the seed consent_states. Shopify keeps the last state only; each
load adds what it saw, so the history grows. A yes that is gone without a no is a refusal.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from winback.landing._batch import LINE
from winback.landing._consent_states import UNKNOWN, meaning
from winback.landing._merge import copy
from winback.landing._sql import parquet
from winback.landing._stage import Work
from winback.landing.sources._addresses import email_key
from winback.landing.sources._texts import FILE
from winback.landing.sources._typed import Rows

_SYSTEM: Final = "shopify"
# Names in landing which consents came from the API.
SOURCE: Final = "shopify api"
_COLUMNS: Final = "customer_id, channel, status, basis, source, occurred_at"
NTH: Final = "__nth"


def read_states(work: Work, pulled_at: datetime | None) -> None:
    """The temp table `said`: what each account says of each channel, and what it becomes.

    A state that says nothing beside an earlier yes of Shopify's takes that back.
    """
    work.connection.execute(
        f"""
        create or replace temp table told as
        with owned as (
            select accounts.customer_id, roots.* from customers_roots as roots
            inner join accounts using ({LINE}) where accounts.customer_id is not null
        )
        select customer_id, 'email' as channel, email, coalesce(email_state, address_state) as
            state, coalesce(email_level, '{UNKNOWN}') as level, '' as collected_from,
            email_at as occurred_at, {LINE}, {FILE}
        from owned
        union all
        select customer_id, 'sms', email, sms_state, coalesce(sms_level, '{UNKNOWN}'),
            coalesce(sms_from, ''), sms_at, {LINE}, {FILE}
        from owned
        """
    )
    _know_meanings(work)
    at = f"timestamptz '{pulled_at}'" if pulled_at else "getvariable('loaded_at')"
    work.connection.execute(
        f"""
        create or replace temp table said as
        with before as ({_before(work)}),
        read as (
            select told.* exclude (occurred_at), meanings.becomes, meanings.basis,
                coalesce(before.status, '') as before_status,
                -- A yes without a date counts from the pull that saw it first.
                case when told.occurred_at is null and meanings.becomes = 'granted'
                    then cast({at} as varchar) else told.occurred_at end as occurred_at,
                told.occurred_at is null as is_undated, row_number() over () as {NTH}
            from told
            inner join meanings on told.channel = meanings.channel and told.state = meanings.state
                and told.level = meanings.level
                and told.collected_from = meanings.collected_from
                and (told.occurred_at is null) = meanings.is_undated
            left join before on told.customer_id = before.customer_id
                and told.channel = before.channel
        )
        select * exclude (occurred_at),
            case
                when becomes in ('granted', 'revoked') and is_undated and before_status = becomes
                    then null
                when becomes in ('granted', 'revoked', 'unclear') then becomes
                when becomes = 'none' and before_status = 'granted' then 'revoked'
            end as status,
            case when becomes <> 'none' then occurred_at end as occurred_at
        from read
        """
    )


def _know_meanings(work: Work) -> None:
    """The temp view `meanings`: what each state that is told becomes."""
    found = work.connection.execute(
        "select distinct channel, state, level, collected_from, occurred_at is null from told "
        "where state is not null"
    ).fetchall()
    rows = [
        (*told, means.becomes, means.basis or None)
        for told in found
        for means in [
            meaning(
                _SYSTEM,
                told[0],
                told[1],
                opt_in_level=told[2],
                collected_from=told[3],
                is_dated=not told[4],
            )
        ]
    ]
    names = ("channel", "state", "level", "collected_from", "is_undated", "becomes", "basis")
    schema = pa.schema(
        [(name, pa.bool_() if name == "is_undated" else pa.string()) for name in names]
    )
    columns = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    work.connection.register("meanings", pa.table(columns, schema))


def _before(work: Work) -> str:
    """SQL for what Shopify said last of each customer and channel, by whatever way it came."""
    landed = work.landed("consents")
    if landed is None:
        return "select '' as customer_id, '' as channel, '' as status where false"
    return f"""
        select customer_id, channel, max_by(status, (occurred_at, status)) as status
        from {parquet(landed)} where starts_with(source, '{_SYSTEM} ') group by all
    """


def consent_rows(_number: int) -> Rows:
    """What lands of them."""
    return Rows(
        _COLUMNS,
        "customer_id, channel, state, level, collected_from, occurred_at",
        f"(select *, '{SOURCE}' as source from said where status is not null)",
        key=NTH,
    )


def write_invalid(work: Work) -> Path | None:
    """The addresses that do not work; None without any. One without a date counts from the load."""
    path = work.folder / "invalid.parquet"
    copy(
        work,
        f"""
        select 'email' as channel_group, {email_key("email")} as address,
            'hard_bounce' as reason,
            max(least(coalesce(try_cast(occurred_at as timestamptz), getvariable('loaded_at')),
                getvariable('loaded_at'))) as occurred_at
        from said where becomes = 'suppressed' and channel = 'email'
            and {email_key("email")} is not null
        group by all
        """,
        path,
    )
    return path if pq.read_metadata(path).num_rows else None


def state_notes(work: Work) -> Iterator[str]:
    """What waits for a proof, and states that nobody here knows."""
    found = work.connection.execute(
        """
        select count(distinct customer_id) filter (becomes = 'held'),
            count(distinct customer_id) filter (becomes = 'unclear')
        from said
        """
    ).fetchone()
    held, unclear = found or (0, 0)
    if held:
        yield (
            f"{held:,} customers are subscribed to texts, and nobody knows who asked them in which "
            "words: held until there is a proof. Next: send the proofs in consents.csv"
        )
    if unclear:
        yield (
            f"{unclear:,} customers have a consent state that consent_states.csv does not know, "
            "which counts as a no"
        )
