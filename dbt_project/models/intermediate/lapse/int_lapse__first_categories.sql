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

-- Grouped once more, so that no plan joins the lines by the order's number alone: nearly all
-- customers have a first order.
first_purchases as (

    select
        customers.customer_key,
        min(purchases.order_number) as order_number

    from purchases
    inner join customers
        on purchases.customer_id = customers.customer_id
    group by customers.customer_key

),

first_lines as (

    select
        lines.customer_key,
        lines.category_key,
        sum(coalesce(lines.line_cents, 0)) as category_cents

    from first_purchases
    inner join lines
        on
            first_purchases.customer_key = lines.customer_key
            and first_purchases.order_number = lines.order_number
    group by lines.customer_key, lines.category_key

),

-- What most was paid for in the first purchase: it never changes, so that no
-- later order makes a threshold jump.
most_paid as (

    select
        customer_key,
        max({{ row_of(['category_cents', '-category_key']) }}) as first_category

    from first_lines
    group by customer_key

),

final as (

    select
        -- ids
        customers.customer_id,

        -- facts
        categories.category as first_category

    from most_paid
    inner join customers
        on most_paid.customer_key = customers.customer_key
    inner join categories
        on
            -{{ value_of('most_paid.first_category', 2) }}
            = categories.category_key

)

select * from final
