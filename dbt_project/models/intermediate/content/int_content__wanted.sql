{{ config(materialized='view') }}

with

web_events as (

    select * from {{ ref('stg_shop__web_events') }}

),

carts as (

    select * from {{ ref('int_customers__carts') }}

),

customer_orders as (

    select * from {{ ref('int_customers__order_totals') }}

),

-- All lines of the cart that int_customers__carts chose, what was put in last first.
cart_lines as (

    select
        carts.customer_id,
        web_events.product_id,
        max(web_events.occurred_at) as seen_at

    from carts
    inner join web_events
        on
            carts.customer_id = web_events.customer_id
            and coalesce(carts.cart_id, '') = coalesce(web_events.cart_id, '')
    left join customer_orders
        on carts.customer_id = customer_orders.customer_id
    where
        web_events.web_event in ('add_to_cart', 'checkout_started')
        and web_events.product_id is not null
        and web_events.occurred_at <= carts.touched_at
        and (
            customer_orders.last_order_at is null
            or web_events.occurred_at > customer_orders.last_order_at
        )
    group by carts.customer_id, web_events.product_id

),

final as (

    select
        customer_id,
        'cart' as kind,
        product_id,
        cast(null as bigint) as seen_price_cents,
        seen_at

    from cart_lines

    union all

    select
        customer_id,
        'viewed' as kind,
        product_id,
        case
            when price_seen_cents > price_now_cents then price_seen_cents
        end as seen_price_cents,
        last_seen_at as seen_at

    from {{ ref('int_customers__interests') }}

)

select * from final
