"""The orders export: rows become orders and their lines, as texts in the input format.

The order's own fields stand in its first row alone. A further row belongs to the last order of its
name before it, also where a split put the rest of an order into the next file. A file in which a
spreadsheet repeated the own fields in every row is read the same way.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from winback.landing._batch import LINE, ROW
from winback.landing._merge import copy
from winback.landing._sql import parquet
from winback.landing._stage import Work
from winback.landing._words import read_words
from winback.landing.sources.shopify._files import FILE, Texts
from winback.landing.sources.shopify._people import clean, email_key, owner_of, unquoted

# No orders: what a shop tried out, and drafts. A draft that was paid is an order.
_TEST_TAGS: Final = ("test", "test order", "testorder")
_DRAFT_TAGS: Final = ("draft", "draft order")
_DRAFT_SOURCE: Final = "shopify_draft_order"
_TEST_GATEWAY: Final = "bogus"
_UNPAID: Final = ("pending", "authorized")
_PLACE: Final = f"({FILE}, {LINE})"
# Whose order it is, and what it brought: two rows of an order that differ in it are in doubt.
_FACTS: Final = "customer_id, ordered_at, total_amount, refunded_amount, status, currency"


def read_orders(work: Work, texts: Texts) -> None:
    """The temp tables `heads` (one row an order's own fields) and `lines` (one row a line item,
    with its order), and in `heads` why an order is none."""
    _read_heads(work, texts)
    work.connection.execute(
        f"""
        create or replace temp table lines as
        with rows as (
            select {clean("name")} as name, {clean("id")} as id, {clean("total")} as total,
                {clean("financial_status")} as financial_status,
                {unquoted("email")} as email,
                coalesce({unquoted("sku")}, {clean("item")}) as product_id,
                {clean("item")} as item, {clean("quantity")} as quantity, {clean("price")} as price,
                {clean("compare_at_price")} as compare_at_price, {FILE}, {LINE},
                {FILE} * 1e12::bigint + {LINE} as place
            from {parquet(texts.path)}
        ),
        firsts as (
            select name, order_id, home, {FILE} as own_file, {FILE} * 1e12::bigint + {LINE} as place
            from heads
        ),
        by_name as (select name, min_by(order_id, place) as order_id from firsts group by name)
        select rows.* exclude (id, total, financial_status, place),
            coalesce(firsts.order_id, by_name.order_id) as order_id,
            coalesce(firsts.own_file = firsts.home, true) as is_home
        from rows
        asof left join firsts on rows.name = firsts.name and rows.place >= firsts.place
        left join by_name on rows.name = by_name.name
        """
    )


def _read_heads(work: Work, texts: Texts) -> None:
    joins, owner = owner_of("rows.email_key", "numbers.number")
    words = work.connection.execute(
        f"select distinct lower({clean('financial_status')}) from {parquet(texts.path)}"
    ).fetchall()
    read = read_words("order_words")
    words = words or [(None,)]
    statuses = ", ".join(
        f"(${number}::varchar, ${number + 1}::varchar)" for number in range(1, 2 * len(words), 2)
    )
    known = [text for [word] in words for text in (word, _status(work, read(word or ""), word))]
    work.connection.execute(
        f"""
        create or replace temp table heads as
        with rows as (
            select
                {clean("name")} as name, {unquoted("id")} as id,
                {email_key("email")} as email_key, {unquoted("email")} as email,
                {unquoted("coalesce(nullif(phone, ''), billing_phone)")} as phone,
                {clean("billing_country")} as billing_country,
                coalesce({clean("billing_country")}, {clean("shipping_country")}) as country,
                case when {clean("billing_country")} is null then {clean("shipping_province")}
                    else {clean("billing_province")} end as region,
                case when {clean("billing_country")} is null then {unquoted("shipping_zip")}
                    else {unquoted("billing_zip")} end as postal_code,
                {clean("created_at")} as created_at, {clean("cancelled_at")} as cancelled_at,
                {clean("total")} as total_amount, {clean("discount")} as discount_amount,
                {clean("refunded")} as refunded, {clean("currency")} as currency,
                lower({clean("financial_status")}) as financial_status,
                {clean("coupon_code")} as coupon_code,
                lower({clean("source")}) as source,
                lower({clean("payment_method")}) as payment_method,
                list_transform(string_split(lower(coalesce(tags, '')), ','), tag -> trim(tag))
                    as tags,
                {FILE}, {LINE}
            from {parquet(texts.path)}
        ),
        statuses as (select * from (values {statuses}) as words (word, status)),
        owned as (
            select
                rows.* exclude (created_at, refunded), coalesce(rows.id, rows.name) as order_id,
                {owner} as customer_id,
                case when rows.cancelled_at is not null then 'cancelled' else statuses.status end
                    as status,
                case when statuses.status = 'refunded' and coalesce(rows.refunded, '0') in
                    ('0', '0.0', '0.00') then rows.total_amount else rows.refunded end
                    as refunded_amount,
                regexp_replace(replace(rows.created_at, ' UTC', 'Z'), ' ([+-]\\d\\d):?(\\d\\d)$',
                    '\\1:\\2') as ordered_at
            from rows
            left join statuses on rows.financial_status is not distinct from statuses.word
            left join numbers
                on rows.email_key is null and rows.phone = numbers.phone
                and rows.billing_country is not distinct from numbers.country
            {joins}
            where rows.name is not null and (rows.id is not null or rows.total_amount is not null
                or rows.financial_status is not null)
        )
        select
            *,
            case
                when payment_method like '%{_TEST_GATEWAY}%'
                    or list_has_any(tags, {list(_TEST_TAGS)}) then 'test'
                when list_has_any(tags, {list(_DRAFT_TAGS)})
                    or (source = '{_DRAFT_SOURCE}'
                        and coalesce(financial_status, 'pending') in {_UNPAID}) then 'draft'
            end as is_none,
            first_value({FILE}) over own as home,
            row_number() over own as nth,
            row({_FACTS}) is distinct from first_value(row({_FACTS})) over own as differs
        from owned
        window own as (partition by order_id order by {FILE}, {LINE})
        """,
        known,
    )


def _status(work: Work, status: str | None, word: str | None) -> str:
    """The status of a word; one that is in no row of the seed sets its order aside."""
    if status == "pending" and word == "pending" and work.counts_pending:
        return "completed"
    return status or "no word of order_words.csv"


def write_orders(work: Work, number: int) -> Path:
    """One file's orders as texts of the input format."""
    path = work.folder / f"orders_{number}.texts"
    columns = (
        "order_id, customer_id, ordered_at, total_amount, discount_amount, refunded_amount, "
        "currency, status, coupon_code"
    )
    copy(
        work,
        f"select {columns}, {LINE}, {as_row('name, ' + columns)} as {ROW} from heads "
        f"where nth = 1 and is_none is null and customer_id is not null and {FILE} = {number} "
        f"order by {LINE}",
        path,
    )
    return path


