with

orders as (

    select * from {{ ref('stg_shop__orders') }}

),

emptied as (

    select * from {{ ref('int_customers__merges') }}

),

-- What an emptied id had bought belongs to the id that is left.
valid as (

    select
        orders.order_id,
        coalesce(emptied.into_customer_id, orders.customer_id) as customer_id,
        orders.coupon_code,
        orders.total_cents,
        orders.refunded_cents,
        orders.discount_cents,
        orders.currency,
        orders.ordered_at

    from orders
    left join emptied
        on orders.customer_id = emptied.customer_id
    where
        orders.ordered_at <= {{ as_of() }}
        and orders.status not in ('cancelled', 'pending')
        and not {{ is_fully_refunded('orders') }}

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
