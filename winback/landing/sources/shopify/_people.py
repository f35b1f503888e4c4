"""The people of Shopify's exports: accounts by their Customer ID, and guests."""

from __future__ import annotations

from typing import Final

import pyarrow.parquet as pq

from winback.landing._batch import LINE
from winback.landing._sql import parquet
from winback.landing._stage import Work
from winback.landing.sources._addresses import email_key
from winback.landing.sources._people import People
from winback.landing.sources._texts import FILE, Texts
from winback.landing.sources.shopify._columns import CUSTOMERS

PEOPLE: Final = People(
    "shopify-",
    "email, phone, first_name, last_name, accepts_email, country, region, postal_code",
)


def read_accounts(work: Work, texts: Texts | None, orders: Texts | None) -> None:
    """The temp table `accounts`, one row a row of the customers export with its customer_id."""
    source = parquet(texts.path) if texts else "(select null) where false"
    columns = ", ".join(
        name if texts else f"null::varchar as {name}"
        for name in dict.fromkeys(CUSTOMERS.columns.values())
    )
    # The API says a language, and the export none.
    has_language = texts and "language" in pq.read_schema(texts.path).names
    columns += ", language" if has_language else ", null::varchar as language"
    place = f"{FILE}, {LINE}" if texts else f"1 as {FILE}, 0::bigint as {LINE}"
    told = f"""
        select * replace (coalesce(phone, address_phone) as phone)
        from (select {columns}, {place} from {source})
    """
    bought = "select '' as phone, '' as country where false"
    if orders:
        bought = f"""
            select coalesce(phone, billing_phone) as phone, billing_country as country
            from {parquet(orders.path)}
            where {email_key("email")} is null
        """
    PEOPLE.read(work, told, bought)
