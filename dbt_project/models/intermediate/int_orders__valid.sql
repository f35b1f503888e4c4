with

orders as (

    select * from {{ ref('stg_shop__orders') }}

),

placed as (

    select * from orders
    where ordered_at <= {{ as_of() }}

),

refund_states as (

    select
        *,
        -- `refunded` without an amount means all of it; with an amount, the
        -- amount is what counts.
        (
            refunded_cents > 0 and refunded_cents >= total_cents
        ) or (
            status = 'refunded' and refunded_cents = 0
        ) as is_fully_refunded

    from placed

),

valid as (

    select * from refund_states
    where
        status not in ('cancelled', 'pending')
        and not is_fully_refunded

),

ranked as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by ordered_at, order_id
        ) as order_number,
        count(*) over (partition by customer_id) as order_count

    from valid

),

final as (

    select
        -- ids
        order_id,
        customer_id,

        -- facts
        cast(order_number as bigint) as order_number,
        cast(1 + order_count - order_number as bigint) as recency_number,
        order_number > 1 as is_repeat,
        order_number = order_count as is_latest,
        coupon_code,

        -- money
        total_cents,
        total_cents - refunded_cents as net_revenue_cents,
        discount_cents,
        currency,

        -- timestamps
        ordered_at,
        {{ local_date('ordered_at', shop_zone()) }} as ordered_date

    from ranked

)

select * from final
