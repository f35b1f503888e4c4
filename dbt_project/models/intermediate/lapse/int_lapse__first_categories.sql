{{ config(materialized='view') }}

with

orders as (

    select * from {{ ref('int_orders__valid') }}

),

order_items as (

    select * from {{ ref('stg_shop__order_items') }}

),

products as (

    select * from {{ ref('stg_shop__products') }}

),

-- Something was paid: a replacement sent for nothing is no purchase.
purchases as (

    select
        customer_id,
        order_id,
        order_number

    from orders
    where net_revenue_cents > 0

),

first_numbers as (

    select
        customer_id,
        min(order_number) as order_number

    from purchases
    group by customer_id

),

first_lines as (

    select
        purchases.customer_id,
        products.category,
        sum(
            coalesce(order_items.quantity * order_items.unit_price_cents, 0)
        ) as category_cents

    from first_numbers
    inner join purchases
        on
            first_numbers.customer_id = purchases.customer_id
            and first_numbers.order_number = purchases.order_number
    inner join order_items
        on purchases.order_id = order_items.order_id
    inner join products
        on order_items.product_id = products.product_id
    where products.category is not null
    group by purchases.customer_id, products.category

),

-- What most was paid for in the first purchase: it never changes, so that no
-- later order makes a threshold jump.
ranked_categories as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by category_cents desc, category asc
        ) as category_rank

    from first_lines

),

final as (

    select
        -- ids
        customer_id,

        -- facts
        category as first_category

    from ranked_categories
    where category_rank = 1

)

select * from final
