"""What the customers' table says of consents: Shopify's states, read by the seed consent_states.

Shopify keeps the last state only. Each load adds what it saw with the state's own date, so history
grows. A yes without a date is the weakest there is, and dated by the account: it is no older.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from winback.base.duck import literal
from winback.landing._batch import LINE
from winback.landing._consent_states import UNKNOWN
from winback.landing._stage import Work
from winback.landing.sources._tables import is_true
from winback.landing.sources._texts import FILE
from winback.landing.sources._typed import Rows
from winback.landing.sources.shopify._said import know_meanings, said_before
from winback.landing.sources.shopify._said import write_invalid as write_addresses
from winback.landing.sources.shopify_tables._people import NTH

_COLUMNS: Final = "customer_id, channel, status, basis, source, occurred_at"


def read_states(work: Work) -> None:
    """The temp table `states`: a row a customer and channel, with what the state becomes.

    A state that is no yes any more, after a load that saw one, is a refusal from this load on.
    """
    # Of old tables: a no with a date is one that somebody said.
    old = f"""
        case when {is_true("accepts")} then 'SUBSCRIBED' when accepts is null then null
            when accepts_at is not null then 'UNSUBSCRIBED' else 'NOT_SUBSCRIBED' end
    """
    work.connection.execute(
        f"""
        create or replace temp table states_told as
        with told as (
            select customer_id, 'email' as channel, upper(coalesce(email_state, {old})) as state,
                if(email_state is null, accepts_level, email_level) as level,
                if(email_state is null, accepts_at, email_at) as state_at, '' as collected_from,
                created_at, {FILE}, {LINE}
            from accounts where nth = 1 and not is_bought and customer_id is not null
            union all
            select customer_id, 'sms', upper(sms_state), sms_level, sms_at, coalesce(sms_from, ''),
                created_at, {FILE}, {LINE}
            from accounts where nth = 1 and not is_bought and customer_id is not null
        )
        select * replace (coalesce(upper(level), '{UNKNOWN}') as level),
            row_number() over (order by {FILE}, {LINE}, channel) as {NTH}
        from told where state is not null
        """
    )
    know_meanings(work, "select *, state_at is not null as is_dated from states_told")
    work.connection.execute(
        f"""
        create or replace temp table states as
        with before as ({said_before(work)})
        select told.*, means.becomes, means.basis, before.status as before
        from states_told as told
        inner join meanings as means on told.channel = means.channel and told.state = means.state
            and told.level = means.level and told.collected_from = means.collected_from
            and (told.state_at is not null) = means.is_dated
        left join before on told.customer_id = before.customer_id
            and told.channel = before.channel
        """
    )


def state_rows(source: str) -> Rows:
    """What lands of the states."""
    status = """
        case when becomes in ('granted', 'unclear') then becomes
            when becomes in ('none', 'held') then if(before = 'granted', 'revoked', null)
            when becomes = 'revoked' then 'revoked' end
    """
    at = """
        case when becomes in ('none', 'held') then null when becomes = 'granted'
            then coalesce(state_at, created_at) else state_at end
    """
    basis = "case when becomes = 'granted' then nullif(basis, '') end"
    return Rows(
        _COLUMNS,
        _COLUMNS,
        f"(select * from (select * exclude (basis), {status} as status, {basis} as basis, "
        f"{literal(source)} as source, {at} as occurred_at from states) where status is not null)",
        key=NTH,
    )


def write_invalid(work: Work) -> Path | None:
    """The addresses that don't work; None without any."""
    told = """
        select becomes, channel, accounts.email_key as address, state_at as said_at
        from states inner join accounts using (customer_id) where accounts.nth = 1
    """
    return write_addresses(work, told)


def state_notes(work: Work) -> Iterator[str]:
    """What waits for a proof, and what nobody has dated."""
    found = work.connection.execute(
        """
        select count(*) filter (becomes = 'held'),
            count(*) filter (becomes = 'granted' and state_at is null)
        from states
        """
    ).fetchone()
    held, undated = found or (0, 0)
    if held:
        yield (
            f"{held:,} subscribers to texts are held until there is a proof of a written consent. "
            "Next: send the proofs in consents.csv"
        )
    if undated:
        yield (
            f"{undated:,} customers accept email marketing without a date: the day of their "
            "account stands for it, and consent_rules.csv says where so weak a yes is enough"
        )
