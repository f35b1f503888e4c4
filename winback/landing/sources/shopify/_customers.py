"""The customers: the accounts of the customers export, and the guests of the orders."""

from __future__ import annotations

from pathlib import Path

from winback.landing._batch import LINE
from winback.landing._merge import copy
from winback.landing._sql import parquet
from winback.landing._stage import Staged, Work
from winback.landing.sources._addresses import email_key
from winback.landing.sources._texts import FILE
from winback.landing.sources._typed import Rows, as_row
from winback.landing.sources.shopify._people import BY_ADDRESS

_COLUMNS = "customer_id, email, phone, first_name, last_name, country, region, postal_code"
_OF_AN_ORDER = "customer_id, email, phone, country, region, postal_code"


def account_rows(number: int) -> Rows:
    """One file's accounts; the first of those with one id."""
    return Rows(_COLUMNS, _COLUMNS, f"(select * from accounts where nth = 1 and {FILE} = {number})")


def write_guests(work: Work) -> Path:
    """Who ordered without an account, as the newest order has them; the rest stays as it landed."""
    path = work.folder / "guests.parquet"
    newest = ", ".join(
        f"max_by({name}, (ordered_at, {LINE})) as {name}"
        for name in _OF_AN_ORDER.split(", ")
        if name != "customer_id"
    )
    guests = f"""
        select customer_id, {newest} from heads
        anti join accounts using (customer_id)
        where nth = 1 and is_none is null and starts_with(customer_id, '{BY_ADDRESS}')
        group by customer_id
    """
    if landed := work.landed("customers"):
        kept = ", ".join(
            f"coalesce(guests.{name}, landed.{name}) as {name}"
            if name in _OF_AN_ORDER.split(", ")
            else f"landed.{name}"
            for name in _COLUMNS.split(", ")
        )
        guests = (
            f"select {kept} from ({guests}) as guests left join {parquet(landed)} as landed "
            "on guests.customer_id = landed.customer_id"
        )
    copy(work, guests, path)
    return path


def write_merged(work: Work) -> Path | None:
    """Guests of earlier loads who have an account now: it takes over what they did."""
    landed = work.landed("customers")
    if landed is None:
        return None
    path = work.folder / "merged.parquet"
    copy(
        work,
        f"""
        with here as (
            select email_key, min(customer_id) as account_id from accounts
            where email_key is not null and not starts_with(customer_id, '{BY_ADDRESS}')
            group by email_key
        )
        select {_COLUMNS}, here.account_id as merged_into
        from {parquet(landed)} as landed
        inner join here on {email_key("landed.email")} = here.email_key
        where starts_with(landed.customer_id, '{BY_ADDRESS}')
        """,
        path,
    )
    return path


def set_aside_accounts(work: Work, staged: Staged, number: int) -> None:
    """Hold who has two rows that differ, and whose consent can't be read."""
    reason = "second row with this customer_id"
    rows = work.connection.execute(
        f"select {LINE}, {as_row(_COLUMNS)}, customer_id, differs from accounts "
        f"where nth > 1 and {FILE} = {number} order by {LINE}"
    ).fetchall()
    staged.reject(((line, reason, row) for line, row, *_ in rows))
    staged.aside.add_keys(((c, c) for _, _, c, differs in rows if differs), reason)
    unread = work.connection.execute(
        f"select distinct customer_id from accounts where {FILE} = {number} and wish = 'unread'"
    ).fetchall()
    staged.aside.add_keys(
        ((c, c) for [c] in unread), "Accepts Email Marketing is neither a yes nor a no"
    )
