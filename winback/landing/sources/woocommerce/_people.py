"""The people of a WooCommerce shop: accounts by their id, and guests."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from winback.landing._batch import LINE
from winback.landing._merge import copy
from winback.landing._sql import parquet
from winback.landing._stage import Staged, Work
from winback.landing.sources import _repeats
from winback.landing.sources._addresses import email_key
from winback.landing.sources._guests import COLUMNS
from winback.landing.sources._people import People
from winback.landing.sources._texts import FILE
from winback.landing.sources._typed import Rows
from winback.landing.sources.woocommerce._pages import NTH, PAGE, Pages

# What an order tells of a guest.
OF_AN_ORDER: Final = "email, phone, first_name, last_name, country, region, postal_code, language"
PEOPLE: Final = People(
    "woocommerce-", "email, phone, first_name, last_name, country, region, postal_code"
)
_ACCOUNT = f"{COLUMNS}, created_at"
_PLACE = f"{PAGE}, {LINE}, {FILE}, {NTH}"


def id_of(column: str) -> str:
    """SQL for an id, which a tool may have written as 7.0; none for 0."""
    return f"nullif(regexp_replace({column}, '\\.0+$', ''), '0')"


def in_utc(column: str) -> str:
    """SQL for an instant that the API writes in UTC, without saying so."""
    return f"case when length({column}) = 19 then {column} || 'Z' else {column} end"


def newest(rows: str) -> str:
    """SQL for each record as it was changed last: one may stand on two pages."""
    return (
        f"(select * from {rows} qualify rank() over (partition by coalesce(id, '#' || {NTH}) "
        "order by try_cast(modified_at as timestamp) desc nulls last) = 1)"
    )


# What the shop's eraser writes in the place of a person's data is nobody's.
EMAIL: Final = "case when {0} not ilike '%@site.invalid' then {0} end"
PHONE: Final = "case when regexp_matches({0}, '[1-9]') then {0} end"
NAME: Final = "nullif({0}, '[deleted]')"
# The fields of `meta_data` in which plugins keep a language: WPML, TranslatePress, Weglot, and
# WordPress itself, whose own field the API shows where a plugin lets it.
LANGUAGE_KEYS: Final = ("wpml_language", "trp_language", "weglot_language", "locale")


def language_of(meta_data: str) -> str:
    """SQL for the language that a plugin keeps; the first field that says one counts."""
    items = f"json_extract(if(json_type({meta_data}) = 'ARRAY', {meta_data}, '[]'), '$[*]')"
    said = (
        f"list_filter({items}, it -> json_extract_string(it, '$.key') = '{key}')"
        for key in LANGUAGE_KEYS
    )
    values = (f"nullif(trim(json_extract_string({it}[1], '$.value')), '')" for it in said)
    return f"coalesce({', '.join(values)})"


def read_accounts(work: Work, customers: Pages | None, orders: Pages | None) -> None:
    """The temp table `accounts`: a row a customer, and one for each account that only orders name.

    An account that is landed stays as it is there until a page of customers brings it.
    """
    _read_buyers(work, orders)
    told = (
        f"select {_ACCOUNT}, id, false as is_bought, null::json as meta_data, {_PLACE} "
        "from buyers where false"
    )
    if customers:
        email = EMAIL.format("coalesce(email, billing_email)")
        told = f"""
            select id as customer_id, {email} as email, {PHONE.format("phone")} as phone,
                {NAME.format("coalesce(first_name, billing_first_name)")} as first_name,
                {NAME.format("coalesce(last_name, billing_last_name)")} as last_name,
                country, region, postal_code, {language_of("meta_data")} as language,
                {in_utc("created_at")} as created_at, id,
                false as is_bought, meta_data, {_PLACE}
            from {newest(f"(select * replace ({id_of('id')} as id) from {customers.rows})")}
        """
    landed = work.landed("customers")
    is_landed = f"id in (select customer_id from {parquet(landed)})" if landed else "false"
    told = f"""
        with told as ({told})
        select * exclude (customer_id) from told
        union all by name
        select * exclude (customer_id, email_key), true as is_bought from buyers
        where id is not null and id not in (select id from told where id is not null)
            and not {is_landed}
        qualify row_number() over (partition by id order by created_at desc, {NTH} desc) = 1
    """
    PEOPLE.read(work, told, "select phone, country from buyers where email_key is null")


def _read_buyers(work: Work, orders: Pages | None) -> None:
    """The temp table `buyers`: what each order says of who placed it."""
    texts = (
        "account", "billing_email", "billing_first_name", "billing_last_name", "created_at",
        "phone", "country", "region", "postal_code", PAGE,
    )  # fmt: skip
    nothing = ", ".join(f"null::varchar as {name}" for name in texts)
    numbers = f"null::json as meta_data, 0::bigint as {LINE}, 1 as {FILE}, 0::bigint as {NTH}"
    rows = orders.rows if orders else f"(select {nothing}, {numbers} where false)"
    work.connection.execute(
        f"""
        create or replace temp table buyers as
        with buyers as (
            select {id_of("account")} as id, {EMAIL.format("billing_email")} as email,
                {PHONE.format("phone")} as phone, {NAME.format("billing_first_name")} as first_name,
                {NAME.format("billing_last_name")} as last_name, country, region, postal_code,
                {language_of("meta_data")} as language,
                {in_utc("created_at")} as created_at, {_PLACE}
            from {rows}
        )
        select id as customer_id, *, {email_key("email")} as email_key from buyers
        """
    )


def account_rows(_number: int) -> Rows:
    """The accounts of the customers' pages; the first of those with one id."""
    return Rows(
        _ACCOUNT,
        f"{PAGE}, {_ACCOUNT}",
        "(select * from accounts where nth = 1 and not is_bought)",
        key=NTH,
    )


def write_buyers(work: Work) -> Path:
    """The accounts that only orders name, as the newest order has them."""
    path = work.folder / "buyers.parquet"
    copy(work, f"select {COLUMNS} from accounts where nth = 1 and is_bought", path)
    return path


def set_aside_accounts(work: Work, staged: Staged) -> None:
    """Set aside copies of an account that say something else."""
    set_aside_copies(work, staged, "accounts", f"{PAGE}, {_ACCOUNT}", "customer_id")


def set_aside_copies(work: Work, staged: Staged, table: str, shown: str, key: str) -> None:
    """Hold whom two records with one id are about that differ and were changed at one time."""
    _repeats.set_aside_copies(
        work, staged, table, shown, key, reason="second record with this id", order=NTH
    )
