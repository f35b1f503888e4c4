with

orders as (

    select * from {{ ref('stg_shop__orders') }}

),

order_items as (

    select * from {{ ref('stg_shop__order_items') }}

),

emptied as (

    select * from {{ ref('int_customers__merges') }}

),

-- Whatever became of the order: bought, refunded, returned, cancelled or on its way.
final as (

    select
        coalesce(emptied.into_customer_id, orders.customer_id) as customer_id,
        order_items.product_id,
        max(orders.ordered_at) as last_ordered_at

    from orders
    inner join order_items
        on orders.order_id = order_items.order_id
    left join emptied
        on orders.customer_id = emptied.customer_id
    where orders.ordered_at <= {{ as_of() }}
    group by
        coalesce(emptied.into_customer_id, orders.customer_id),
        order_items.product_id

)

select * from final
