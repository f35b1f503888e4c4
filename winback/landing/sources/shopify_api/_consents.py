"""What the API says of consents: a state with its date, in which form it was asked and by whom.

What each state becomes stands in the seed consent_states. Shopify keeps the last state only; each
load adds what it saw, so the history grows. A yes that is gone without a no is a refusal.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from winback.landing._batch import LINE
from winback.landing._consent_states import UNKNOWN
from winback.landing._stage import Work
from winback.landing.sources._addresses import email_key
from winback.landing.sources._texts import FILE
from winback.landing.sources._typed import Rows
from winback.landing.sources.shopify._said import know_meanings, said_before
from winback.landing.sources.shopify._said import write_invalid as write_addresses

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
    know_meanings(work, "select *, occurred_at is not null as is_dated from told")
    at = f"timestamptz '{pulled_at}'" if pulled_at else "getvariable('loaded_at')"
    work.connection.execute(
        f"""
        create or replace temp table said as
        with before as ({said_before(work)}),
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
                and (told.occurred_at is not null) = meanings.is_dated
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


def consent_rows(_number: int) -> Rows:
    """What lands of them."""
    return Rows(
        _COLUMNS,
        "customer_id, channel, state, level, collected_from, occurred_at",
        f"(select *, '{SOURCE}' as source from said where status is not null)",
        key=NTH,
    )


def write_invalid(work: Work) -> Path | None:
    """The addresses that do not work; None without any."""
    address = email_key("email")
    told = f"select becomes, channel, {address} as address, occurred_at as said_at from said"
    return write_addresses(work, told)


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
