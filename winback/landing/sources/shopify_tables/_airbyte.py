"""Shopify's streams as Airbyte lands them: the API's objects, nested ones as JSON or structs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from winback.landing._batch import LINE
from winback.landing.sources._tables import Landed, id_of
from winback.landing.sources._texts import FILE
from winback.landing.sources.shopify_tables._people import newest


def _of(column: str, path: str) -> str:
    """SQL for the field at a path of a nested column; none where that is no JSON."""
    return (
        f"nullif(trim(json_extract_string(case when json_valid({column}) then {column} end, "
        f"'{path}')), '')"
    )


def _items(column: str, extract: str = "json_extract") -> str:
    """SQL for the list in a nested column."""
    return f"{extract}(case when json_valid({column}) then {column} else '[]' end, '$[*]')"


# A text, or a list.
_TAGS: Final = f"""
    case when starts_with(tags, '[')
        then array_to_string({_items("tags", "json_extract_string")}, ',')
        else tags end
"""


def customers(found: Mapping[str, Landed]) -> str:
    """SQL for the customers, with their consents and their default address."""
    states = ", ".join(
        f"case when {it}_consent is not null and not json_valid({it}_consent) then 'UNREADABLE' "
        f"else {_of(f'{it}_consent', '$.state')} end as {it}_state"
        for it in ("email", "sms")
    )
    consents = ", ".join(
        f"{_of(f'{channel}_consent', f'$.{field}')} as {channel}_{name}"
        for channel in ("email", "sms")
        for name, field in (
            ("level", "opt_in_level"),
            ("at", "consent_updated_at"),
        )
    )
    return f"""
        select * exclude (own_phone, address, email_consent, sms_consent, deleted),
            {states}, {consents},
            {_of("sms_consent", "$.consent_collected_from")} as sms_from, own_phone as phone,
            {_of("address", "$.country_code")} as country,
            {_of("address", "$.province_code")} as region,
            {_of("address", "$.zip")} as postal_code, {_of("address", "$.phone")} as address_phone,
            deleted is not null as is_deleted
        from {found["customers"].rows}
    """


def orders(found: Mapping[str, Landed]) -> str:
    """SQL for the orders, with the sum of the refunds of both streams."""
    parts = ", ".join(
        f"{_of(place, f'$.{field}')} as {place}_{name}"
        for place in ("billing", "shipping")
        for name, field in (
            ("country", "country_code"), ("region", "province_code"), ("postal_code", "zip"),
        )
    )  # fmt: skip
    return f"""
        with refunded as ({_refunded(found)})
        select told.* exclude (customer, billing, shipping, items, refunds, codes, tags, deleted),
            {parts}, {_of("billing", "$.phone")} as billing_phone,
            {_of("customer", "$.id")} as account, {_of("codes", "$[0].code")} as coupon_code,
            {_TAGS} as tags, told.deleted is not null as is_deleted,
            coalesce(refunded.amount, '0') as refunded
        from {found["orders"].rows} as told
        left join refunded on {id_of("told.id")} = refunded.order_id
    """


def _refunded(found: Mapping[str, Landed]) -> str:
    """SQL for what was given back of each order: a refund that two streams have counts once.

    One that can't be read stands for the sum: then the customer is held.
    """
    return f"""
        with told as (
            select {id_of("id")} as id, {id_of("order_id")} as order_id, items, adjustments,
                updated_at, true as is_whole
            from {found["refunds"].rows}
            union all
            select {id_of("json_extract_string(it, '$.id')")}, order_id,
                json_extract_string(it, '$.refund_line_items'),
                json_extract_string(it, '$.order_adjustments'), null,
                json_type(it) = 'OBJECT'
            from (
                select {id_of("id")} as order_id, unnest({_items("refunds")}) as it
                from {found["orders"].rows}
            )
        ),
        once as (
            select * from told qualify row_number() over (
                partition by order_id, coalesce(id, '') order by updated_at desc nulls last
            ) = 1
        ),
        parts as (
            select order_id, unnest({_items("items")}) as it, 1 as sign, 'subtotal' as field,
                'total_tax' as tax from once
            union all
            select order_id, unnest({_items("adjustments")}), -1, 'amount', 'tax_amount' from once
            union all
            select order_id, '{{"subtotal": "?"}}', 1, 'subtotal', 'tax' from once
            where not is_whole or not json_valid(items) or not json_valid(adjustments)
            union all
            select {id_of("id")}, '{{"subtotal": "?"}}', 1, 'subtotal', 'tax'
            from {found["orders"].rows} where not json_valid(refunds)
        ),
        texts as (
            select order_id, sign, json_extract_string(it, '$.' || field) as amount,
                json_extract_string(it, '$.' || tax) as tax
            from parts
        )
        select order_id,
            case when bool_or(
                (amount is not null and try_cast(amount as decimal(18, 4)) is null)
                or (tax is not null and try_cast(tax as decimal(18, 4)) is null)
            ) then '?' else cast(greatest(sum(sign * (
                coalesce(try_cast(amount as decimal(18, 4)), 0)
                + coalesce(try_cast(tax as decimal(18, 4)), 0)
            )), 0) as varchar) end as amount
        from texts group by order_id
    """


def lines(found: Mapping[str, Landed]) -> str:
    """SQL for the lines of all orders, as these were changed last."""
    told = f"select id, items, updated_at, {LINE}, {FILE} from {found['orders'].rows}"
    orders = newest(told)
    fields = ", ".join(
        f"json_extract_string(it, '$.{name}') as {ours}"
        for ours, name in (
            ("id", "id"), ("product_id", "product_id"), ("sku", "sku"),
            ("quantity", "quantity"), ("price", "price"),
        )
    )  # fmt: skip
    return f"""
        select {fields}, order_id, {LINE}, {FILE}, coalesce(
            json_extract_string(it, '$.name'), json_extract_string(it, '$.title')) as item
        from (
            select id as order_id, unnest({_items("items")}) as it, {LINE}, {FILE} from {orders}
        )
    """


def products(found: Mapping[str, Landed]) -> str:
    """SQL for the products, with the prices of the first variant and the first image."""
    return f"""
        select * exclude (variants, images, image, tags), {_TAGS} as tags,
            {_of("variants", "$[0].price")} as price,
            {_of("variants", "$[0].compare_at_price")} as compare_at_price,
            coalesce({_of("images", "$[0].src")}, {_of("image", "$.src")}, {_of("image", "$.url")})
                as image_url
        from {found["products"].rows}
    """
