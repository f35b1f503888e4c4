"""The people of the landed tables: accounts by their id, and guests by an address.

Shopify keeps the account that two were merged into, and the tool keeps the row of the other. Of
accounts with one email address the one that stands takes over what the others did.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from winback.landing._batch import LINE
from winback.landing._merge import copy
from winback.landing._sql import parquet
from winback.landing._stage import Staged, Work
from winback.landing.sources import _repeats
from winback.landing.sources._addresses import email_key
from winback.landing.sources._guests import COLUMNS
from winback.landing.sources._people import People
from winback.landing.sources._tables import id_of, in_utc
from winback.landing.sources._texts import FILE
from winback.landing.sources._typed import Rows

# As the exports of Shopify have them, so that a shop may change its form.
PEOPLE: Final = People(
    "shopify-", "email, phone, first_name, last_name, country, region, postal_code"
)
# What an order tells of a guest.
OF_AN_ORDER: Final = "email, phone, country, region, postal_code, language"
# Tells the rows of one table apart.
NTH: Final = "__nth"
_ACCOUNT: Final = f"{COLUMNS}, created_at, merged_into"
# SQL: of copies of one record the one that was changed last.
_CHANGED: Final = f"try_cast({in_utc('updated_at')} as timestamptz) desc nulls last"


def newest(rows: str) -> str:
    """SQL for each record as it was changed last; copies of one instant all stay."""
    return (
        f"(select *, row_number() over (order by {FILE}, {LINE}) as {NTH} from ("
        f"select * replace ({id_of('id')} as id) from ({rows})) "
        f"qualify rank() over (partition by coalesce(id, '#' || {FILE} || '/' || {LINE}) "
        f"order by {_CHANGED}) = 1)"
    )


def read_accounts(work: Work, customers: str, orders: str) -> None:
    """The temp table `accounts`: a row a customer, and one for each account that only orders name.

    An account that is landed stays as it is there until the customers' table brings it.
    """
    _read_buyers(work, orders)
    _read_told(work, customers)
    landed = work.landed("customers")
    is_landed = f"id in (select customer_id from {parquet(landed)})" if landed else "false"
    PEOPLE.read(
        work,
        f"""
        select * from told_customers
        union all by name
        select id, email, phone, country, region, postal_code, language, {FILE}, {LINE}, {NTH},
            true as is_bought, false as is_deleted
        from buyers
        where id is not null and id not in (select id from told_customers where id is not null)
            and not {is_landed}
        qualify row_number() over (partition by id order by created_at desc, {NTH} desc) = 1
        """,
        "select phone, country from buyers where email_key is null",
    )


def _read_buyers(work: Work, orders: str) -> None:
    """The temp table `buyers`: what each order says of who placed it."""
    work.connection.execute(
        f"""
        create or replace temp table buyers as
        select {id_of("account")} as id, email, {email_key("email")} as email_key,
            coalesce(phone, billing_phone) as phone,
            {in_utc("created_at")} as created_at, {home()}, language, {FILE}, {LINE},
            row_number() over (order by {FILE}, {LINE}) as {NTH}
        from ({orders})
        """
    )


def home() -> str:
    """SQL for the country, region and postal code of one of an order's addresses."""
    parts = ("country", "region", "postal_code")
    return ", ".join(
        f"case when billing_country is not null then billing_{it} else shipping_{it} end as {it}"
        for it in parts
    )


def _read_told(work: Work, customers: str) -> None:
    """The temp table `told_customers`: the rows of the customers' table, and who took over whom.

    Whom the source has deleted lends nobody an address.
    """
    key = email_key("email")
    work.connection.execute(
        f"""
        create or replace temp table told_customers as
        with told as (
            select id, email, coalesce(phone, address_phone) as phone, first_name, last_name,
                country, region, postal_code, {in_utc("created_at")} as created_at, is_deleted,
                lower(state) as state, updated_at, email_state, email_level,
                {in_utc("email_at")} as email_at, sms_state, sms_level,
                {in_utc("sms_at")} as sms_at, sms_from, accepts,
                {in_utc("accepts_at")} as accepts_at, accepts_level, null::varchar as language,
                {FILE}, {LINE}, {NTH}
            from {newest(customers)}
        ),
        heads as (
            select {key} as email_key, first(id order by is_deleted, state = 'enabled' desc,
                {_CHANGED}, id desc) as head_id, bool_and(is_deleted) as is_gone
            from told where {key} is not null and id is not null group by 1
        ),
        lived as (
            select {id_of("account")} as id, first(struct_pack(country, region, postal_code)
                order by created_at desc) as home
            from (select id as account, created_at, country, region, postal_code from buyers)
            where country is not null and account is not null group by 1
        )
        select told.* exclude (is_deleted, email, phone, country, region, postal_code),
            told.is_deleted and (heads.is_gone is null or heads.is_gone) as is_deleted,
            case when not told.is_deleted then told.email end as email,
            case when not told.is_deleted then told.phone end as phone,
            case when told.country is null then lived.home.country else told.country end as country,
            case when told.country is null then lived.home.region else told.region end as region,
            case when told.country is null then lived.home.postal_code else told.postal_code end
                as postal_code,
            case when not heads.is_gone and heads.head_id <> told.id then heads.head_id end
                as merged_into,
            false as is_bought
        from told
        left join heads on {key} = heads.email_key
        left join lived on told.id = lived.id
        """
    )


def account_rows(_number: int) -> Rows:
    """The accounts of the customers' table; the first of those with one id."""
    source = "(select * from accounts where nth = 1 and not is_bought)"
    return Rows(_ACCOUNT, _ACCOUNT, source, key=NTH)


def write_buyers(work: Work) -> Path:
    """The accounts that only orders name, as the newest order has them."""
    path = work.folder / "buyers.parquet"
    copy(work, f"select {COLUMNS} from accounts where nth = 1 and is_bought", path)
    return path


def write_deleted(work: Work) -> Path | None:
    """Whom the source has deleted, or says that the shop has erased; None where that is nobody."""
    path = work.folder / "deleted.parquet"
    copy(
        work,
        "select customer_id from accounts where is_deleted and customer_id is not null "
        "union select customer_id from states where becomes = 'erased'",
        path,
    )
    return path if pq.read_metadata(path).num_rows else None


def set_aside_copies(work: Work, staged: Staged, table: str, shown: str, key: str) -> None:
    """Hold whom two rows with one id are about that differ and were changed at one time."""
    _repeats.set_aside_copies(
        work,
        staged,
        table,
        shown,
        key,
        reason=f"second row with this {key}",
        order=f"{FILE}, {LINE}",
    )


def set_aside_accounts(work: Work, staged: Staged) -> None:
    """Set aside copies of an account that say something else."""
    set_aside_copies(work, staged, "accounts", _ACCOUNT, "customer_id")
