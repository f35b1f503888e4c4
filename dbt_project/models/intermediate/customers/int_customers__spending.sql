with

valid_orders as (

    select * from {{ ref('int_orders__valid') }}

),

orders as (

    select * from {{ ref('stg_shop__orders') }}

),

-- A return counts against an order that was paid, valid or not any more.
-- `refunded` without an amount means all of it.
paid as (

    select
        customer_id,
        total_cents,
        case
            when status = 'refunded' and refunded_cents = 0 then total_cents
            else least(refunded_cents, total_cents)
        end as refunded_cents,
        row_number() over (
            partition by customer_id
            order by ordered_at desc, order_id desc
        ) as recency_number

    from orders
    where
        ordered_at <= {{ as_of() }}
        and status not in ('cancelled', 'pending')

),

returns as (

    select
        customer_id,
        count(*) as paid_count,
        sum(case when refunded_cents > 0 then 1 else 0 end)
            as refunded_count,
        sum(total_cents) as total_cents,
        sum(refunded_cents) as refunded_cents,
        max(case when recency_number = 1 then total_cents end)
            as last_total_cents,
        max(case when recency_number = 1 then refunded_cents end)
            as last_refunded_cents

    from paid
    group by customer_id

),

discounted as (

    select
        *,
        case
            when discount_cents > 0 or coupon_code is not null then 1 else 0
        end as is_discounted

    from valid_orders

),

discounts as (

    select
        customer_id,
        count(*) as order_count,
        sum(is_discounted) as discounted_count,
        sum(discount_cents) as discount_cents,
        sum(total_cents + discount_cents) as list_cents

    from discounted
    group by customer_id

),

-- A shop in which nobody ever had a discount, or a refund, tells nothing of them.
told as (

    select
        (select max(is_discounted) from discounted) = 1 as discounts,
        (select max(refunded_count) from returns) > 0 as refunds

),

final as (

    select
        -- ids
        returns.customer_id,

        -- shares
        case
            when told.discounts
                then
                    cast(discounts.discounted_count as double)
                    / discounts.order_count
        end as discount_order_share,
        case
            when told.discounts
                then
                    cast(discounts.discount_cents as double)
                    / nullif(discounts.list_cents, 0)
        end as discount_share,
        case
            when told.refunds
                then
                    cast(returns.refunded_count as double)
                    / returns.paid_count
        end as refund_order_share,
        case
            when told.refunds
                then
                    cast(returns.refunded_cents as double)
                    / nullif(returns.total_cents, 0)
        end as refund_share,
        case
            when told.refunds
                then
                    cast(returns.last_refunded_cents as double)
                    / nullif(returns.last_total_cents, 0)
        end as last_order_refund_share

    from returns
    cross join told
    left join discounts
        on returns.customer_id = discounts.customer_id

)

select * from final
