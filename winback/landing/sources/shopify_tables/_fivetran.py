"""Shopify's tables as Fivetran lands them, from its REST and its GraphQL connector.

A table's columns tell which of the two it is of.
"""

from __future__ import annotations

from collections.abc import Mapping

from winback.landing._batch import LINE
from winback.landing.sources._tables import Landed, id_of, is_true
from winback.landing.sources._texts import FILE


def customers(found: Mapping[str, Landed]) -> str:
    """SQL for the customers, with their default address."""
    return f"""
        select told.* exclude (default_address_id, deleted), home.country, home.region,
            home.postal_code, home.phone as address_phone, {is_true("told.deleted")} as is_deleted
        from {found["customers"].rows} as told
        left join (
            select customer_id, id, country, region, postal_code, phone, is_default
            from {found["addresses"].rows}
        ) as home
            on {id_of("told.id")} = {id_of("home.customer_id")}
            and ({is_true("home.is_default")}
                or {id_of("told.default_address_id")} = {id_of("home.id")})
        qualify row_number() over (
            partition by told.{FILE}, told.{LINE}
            order by {is_true("home.is_default")} desc, home.id
        ) = 1
    """


def orders(found: Mapping[str, Landed]) -> str:
    """SQL for the orders, with their first code, their tags and the sum of their refunds."""
    return f"""
        with refunded as ({_refunded(found)}),
        codes as (
            select {id_of("order_id")} as order_id,
                min_by(code, try_cast(place as bigint)) as coupon_code
            from (select * replace (coalesce(place, '0') as place) from {found["codes"].rows})
            group by 1
        ),
        tags as (
            select {id_of("order_id")} as order_id, string_agg(tag, ',') as tags
            from {found["tags"].rows} group by 1
        )
        select told.* exclude (deleted), {is_true("told.deleted")} as is_deleted,
            codes.coupon_code, tags.tags, coalesce(refunded.amount, '0') as refunded
        from {found["orders"].rows} as told
        left join refunded on {id_of("told.id")} = refunded.order_id
        left join codes on {id_of("told.id")} = codes.order_id
        left join tags on {id_of("told.id")} = tags.order_id
    """


def _refunded(found: Mapping[str, Landed]) -> str:
    """SQL for what was given back of each order: its refunds' totals where they have them, else
    their lines less their adjustments, which are below zero where shipping was given back.

    One that can't be read stands for the sum: then the customer is held.
    """
    return f"""
        with refunds as (
            select {id_of("id")} as id, {id_of("order_id")} as order_id, total
            from {found["refunds"].rows}
        ),
        lines as (select {id_of("id")} as id, {id_of("order_id")} as order_id
            from {found["lines"].rows}),
        parts as (
            select coalesce(refunds.order_id, lines.order_id) as order_id, refunds.total is not null
                as is_told, amount, tax, 1 as sign
            from {found["line_refunds"].rows} as told
            left join refunds on {id_of("told.refund_id")} = refunds.id
            left join lines on {id_of("told.line_id")} = lines.id
            union all
            select refunds.order_id, refunds.total is not null, amount, tax, -1
            from {found["adjustments"].rows} as told
            inner join refunds on {id_of("told.refund_id")} = refunds.id
            union all
            select order_id, false, total, null, 1 from refunds where total is not null
        ),
        amounts as (
            select order_id,
                sign * (coalesce(try_cast(amount as decimal(18, 4)), 0)
                    + coalesce(try_cast(tax as decimal(18, 4)), 0)) as amount,
                (amount is not null and try_cast(amount as decimal(18, 4)) is null)
                    or (tax is not null and try_cast(tax as decimal(18, 4)) is null) as is_unread
            from parts where not is_told and order_id is not null
        )
        select order_id,
            case when bool_or(is_unread) then '?' else cast(greatest(sum(amount), 0) as varchar) end
                as amount
        from amounts group by order_id
    """


def lines(found: Mapping[str, Landed]) -> str:
    """SQL for the lines of all orders."""
    return f"select * from {found['lines'].rows}"


def products(found: Mapping[str, Landed]) -> str:
    """SQL for the products, with the prices of the first variant and the first image."""
    place = "coalesce(try_cast(place as double), 1e9)"
    return f"""
        with variants as (
            select {id_of("product_id")} as product_id, min_by(price, {place}) as price,
                min_by(struct_pack(it := compare_at_price), {place}).it as compare_at_price
            from {found["variants"].rows} group by 1
        ),
        images as (
            select {id_of("product_id")} as product_id, min_by(image_url, {place}) as image_url
            from {found["images"].rows} group by 1
        )
        select told.*, variants.price, variants.compare_at_price, images.image_url,
            null::varchar as tags
        from {found["products"].rows} as told
        left join variants on {id_of("told.id")} = variants.product_id
        left join images on {id_of("told.id")} = images.product_id
    """
