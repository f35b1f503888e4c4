"""Who is who: an account by its id, and everybody else by an address.

An account of the customers export has its Customer ID. A guest, and an account of an old export,
which has no id, is known by the email address, else by the phone. Such an id is a hash, since ids
stand in logs and reports. Whoever landed before with an address keeps the id.
"""

from __future__ import annotations

from typing import Final

from winback.landing._batch import LINE
from winback.landing._sql import parquet
from winback.landing._stage import Work
from winback.landing.sources._addresses import email_key, know_numbers, tail
from winback.landing.sources._texts import FILE, Texts
from winback.landing.sources.shopify._columns import CUSTOMERS

# What the ids of people without an account begin with.
BY_ADDRESS: Final = "shopify-"
# What two rows of one account must agree in.
_FACTS: Final = "email, phone, first_name, last_name, accepts_email, country, region, postal_code"


def read_accounts(work: Work, texts: Texts | None, orders: Texts | None) -> None:
    """The temp table `accounts`, one row a row of the customers export with its customer_id, and
    what `owner_of` looks up."""
    source = parquet(texts.path) if texts else "(select null) where false"
    columns = ", ".join(
        name if texts else f"null::varchar as {name}"
        for name in dict.fromkeys(CUSTOMERS.columns.values())
    )
    place = f"{FILE}, {LINE}" if texts else f"1 as {FILE}, 0::bigint as {LINE}"
    work.connection.execute(
        f"""
        create or replace temp table told as
        with rows as (select {columns}, {place} from {source})
        select
            * replace (coalesce(phone, address_phone) as phone), {email_key("email")} as email_key
        from rows
        """
    )
    _know_landed(work)
    _read_phones(work, orders)
    work.connection.execute(
        f"""
        create or replace temp table accounts as
        with owned as (
            select
                told.*, numbers.number,
                coalesce(
                    told.id, known.customer_id, {_hashed("email", "told.email_key")},
                    {_hashed("phone", "numbers.number")}
                ) as customer_id
            from told
            left join known on told.email_key = known.email_key
            left join numbers
                on told.phone = numbers.phone and told.country is not distinct from numbers.country
        )
        select *,
            row_number() over rows as nth,
            row({_FACTS}) is distinct from first_value(row({_FACTS})) over rows as differs
        from owned
        window rows as (partition by coalesce(customer_id, '{FILE}' || {FILE} || '/' || {LINE})
            order by {FILE}, {LINE})
        """
    )
    _index(work)


def owner_of(email: str, number: str) -> tuple[str, str]:
    """SQL joins that look up the owner of an address, and SQL for the customer_id they give."""
    joins = (
        f"left join by_email on {email} = by_email.email_key "
        f"left join by_number on {email} is null and {number} = by_number.number"
    )
    owner = (
        f"coalesce(by_email.customer_id, by_number.customer_id, {_hashed('email', email)}, "
        f"{_hashed('phone', number)})"
    )
    return joins, owner


def _hashed(kind: str, key: str) -> str:
    return f"'{BY_ADDRESS}' || left(sha256('{kind}:' || {key}), 20)"


def _know_landed(work: Work) -> None:
    """The temp table `known`: who landed before, by email address; an account before a guest."""
    landed = work.landed("customers")
    rows = (
        f"select {email_key('email')} as email_key, customer_id, merged_into from {parquet(landed)}"
        if landed
        else "select null::varchar as email_key, null::varchar as customer_id, null as merged_into "
        "where false"
    )
    work.connection.execute(
        f"""
        create or replace temp table known as
        select email_key, min_by(customer_id, (starts_with(customer_id, '{BY_ADDRESS}'),
            customer_id)) as customer_id
        from ({rows}) where merged_into is null and email_key is not null group by email_key
        """
    )


def _read_phones(work: Work, orders: Texts | None) -> None:
    """The temp table `numbers`: the one spelling of each phone by which somebody is known."""
    bought = "select '' as phone, '' as country where false"
    if orders:
        bought = f"""
            select coalesce(phone, billing_phone) as phone, billing_country as country
            from {parquet(orders.path)}
            where {email_key("email")} is null
        """
    found = work.connection.execute(
        f"""
        with bought as (select distinct phone, country from ({bought}) where phone is not null),
        tails as (select distinct {tail("phone")} as tail from bought)
        select phone, country from bought
        union
        select phone, country from told
        where phone is not null
            and ((id is null and email_key is null)
                or {tail("phone")} in (select tail from tails))
        """
    ).fetchall()
    know_numbers(work, found)


def _index(work: Work) -> None:
    """Whose an address is: of two accounts with one, the first by id."""
    work.connection.execute(
        f"""
        create or replace temp table by_email as
        select email_key, coalesce(min(account_id), min(known_id)) as customer_id
        from (
            select email_key, customer_id as account_id, null as known_id from accounts
            union all
            select email_key, null, customer_id from known
            where not starts_with(customer_id, '{BY_ADDRESS}')
        )
        where email_key is not null
        group by email_key
        """
    )
    work.connection.execute(
        """
        create or replace temp table by_number as
        select number, min(customer_id) as customer_id from accounts
        where number is not null group by number
        """
    )
