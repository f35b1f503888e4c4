"""Orders, their lines and the products of these, written as texts of the input format.

A row without an order's own fields belongs to the last order of its name before it, also where a
split put the rest of an order into the next file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from winback.landing._batch import LINE
from winback.landing._merge import copy
from winback.landing._sql import parquet
from winback.landing._stage import Work
from winback.landing.sources._texts import FILE, Texts
from winback.landing.sources._typed import Rows
from winback.landing.sources.shopify._heads import IS_OWN, ORDER_ID

_PLACE: Final = f"({FILE} * 1000000000000::bigint + {LINE})"


def read_lines(work: Work, texts: Texts) -> None:
    """The temp table `lines`: every row with its line item and its order, if it has one.

    A line that is not at home is of an order's second copy, in another file than the first.
    """
    work.connection.execute(
        f"""
        create or replace temp table lines as
        with rows as (
            select coalesce(sku, item) as product_id, item, quantity, price as unit_price,
                compare_at_price, email, name, {ORDER_ID} as own_id, {IS_OWN} as is_own,
                {FILE}, {LINE}
            from {parquet(texts.path)}
        ),
        names as (
            select name, any_value(order_id) as order_id, count(*) as own_rows
            from heads group by name
        ),
        -- Where several rows of a name have own fields, the nearest before a row is its own.
        many as (select name from names where own_rows > 1),
        firsts as (
            select name, order_id, {FILE} = home as is_home, {_PLACE} as place
            from heads semi join many using (name)
        ),
        earliest as (select name, min_by(order_id, place) as order_id from firsts group by name),
        near as (select *, {_PLACE} as place from rows semi join many using (name))
        select rows.* exclude (own_id, is_own), own_id as order_id, true as is_home
        from rows anti join many on rows.name = many.name where is_own and name is not null
        union all
        select rows.* exclude (own_id, is_own), names.order_id, true
        from rows anti join many on rows.name = many.name
        left join names on rows.name = names.name
        where not is_own or rows.name is null
        union all
        select near.* exclude (own_id, is_own, place),
            coalesce(firsts.order_id, earliest.order_id), coalesce(firsts.is_home, true)
        from near
        asof left join firsts on near.name = firsts.name and near.place >= firsts.place
        left join earliest on near.name = earliest.name
        """
    )


def order_rows(number: int) -> Rows:
    """One file's orders; the first row of each."""
    columns = (
        "order_id, customer_id, ordered_at, total_amount, discount_amount, refunded_amount, "
        "currency, status, coupon_code"
    )
    return Rows(
        columns,
        f"name, {columns}",
        "(select * from heads where nth = 1 and is_none is null and customer_id is not null "
        f"and {FILE} = {number})",
    )


def line_rows(number: int) -> Rows:
    """One file's lines of the orders that landed."""
    columns = "order_id, product_id, quantity, unit_price"
    return Rows(
        columns,
        f"name, {columns}",
        "(select * from lines semi join orders_staged using (order_id) "
        f"where is_home and product_id is not null and {FILE} = {number})",
    )


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
            max_by(try_cast(unit_price as decimal(18, 4)), (ordered_at, {LINE}))
                filter (try_cast(unit_price as decimal(18, 4)) is not null) as price,
            max_by(try_cast(compare_at_price as decimal(18, 4)), (ordered_at, {LINE}))
                as compare_at_price
        from sold group by product_id
        """,
        path,
    )
    return path
