"""Orders and their lines, written as texts of the input format."""

from __future__ import annotations

from winback.landing._batch import LINE
from winback.landing._stage import Staged, Work
from winback.landing._words import order_statuses
from winback.landing.sources._addresses import email_key
from winback.landing.sources._repeats import set_aside_ownerless
from winback.landing.sources._texts import FILE
from winback.landing.sources._typed import Rows
from winback.landing.sources.woocommerce._fields import LINE_FIELDS
from winback.landing.sources.woocommerce._pages import NTH, PAGE, Pages
from winback.landing.sources.woocommerce._people import (
    EMAIL,
    NAME,
    PEOPLE,
    PHONE,
    id_of,
    in_utc,
    language_of,
    newest,
    set_aside_copies,
)

_FACTS = "customer_id, ordered_at, total_amount, refunded_amount, status, currency"


def read_heads(work: Work, orders: Pages) -> None:
    """The temp table `heads`: a row an order, as the input format names its fields.

    `nth` counts the copies of one order that were changed last at one time, and `differs` says
    whether a further one says something else.
    """
    joins, owner = PEOPLE.owner_of("rows.email_key", "numbers.number")
    work.connection.execute(
        f"""
        create or replace temp table heads as
        with told as (
            select * replace ({id_of("id")} as id) from {orders.rows}
        ),
        rows as (
            select id as order_id, {id_of("account")} as account,
                {EMAIL.format("billing_email")} as email, {email_key("billing_email")} as own_key,
                {PHONE.format("phone")} as phone, {NAME.format("billing_first_name")} as first_name,
                {NAME.format("billing_last_name")} as last_name, country, region, postal_code,
                {in_utc("created_at")} as ordered_at, total as total_amount,
                {_with_tax("discount", "discount_tax")} as discount_amount,
                {_refunded()} as refunded, currency, coupon_code, line_items, meta_data,
                {language_of("meta_data")} as language,
                lower(with_tax) = 'true' as with_tax,
                regexp_replace(lower(status), '^wc-', '') as word, {PAGE}, {LINE}, {FILE}, {NTH}
            from {newest("told")}
        ),
        statuses as (select * from (values {_statuses(work, orders)}) as words (word, status)),
        owned as (
            select rows.* exclude (account, own_key, word, refunded),
                coalesce(rows.account, {owner}) as customer_id,
                coalesce(statuses.status, 'missing') as status,
                case when statuses.status = 'refunded' and try_cast(rows.refunded as double) = 0
                    then rows.total_amount else rows.refunded end as refunded_amount,
                null::varchar as is_none
            from (select *, case when email is not null then own_key end as email_key from rows)
                as rows
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


def _with_tax(net: str, tax: str) -> str:
    """SQL for an amount as the customer sees it, where the shop's prices have the tax in them."""
    both = f"try_cast({net} as decimal(18, 4)) + try_cast({tax} as decimal(18, 4))"
    return (
        f"case when lower(with_tax::varchar) = 'true' then coalesce(({both})::varchar, {net}) "
        f"else {net} end"
    )


def _refunded() -> str:
    """SQL for the sum of an order's refunds, which the API writes as negative totals.

    If one of them can't be read, it stands for the sum: then the customer is held.
    """
    totals = "json_extract_string(refunds, '$[*].total')"
    amounts = f"list_transform({totals}, it -> abs(try_cast(it as decimal(18, 4))))"
    return f"""
        case
            when refunds is null or json_type(refunds) = 'NULL'
                or cast(refunds as varchar) in ('[]', '{{}}') then '0'
            when json_type(refunds) <> 'ARRAY'
                or len(list_filter({amounts}, it -> it is not null)) <> json_array_length(refunds)
                then '?'
            else cast(list_sum({amounts}) as varchar)
        end
    """


def _statuses(work: Work, orders: Pages) -> str:
    """SQL for the words of the orders with their statuses."""
    found = work.connection.execute(
        "select distinct regexp_replace(lower(status), '^wc-', '') "
        f"from {orders.rows} where status is not null"
    ).fetchall()
    return order_statuses(word for [word] in found)


def read_lines(work: Work) -> None:
    """The temp table `lines`: a row a line of the orders that landed."""
    fields = ", ".join(f"json_extract_string(line, '$.{name}') as {name}" for name in LINE_FIELDS)
    price = _with_tax("subtotal", "subtotal_tax")
    work.connection.execute(
        f"""
        create or replace temp table lines as
        with lines as (
            select order_id, ordered_at, with_tax, {PAGE}, {LINE}, {FILE},
                unnest(json_extract(line_items, '$[*]')) as line
            from heads semi join orders_staged using (order_id)
            where nth = 1
        ),
        told as (select * exclude (line), {fields} from lines),
        priced as (
            select *, {price} as amount, try_cast(quantity as decimal(18, 4)) as pieces from told
        )
        select order_id, ordered_at, name as item, quantity, {PAGE}, {LINE}, {FILE},
            row_number() over () as {NTH},
            coalesce({id_of("product_id")}, nullif(trim(sku), ''), nullif(trim(name), ''))
                as product_id,
            case when pieces > 0 and try_cast(amount as decimal(18, 4)) is not null
                then round(try_cast(amount as decimal(18, 4)) / pieces, 4)
                    ::decimal(18, 4)::varchar
                else amount end as unit_price
        from priced
        """
    )


def order_rows(_number: int) -> Rows:
    """The orders; the first of those with one id."""
    columns = (
        "order_id, customer_id, ordered_at, total_amount, discount_amount, refunded_amount, "
        "currency, status, coupon_code"
    )
    return Rows(
        columns,
        f"{PAGE}, {columns}",
        "(select * from heads where nth = 1 and customer_id is not null)",
        key=NTH,
    )


def line_rows(_number: int) -> Rows:
    """The lines of the orders that landed."""
    columns = "order_id, product_id, quantity, unit_price"
    return Rows(columns, f"{PAGE}, {columns}", "lines", key=NTH)


def set_aside_orders(work: Work, staged: Staged) -> None:
    """Set aside orders of nobody, and copies of an order that say something else."""
    own = f"{PAGE}, order_id, ordered_at, total_amount, status"
    set_aside_copies(work, staged, "heads", own, "order_id")
    set_aside_ownerless(work, staged, own, "true", order=NTH)
