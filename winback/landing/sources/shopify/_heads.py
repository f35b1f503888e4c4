"""An order's own fields, which stand in its first row alone.

A file in which a spreadsheet repeated them in every row is read the same way, and so is an order
that two overlapping files have.
"""

from __future__ import annotations

from typing import Final

import pyarrow.parquet as pq

from winback.landing._batch import LINE
from winback.landing._sql import parquet
from winback.landing._stage import Work
from winback.landing._words import order_statuses
from winback.landing.sources._addresses import email_key
from winback.landing.sources._texts import FILE, Texts
from winback.landing.sources.shopify._people import PEOPLE

# No orders: what a shop tried out, and drafts. A draft that was paid is an order.
_TEST_TAGS: Final = ["test", "test order", "testorder"]
_DRAFT_TAGS: Final = ["draft", "draft order"]
_DRAFT_SOURCE: Final = "shopify_draft_order"
_UNPAID: Final = ("pending", "authorized")
_TEST_GATEWAY: Final = "bogus"
# Whose order it is, and what it brought: two rows of an order that differ in it are in doubt.
_FACTS: Final = "customer_id, ordered_at, total_amount, refunded_amount, status, currency"
# SQL over the texts: whether a row has an order's own fields, and the order's id.
IS_OWN: Final = "coalesce(id, total, financial_status) is not null"
ORDER_ID: Final = "coalesce(id, name)"


def read_heads(work: Work, texts: Texts) -> None:
    """The temp view `heads`: a row that has an order's own fields, as the input format names them.

    `nth` counts the rows of one order, `home` is the file of the first, `differs` says whether a
    further one says something else, and `is_none` why it is no order.
    """
    _read_own_rows(work, texts)
    work.connection.execute(
        f"""
        create or replace temp table repeats as
        select {FILE}, {LINE}, first_value({FILE}) over own as home, row_number() over own as nth,
            row({_FACTS}) is distinct from first_value(row({_FACTS})) over own as differs
        from own_rows
        where order_id in (select order_id from own_rows group by order_id having count(*) > 1)
        window own as (partition by order_id order by {FILE}, {LINE})
        """
    )
    work.connection.execute(
        f"""
        create or replace temp view heads as
        select own_rows.*, coalesce(repeats.home, own_rows.{FILE}) as home,
            coalesce(repeats.nth, 1) as nth, coalesce(repeats.differs, false) as differs
        from own_rows left join repeats using ({FILE}, {LINE})
        """
    )


def _read_own_rows(work: Work, texts: Texts) -> None:
    joins, owner = PEOPLE.owner_of("rows.email_key", "numbers.number")
    # The API names the account and the language; an export knows addresses alone.
    present = pq.read_schema(texts.path).names
    beside = [it if it in present else f"null::varchar as {it}" for it in ("account", "language")]
    work.connection.execute(
        f"""
        create or replace temp table own_rows as
        with rows as (
            select name, {ORDER_ID} as order_id, email, {email_key("email")} as email_key,
                coalesce(phone, billing_phone) as phone, billing_country,
                coalesce(billing_country, shipping_country) as country,
                {_of_the_same("province")} as region, {_of_the_same("zip")} as postal_code,
                created_at, cancelled_at, total as total_amount, discount as discount_amount,
                refunded, currency, lower(financial_status) as financial_status, coupon_code,
                {_why_none()} as is_none, id, {FILE}, {LINE},
                {", ".join(beside)}
            from {parquet(texts.path)}
            where {IS_OWN} and name is not null
        ),
        statuses as (select * from (values {_statuses(work, texts)}) as words (word, status))
        select
            rows.* exclude (created_at, cancelled_at, refunded, email_key),
            coalesce(rows.account, {owner}) as customer_id,
            case when rows.cancelled_at is not null then 'cancelled' else statuses.status end
                as status,
            case when statuses.status = 'refunded' and coalesce(rows.refunded, '0') in
                ('0', '0.0', '0.00') then rows.total_amount else rows.refunded end
                as refunded_amount,
            {_with_offset("rows.created_at")} as ordered_at
        from rows
        left join statuses on rows.financial_status is not distinct from statuses.word
        left join numbers
            on rows.email_key is null and rows.phone = numbers.phone
            and rows.billing_country is not distinct from numbers.country
        {joins}
        """
    )


def _of_the_same(part: str) -> str:
    """SQL for a part of the address whose country counts."""
    return f"case when billing_country is not null then billing_{part} else shipping_{part} end"


def _why_none() -> str:
    tags = "list_transform(string_split(lower(tags), ','), tag -> trim(tag))"
    return f"""
        case
            when payment_method ilike '%{_TEST_GATEWAY}%'
                or list_has_any({tags}, {_TEST_TAGS}) then 'test'
            when list_has_any({tags}, {_DRAFT_TAGS})
                or (lower(source) = '{_DRAFT_SOURCE}'
                    and lower(financial_status) in {_UNPAID}) then 'draft'
        end
    """


def _with_offset(created_at: str) -> str:
    """SQL that writes `2026-02-20 10:12:33 -0500` as `2026-02-20 10:12:33-0500`."""
    return f"""
        case
            when length({created_at}) = 25 and substr({created_at}, 20, 1) = ' '
                then left({created_at}, 19) || substr({created_at}, 21)
            else replace({created_at}, ' UTC', 'Z')
        end
    """


def _statuses(work: Work, texts: Texts) -> str:
    """SQL for the words of the file with their statuses."""
    found = work.connection.execute(
        f"select distinct lower(financial_status) from {parquet(texts.path)} where {IS_OWN}"
    ).fetchall()
    return order_statuses((word or None for [word] in found), counts_pending=work.counts_pending)
