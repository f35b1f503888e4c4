"""Which language a customer reads: as the account says, else as the newest order was placed in.

What a source says is landed as it stands; SQL reads it, and takes none where it can't. A mail tool
tells only what the shop does not.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from winback.landing._batch import LINE
from winback.landing._merge import copy
from winback.landing._sql import parquet
from winback.landing._stage import Work
from winback.landing.sources._addresses import email_key

_NONE = "select null::varchar as customer_id, null::varchar as language where false"


def landed_people(landed: Path) -> str:
    """SQL for the customers who are landed; a load of long ago knew no languages."""
    if "language" in pq.read_schema(landed).names:
        return parquet(landed)
    return f"(select *, null::varchar as language from {parquet(landed)})"


def know_languages(work: Work, *, has_orders: bool) -> None:
    """Fill the languages that the temp table `accounts` lacks.

    They are those of the newest order in the temp view `heads` that names one, or as they landed:
    a load without orders forgets none.
    """
    bought = f"""
        select customer_id, max_by(language, (ordered_at, {LINE})) as language from heads
        where nth = 1 and language is not null group by customer_id
    """
    path = work.landed("customers")
    landed = f"select customer_id, language from {landed_people(path)}" if path else _NONE
    work.connection.execute(
        f"""
        create or replace temp table accounts as
        with bought as ({bought if has_orders else _NONE}), landed as ({landed})
        select accounts.* replace (
            coalesce(accounts.language, bought.language, landed.language) as language
        )
        from accounts
        left join bought on accounts.customer_id = bought.customer_id
        left join landed on accounts.customer_id = landed.customer_id
        """
    )


def write_languages(work: Work, landed: Path, told: str) -> Path | None:
    """The landed customers whose language a list tells first; None where that is nobody.

    `told` is SQL for addresses and languages. An address of which two are told has none. Whose own
    row was set aside is left alone: a list is no row of the shop's, which would let them go.
    """
    path = work.folder / "languages.parquet"
    aside = work.landed("set_aside")
    held = ""
    if aside:
        held = (
            "and landed.customer_id not in (select coalesce(row_key, customer_id) "
            f"from {parquet(aside)} where table_name = 'customers')"
        )
    copy(
        work,
        f"""
        with told as (
            select {email_key("email")} as email_key, any_value(language) as language
            from ({told}) where email is not null and language is not null
            group by 1 having count(distinct language) = 1
        )
        select landed.* replace (told.language as language)
        from {landed_people(landed)} as landed
        inner join told on {email_key("landed.email")} = told.email_key
        where landed.language is null {held}
        """,
        path,
    )
    return path if pq.read_metadata(path).num_rows else None
