"""What plugins keep in the meta_data of an order or a customer about consents.

A no counts as a refusal from the load on: when it was said is not known. A yes proves nothing, and
lands nothing. The seed consent_states says so, and may say otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import pyarrow as pa

from winback.landing._batch import LINE
from winback.landing._consent_states import meaning
from winback.landing._says_no import is_harmless, wish_of
from winback.landing._stage import Work
from winback.landing._words import read_words
from winback.landing.sources._texts import FILE
from winback.landing.sources._typed import Rows
from winback.landing.sources.woocommerce._pages import NTH, PAGE

_SMS: Final = re.compile("sms|mobile|phone")
_EMAIL: Final = re.compile("mail|newsletter")
_STATES: Final = {"granted": "SUBSCRIBED", "revoked": "NOT_SUBSCRIBED"}
# What no word holds: a date, a number. Such a text is not looked at one by one.
_NO_WORD: Final = "length(value) > 40 or regexp_matches(value, '[2-9:{\\[]|[0-9][0-9]')"
_SYSTEM: Final = "woocommerce"
_COLUMNS = "customer_id, channel, status, basis, source, occurred_at"


def read_wishes(work: Work, *, has_orders: bool) -> None:
    """The temp table `wishes`: a row for what a field says of a customer, and what it becomes."""
    orders = (
        f"""
        union all
        select customer_id, ordered_at, {PAGE}, {LINE}, {FILE}, meta_data from heads
        """
        if has_orders
        else ""
    )
    work.connection.execute(
        f"""
        create or replace temp table meta as
        with told as (
            select customer_id, null::varchar as ordered_at, {PAGE}, {LINE}, {FILE}, meta_data
            from accounts where not is_bought
            {orders}
        ),
        items as (
            select * exclude (meta_data), unnest(json_extract(meta_data, '$[*]')) as item
            from told where customer_id is not null and meta_data is not null
        ),
        read as (
            select * exclude (item), json_extract_string(item, '$.key') as key,
                nullif(trim(json_extract_string(item, '$.value')), '') as value
            from items
        )
        select * exclude (value), case when not ({_NO_WORD}) then value end as word
        from read where key is not null and value is not null
        """
    )
    keys = work.connection.execute("select distinct key from meta").fetchall()
    others = [key for [key] in keys if not wish_of(key)]
    work.connection.execute("delete from meta where list_contains(?, key)", [others])
    _know_meanings(work)
    work.connection.execute(
        f"""
        create or replace temp table wishes as
        select customer_id, channel, becomes, basis, state, key, '{_SYSTEM} ' || key as source,
            -- A box was ticked with the order; when it was unticked is not known.
            case when becomes = 'granted' then ordered_at end as occurred_at,
            min({PAGE}) as {PAGE}, min({LINE}) as {LINE}, 1 as {FILE}, row_number() over () as {NTH}
        from meta inner join meanings using (key)
        where meta.word is not distinct from meanings.told
        group by all
        """
    )


def _know_meanings(work: Work) -> None:
    """The temp view `meanings`: what each word of each field means."""
    found = work.connection.execute("select distinct key, word from meta").fetchall()
    rows = [(key, word, *_meaning(key, word)) for key, word in found]
    names = ("key", "told", "state", "channel", "becomes", "basis")
    columns = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    schema = pa.schema([(name, pa.string()) for name in names])
    work.connection.register("meanings", pa.table(columns, schema))


def _meaning(key: str, word: str | None) -> tuple[str, str | None, str, str | None]:
    """The state, its channel (none for all), what it becomes and the basis.

    `word` is none for a text that no word holds.
    """
    name = key.lower()
    channel = "sms" if _SMS.search(name) else "email" if _EMAIL.search(name) else None
    if wish_of(key) == "no":
        state = "" if word is not None and is_harmless(word) else "UNSUBSCRIBED"
    else:
        state = _STATES.get(read_words("consent_words")(word or "") or "", "")
    if not state:
        return "", channel, "none", None
    found = meaning(_SYSTEM, channel or "", state)
    return state, channel, found.becomes, found.basis or None


def wish_rows(_number: int) -> Rows:
    """What lands of them."""
    status = "case when becomes in ('granted', 'unclear') then becomes else 'revoked' end"
    return Rows(
        _COLUMNS,
        f"{PAGE}, {_COLUMNS}",
        f"(select *, {status} as status from wishes where becomes not in ('none', 'held'))",
        key=NTH,
    )


def wish_notes(work: Work) -> Iterator[str]:
    """What each field said, and of how many customers."""
    found = work.connection.execute(
        """
        select key, state, becomes, count(distinct customer_id) from wishes
        group by all order by key, state
        """
    ).fetchall()
    for key, state, becomes, count in found:
        name = f"meta_data {key}" if re.fullmatch(r"[\w.:-]{1,60}", key) else "a field of meta_data"
        if not state:
            if wish_of(key) == "yes":
                yield f"{name}: {count:,} customers have neither a yes nor a no, which says nothing"
        elif becomes == "held":
            yield (
                f"{name} says yes for {count:,} customers, which proves no consent: none is read. "
                "Next: send the proofs in consents.csv"
            )
        elif becomes not in {"none", "granted"}:
            yield f"{name} says no for {count:,} customers: a refusal from this load on"
