"""Who ordered without an account, and who has one now."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from winback.landing._batch import LINE
from winback.landing._merge import copy
from winback.landing._stage import Work
from winback.landing.sources._addresses import email_key
from winback.landing.sources._languages import landed_people
from winback.landing.sources._people import People

COLUMNS: Final = (
    "customer_id, email, phone, first_name, last_name, country, region, postal_code, language"
)


def write_guests(work: Work, people: People, of_an_order: str) -> Path:
    """Who ordered without an account, as the newest order has them; the rest stays as it landed.

    `of_an_order` are the columns that the temp view `heads` has of its customer.
    """
    path = work.folder / "guests.parquet"
    told = of_an_order.split(", ")
    newest = ", ".join(f"max_by({name}, (ordered_at, {LINE})) as {name}" for name in told)
    guests = f"""
        select customer_id, {newest} from heads
        anti join accounts using (customer_id)
        where nth = 1 and is_none is null and {people.is_guest()}
        group by customer_id
    """
    if landed := work.landed("customers"):
        kept = ", ".join(
            f"coalesce(guests.{name}, landed.{name}) as {name}"
            if name in ("customer_id", *told)
            else f"landed.{name}"
            for name in COLUMNS.split(", ")
        )
        guests = (
            f"select {kept} from ({guests}) as guests left join {landed_people(landed)} as landed "
            "on guests.customer_id = landed.customer_id"
        )
    copy(work, guests, path)
    return path


def write_merged(work: Work, people: People) -> Path | None:
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
            where email_key is not null and not {people.is_guest()}
            group by email_key
        )
        select {COLUMNS}, here.account_id as merged_into
        from {landed_people(landed)} as landed
        inner join here on {email_key("landed.email")} = here.email_key
        where {people.is_guest("landed.customer_id")}
        """,
        path,
    )
    return path
