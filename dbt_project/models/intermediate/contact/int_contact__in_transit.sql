with

orders as (

    select * from {{ ref('stg_shop__orders') }}

),

customer_orders as (

    select * from {{ ref('int_customers__order_totals') }}

),

-- A pending order is no valid one: without this its customer would look lapsed.
pending as (

    select customer_id
    from orders
    where
        status = 'pending'
        and ordered_at <= {{ as_of() }}
        and {{ dbt.datediff(
            local_date('ordered_at', shop_zone()), as_of_date(), 'day'
        ) }} < {{ var('pending_order_days') }}

),

shipped as (

    select customer_id
    from customer_orders
    where days_inactive < {{ var('in_transit_days') }}

),

final as (

    select * from pending
    union distinct
    select * from shipped

)

select * from final
