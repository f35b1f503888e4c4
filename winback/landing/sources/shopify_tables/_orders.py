"""Orders and their lines, written as texts of the input format."""

from __future__ import annotations

from typing import Final

from winback.landing._batch import LINE
from winback.landing._stage import Staged, Work
from winback.landing._words import order_statuses
from winback.landing.sources._addresses import email_key
from winback.landing.sources._repeats import set_aside_ownerless
from winback.landing.sources._tables import id_of, in_utc, is_true
from winback.landing.sources._texts import FILE
from winback.landing.sources._typed import Rows
from winback.landing.sources.shopify_tables._people import (
    NTH,
    PEOPLE,
    home,
    newest,
    set_aside_copies,
)

_FACTS: Final = "customer_id, ordered_at, total_amount, refunded_amount, status, currency"
_TEST_TAGS: Final = ["test", "test order", "testorder"]
_DRAFT_SOURCE: Final = "shopify_draft_order"
_UNPAID: Final = ("pending", "authorized")
_COLUMNS: Final = (
    "order_id, customer_id, ordered_at, total_amount, discount_amount, refunded_amount, "
    "currency, status, coupon_code"
)


def read_heads(work: Work, orders: str) -> None:
    """The temp table `heads`: a row an order, as the input format names its fields.

    `nth` counts the copies of one order that were changed last at one time, `differs` says
    whether a further one says something else, and `is_none` why it is no order.
    """
    joins, owner = PEOPLE.owner_of("rows.email_key", "numbers.number")
    tags = "list_transform(string_split(lower(tags), ','), tag -> trim(tag))"
    work.connection.execute(
        f"""
        create or replace temp table orders_told as
        select id as order_id, {id_of("account")} as account, email,
            {email_key("email")} as email_key, coalesce(phone, billing_phone) as phone,
            {home()}, {in_utc("created_at")} as ordered_at,
            total as total_amount, discount as discount_amount, refunded, currency, coupon_code,
            language, lower(word) as word, cancelled_at is not null or is_deleted as is_cancelled,
            is_deleted,
            case when {is_true("test")} or list_has_any({tags}, {_TEST_TAGS}) then 'test'
                when lower(source_name) = '{_DRAFT_SOURCE}' and lower(word) in {_UNPAID}
                    then 'draft' end as is_none,
            {FILE}, {LINE}, {NTH}
        from {newest(orders)}
        """
    )
    work.connection.execute(
        f"""
        create or replace temp table heads as
        with statuses as (select * from (values {_statuses(work)}) as words (word, status)),
        owned as (
            select rows.* exclude (account, email_key, word, refunded, is_cancelled),
                coalesce(rows.account, {owner}) as customer_id,
                case when rows.is_cancelled then 'cancelled'
                    else coalesce(statuses.status, 'missing') end as status,
                case when statuses.status = 'refunded' and try_cast(rows.refunded as double) = 0
                    then rows.total_amount else rows.refunded end as refunded_amount
            from orders_told as rows
            left join statuses on rows.word = statuses.word
            left join numbers
                on rows.email_key is null and rows.phone = numbers.phone
                and rows.country is not distinct from numbers.country
            {joins}
        )
        select *, row_number() over own as nth,
            row({_FACTS}) is distinct from first_value(row({_FACTS})) over own as differs
        from owned
        window own as (partition by coalesce(order_id, '#' || {NTH}) order by {NTH})
        """
    )


def _statuses(work: Work) -> str:
    """SQL for the words of the orders with their statuses."""
    found = work.connection.execute(
        "select distinct word from orders_told where word is not null"
    ).fetchall()
    return order_statuses((word for [word] in found), counts_pending=work.counts_pending)


def read_lines(work: Work, lines: str) -> None:
    """The temp table `lines`: a row a line of the orders that landed."""
    work.connection.execute(
        f"""
        create or replace temp table lines as
        with told as (
            select * replace ({id_of("order_id")} as order_id, {id_of("id")} as id)
            from ({lines})
        )
        select heads.order_id, heads.ordered_at, item, quantity, price as unit_price,
            coalesce({id_of("product_id")}, sku, item) as product_id, told.{FILE}, told.{LINE},
            row_number() over (order by told.{FILE}, told.{LINE}) as {NTH}
        from told inner join heads on told.order_id = heads.order_id and heads.nth = 1
        semi join orders_staged on told.order_id = orders_staged.order_id
        -- A line that the tool has landed twice is one.
        qualify told.id is null
            or row_number() over (partition by told.order_id, told.id order by told.{LINE}) = 1
        """
    )


def order_rows(_number: int) -> Rows:
    """The orders; the first of those with one id."""
    return Rows(
        _COLUMNS,
        _COLUMNS,
        "(select * from heads where nth = 1 and is_none is null and customer_id is not null)",
        key=NTH,
    )


def line_rows(_number: int) -> Rows:
    """The lines of the orders that landed."""
    columns = "order_id, product_id, quantity, unit_price"
    return Rows(columns, columns, "(select * from lines where product_id is not null)", key=NTH)


def set_aside_orders(work: Work, staged: Staged) -> None:
    """Set aside orders of nobody, and copies of an order that say something else."""
    own = "order_id, ordered_at, total_amount, status"
    set_aside_copies(work, staged, "heads", own, "order_id")
    set_aside_ownerless(work, staged, own, "is_none is null", order=NTH)
