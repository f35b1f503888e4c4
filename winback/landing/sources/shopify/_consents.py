"""What the customers export says of consents: a yes or a no, without a date.

A yes is the weakest there is (the seed consent_states), and dated by the newest order of the
export, which is not younger than the export itself. A no means that nobody was asked, unless an
earlier export said yes: then it is a refusal. A yes that stands is not dated anew by each export.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import pyarrow.parquet as pq

from winback.landing._consent_states import meaning
from winback.landing._formats import Parsed
from winback.landing._merge import copy
from winback.landing._stage import Work
from winback.landing._words import read_words
from winback.landing.sources.shopify._said import said_before

# Names in landing which consents came from this export: history is compared with these alone.
SOURCE: Final = "shopify export"


def read_wishes(work: Work) -> None:
    """Give `accounts` a column `wish`: granted, revoked, unread, or null where nothing is said.

    An empty field says nothing; beside an earlier yes it is unread.
    """
    texts = work.connection.execute("select distinct accepts_email, accepts_sms from accounts")
    words = {text for pair in texts.fetchall() for text in pair if text}
    read = read_words("consent_words")
    known = [part for word in sorted(words) for part in (word, read(word) or "unread")]
    pairs = ["(null::varchar, null::varchar)"] + [
        f"(${number}::varchar, ${number + 1}::varchar)" for number in range(1, len(known), 2)
    ]
    work.connection.execute(
        f"""
        create or replace temp table accounts as
        with wishes as (select * from (values {", ".join(pairs)}) as told (word, wish)),
        before as ({said_before(work)})
        select accounts.*, before.status as before_status, before.occurred_at as before_at,
            case when accounts.accepts_email is null and before.status = 'granted' then 'unread'
                else by_email_word.wish end as wish,
            by_sms_word.wish as sms_wish
        from accounts
        left join wishes as by_email_word on accounts.accepts_email = by_email_word.word
        left join wishes as by_sms_word on accounts.accepts_sms = by_sms_word.word
        left join before on accounts.customer_id = before.customer_id and before.channel = 'email'
        """,
        known,
    )


def write_consents(work: Work, parsed: Parsed) -> None:
    """Land what changed since the newest earlier export."""
    exported_at = _exported_at(work)
    yes, texts = _count(work, "wish"), _count(work, "sms_wish")
    if texts:
        parsed.notes.append(
            f"{texts:,} customers accept SMS marketing by the export, which proves no written "
            "consent: no text goes to them. Next: send the proofs in consents.csv"
        )
    if exported_at is None:
        if yes:
            parsed.notes.append(
                f"{yes:,} customers accept email marketing, and no order tells when this was "
                "exported: their yes does not count. Next: load the orders export with it"
            )
        return
    is_yes = meaning("shopify", "email", "SUBSCRIBED", is_dated=False)
    is_no = meaning("shopify", "email", "NOT_SUBSCRIBED")
    path = work.folder / "consents.accounts.parquet"
    copy(
        work,
        f"""
        with told as (
            select customer_id, before_status, before_at,
                case
                    when wish = 'granted' then '{is_yes.becomes}'
                    when wish = 'revoked' and before_status = 'granted' then 'revoked'
                    when wish = 'revoked' then '{is_no.becomes}'
                end as status
            from accounts where nth = 1 and customer_id is not null
        )
        select customer_id, 'email' as channel, status,
            case when status = 'granted' then '{is_yes.basis}' end as basis,
            '{SOURCE}' as source,
            greatest(timestamptz '{exported_at}', before_at) as occurred_at
        from told
        where status in ('granted', 'revoked') and status is distinct from before_status
        """,
        path,
    )
    if pq.read_metadata(path).num_rows:
        parsed.tables["consents"] = path
    if yes:
        parsed.notes.append(
            f"{yes:,} customers accept email marketing by the export. It has no date of their yes: "
            f"{exported_at:%Y-%m-%d}, the day of its newest order, stands for it, and "
            "consent_rules.csv says in which countries so weak a yes is enough"
        )


def _count(work: Work, wish: str) -> int:
    found = work.connection.execute(
        f"select count(*) from accounts where nth = 1 and {wish} = 'granted'"
    ).fetchone()
    return int(found[0]) if found else 0


def _exported_at(work: Work) -> datetime | None:
    """When the newest order was placed that is not dated ahead; None without an order."""
    found = work.connection.execute(
        "select max(ordered_at) from all_orders where ordered_at <= getvariable('loaded_at')"
    ).fetchone()
    return found[0] if found else None
