{{ config(materialized='view') }}

with

orders as (

    select * from {{ ref('int_orders__valid') }}

),

customers as (

    select * from {{ ref('int_customers__keys') }}

),

lines as (

    select * from {{ ref('int_customers__order_lines') }}
    where category_key is not null

),

categories as (

    select distinct
        category_key,
        category

    from {{ ref('int_products__keys') }}

),

-- Something was paid: a replacement sent for nothing is no purchase.
purchases as (

    select
        customer_id,
        min(order_number) as order_number

    from orders
    where net_revenue_cents > 0
    group by customer_id

),

first_lines as (

    select
        purchases.customer_id,
        lines.category_key,
        sum(coalesce(lines.line_cents, 0)) as category_cents

    from purchases
    inner join customers
        on purchases.customer_id = customers.customer_id
    inner join lines
        on
            customers.customer_key = lines.customer_key
            and purchases.order_number = lines.order_number
    group by purchases.customer_id, lines.category_key

),

-- What most was paid for in the first purchase: it never changes, so that no
-- later order makes a threshold jump.
ranked_categories as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by category_cents desc, category_key asc
        ) as category_rank

    from first_lines

),

final as (

    select
        -- ids
        ranked_categories.customer_id,

        -- facts
        categories.category as first_category

    from ranked_categories
    inner join categories
        on ranked_categories.category_key = categories.category_key
    where ranked_categories.category_rank = 1

)

select * from final
