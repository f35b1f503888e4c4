{{ config(materialized='view') }}

with

orders as (

    select * from {{ ref('stg_shop__orders') }}

),

emptied as (

    select * from {{ ref('int_customers__merges') }}

),

-- Whatever became of it: it may have been cancelled or refunded after the entry.
final as (

    select
        orders.order_id,
        coalesce(emptied.into_customer_id, orders.customer_id) as customer_id,
        orders.total_cents,
        orders.ordered_at

    from orders
    left join emptied
        on orders.customer_id = emptied.customer_id

)

select * from final
