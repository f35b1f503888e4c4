with

orders as (

    select * from {{ ref('stg_shop__orders') }}

),

emptied as (

    select * from {{ ref('int_customers__merges') }}

),

final as (

    select
        -- ids
        orders.order_id,
        coalesce(emptied.into_customer_id, orders.customer_id) as customer_id,

        -- facts
        orders.status = 'cancelled' as is_cancelled,

        -- timestamps
        orders.ordered_at,
        {{ local_date('orders.ordered_at', shop_zone()) }} as ordered_date

    from orders
    left join emptied
        on orders.customer_id = emptied.customer_id
    where
        orders.ordered_at <= {{ as_of() }}
        and orders.status != 'pending'
        and (
            orders.status = 'cancelled'
            or {{ is_fully_refunded('orders') }}
        )

)

select * from final
