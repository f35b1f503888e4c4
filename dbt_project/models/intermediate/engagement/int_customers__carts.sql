with

web_events as (

    select * from {{ ref('stg_shop__web_events') }}

),

customer_orders as (

    select * from {{ ref('int_customers__order_totals') }}

),

products as (

    select * from {{ ref('stg_shop__products') }}

),

out_of_stock as (

    select * from {{ ref('int_products__out_of_stock') }}

),

ordered as (

    select * from {{ ref('int_customers__ordered_products') }}

),

-- Any valid order closes every cart that was touched before it: shops rarely tell which
-- cart became which order. An order that was given back or called off closes what it held.
left_since as (

    select
        web_events.customer_id,
        web_events.product_id,
        web_events.occurred_at,
        -- Without ids, all that is left in carts is one cart.
        coalesce(web_events.cart_id, '') as cart_id

    from web_events
    left join customer_orders
        on web_events.customer_id = customer_orders.customer_id
    left join ordered
        on
            web_events.customer_id = ordered.customer_id
            and web_events.product_id = ordered.product_id
            and web_events.occurred_at <= ordered.last_ordered_at
    where
        web_events.web_event in ('add_to_cart', 'checkout_started')
        and ordered.product_id is null
        and web_events.occurred_at <= {{ as_of() }}
        and (
            customer_orders.last_order_at is null
            or web_events.occurred_at > customer_orders.last_order_at
        )

),

carts as (

    select
        customer_id,
        cart_id,
        count(distinct product_id) as product_count,
        max(occurred_at) as touched_at

    from left_since
    group by customer_id, cart_id

),

ranked_carts as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by touched_at desc, cart_id desc
        ) as cart_rank

    from carts

),

-- The product a message speaks of: the last one put in that has a name and can be had.
cart_products as (

    select
        left_since.customer_id,
        left_since.cart_id,
        products.product_id,
        products.product_name,
        products.product_url,
        row_number() over (
            partition by left_since.customer_id, left_since.cart_id
            order by left_since.occurred_at desc, products.product_id asc
        ) as product_rank

    from left_since
    inner join products
        on left_since.product_id = products.product_id
    left join out_of_stock
        on left_since.product_id = out_of_stock.product_id
    where
        products.product_name is not null
        and out_of_stock.product_id is null

),

final as (

    select
        -- ids
        ranked_carts.customer_id,
        nullif(ranked_carts.cart_id, '') as cart_id,
        cart_products.product_id,

        -- numerics
        cast(ranked_carts.product_count as bigint) as product_count,

        -- facts
        cart_products.product_name,
        cart_products.product_url,

        -- timestamps
        ranked_carts.touched_at

    from ranked_carts
    left join cart_products
        on
            ranked_carts.customer_id = cart_products.customer_id
            and ranked_carts.cart_id = cart_products.cart_id
            and cart_products.product_rank = 1
    where ranked_carts.cart_rank = 1

)

select * from final
