with

customers as (

    select * from {{ ref('int_customers__known') }}

),

phones as (

    select * from {{ ref('int_customers__dialing') }}

),

orders as (

    select * from {{ ref('int_orders__valid') }}

),

order_items as (

    select * from {{ ref('stg_shop__order_items') }}

),

products as (

    select * from {{ ref('stg_shop__products') }}

),

bought as (

    select
        orders.customer_id,
        orders.order_id,
        orders.is_latest,
        orders.ordered_at,
        products.product_id,
        products.product_name,
        products.product_url,
        products.category,
        order_items.quantity * order_items.unit_price_cents as line_cents

    from orders
    inner join order_items
        on orders.order_id = order_items.order_id
    inner join products
        on order_items.product_id = products.product_id

),

-- The dearest line of the last order that a message can name.
last_lines as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by coalesce(line_cents, 0) desc, product_id
        ) as line_rank

    from bought
    where
        is_latest
        and product_name is not null

),

last_products as (

    select * from last_lines
    where line_rank = 1

),

category_orders as (

    select
        customer_id,
        category,
        count(distinct order_id) as order_count,
        max(ordered_at) as last_order_at

    from bought
    where category is not null
    group by customer_id, category

),

-- Bought in the most orders; between equals, the latest.
ranked_categories as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by order_count desc, last_order_at desc, category asc
        ) as category_rank

    from category_orders

),

-- All rows of a phone name one country.
phone_countries as (

    select
        customer_id,
        max(country) as country

    from phones
    group by customer_id

),

favorite_categories as (

    select * from ranked_categories
    where category_rank = 1

),

final as (

    select
        -- ids
        customers.customer_id,

        -- contact data
        customers.first_name,

        -- place
        coalesce(customers.country, phone_countries.country) as country,
        customers.region,

        -- facts
        last_products.product_name as last_product_name,
        last_products.product_url as last_product_url,
        favorite_categories.category as favorite_category

    from customers
    left join phone_countries
        on customers.customer_id = phone_countries.customer_id
    left join last_products
        on customers.customer_id = last_products.customer_id
    left join favorite_categories
        on customers.customer_id = favorite_categories.customer_id

)

select * from final