def write_lines(work: Work, number: int) -> Path:
    """One file's lines of the orders that landed, as texts of the input format."""
    path = work.folder / f"order_items_{number}.texts"
    columns = "order_id, product_id, quantity, price as unit_price"
    copy(
        work,
        f"select {columns}, {LINE}, {as_row('name, order_id, product_id, quantity, price')} "
        f"as {ROW} from lines semi join orders_staged using (order_id) "
        f"where is_home and product_id is not null and {FILE} = {number} order by {LINE}",
        path,
    )
    return path


def write_products(work: Work) -> Path:
    """Each product with the name and the prices of its newest line."""
    path = work.folder / "products.lines.parquet"
    copy(
        work,
        f"""
        with sold as (
            select lines.*, orders_staged.ordered_at
            from lines inner join orders_staged using (order_id)
            where is_home and product_id is not null
        )
        select product_id,
            max_by(item, (ordered_at, {LINE})) as name,
            max_by(try_cast(price as decimal(18, 4)), (ordered_at, {LINE}))
                filter (try_cast(price as decimal(18, 4)) is not null) as price,
            max_by(try_cast(compare_at_price as decimal(18, 4)), (ordered_at, {LINE}))
                as compare_at_price
        from sold group by product_id
        """,
        path,
    )
    return path


def as_row(columns: str) -> str:
    """SQL for the columns as one JSON text, which stands for a row that is set aside."""
    named = ", ".join(f"{name} := {name}" for name in columns.split(", "))
    return f"cast(to_json(struct_pack({named})) as varchar)"
